package carnet_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestFailureModes holds docs/failure-modes.md against the tests: every number from 1 to 46 has one, and it is there.
func TestFailureModes(t *testing.T) {
	page, err := os.ReadFile("docs/failure-modes.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| (\\d+) \\| [^|]+ \\| `([^`]+)` \\| `(Test\\w+)` \\|$").FindAllStringSubmatch(string(page), -1)
	if len(rows) != 46 {
		t.Errorf("the page has %d rows, want 46", len(rows))
	}
	for i, row := range rows {
		if row[1] != strconv.Itoa(i+1) {
			t.Errorf("row %d is of failure mode %s", i+1, row[1])
		}
		if !has(t, row[2], row[3]) {
			t.Errorf("failure mode %s: %s has no %s", row[1], row[2], row[3])
		}
	}
}

func has(t *testing.T, dir, test string) bool {
	files, err := filepath.Glob(dir + "/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+test+"(") {
			return true
		}
	}
	return false
}
