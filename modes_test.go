package carnet_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// TestFailureModes holds docs/failure-modes.md against the tests: every number from 1 to 46 has one, which is there and cites the number.
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
		text := textOf(t, row[2], row[3])
		if text == "" {
			t.Errorf("failure mode %s: %s has no %s", row[1], row[2], row[3])
			continue
		}
		if cites := regexp.MustCompile(`(?i)failure ?modes? ?(\d+(, | and ))*` + row[1] + `(\D|$)`); !cites.MatchString(text) {
			t.Errorf("failure mode %s: %s does not cite it", row[1], row[3])
		}
	}
}

// textOf is a test with the comment before it; empty if the folder has none of that name.
func textOf(t *testing.T, dir, test string) string {
	files, err := filepath.Glob(dir + "/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?ms)^((//[^\n]*\n)*)func ` + test + `\(.*?^}\n`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := declared.Find(text); found != nil {
			return string(found)
		}
	}
	return ""
}
