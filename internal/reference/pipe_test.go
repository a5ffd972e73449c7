//go:build unix

package reference_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"carnet.dev/carnet/internal/reference"
)

// TestPipe: nobody waits for a pipe that nobody writes to.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (reference.Allowed{Files: []string{dir}}).Read("${file:" + dir + "/pipe}"); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Error(err)
	}
}
