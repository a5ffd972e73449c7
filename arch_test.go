package carnet_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "carnet.dev/carnet"

// allowed is the picture of ARCHITECTURE.md: which of our packages each of them may import. Arrows point inwards; only
// cmd/carnet knows everyone.
var allowed = map[string]string{
	"fault":                     "",
	"api":                       "fault",
	"client":                    "api fault",
	"carnettest":                "client internal/access internal/hub internal/seal internal/server internal/store internal/store/mem",
	"internal/seal":             "fault",
	"internal/model":            "fault",
	"internal/change":           "internal/model",
	"internal/moment":           "",
	"internal/jwt":              "fault internal/seal",
	"internal/expand":           "fault internal/jwt internal/seal",
	"internal/openapi/tree":     "",
	"internal/openapi":          "fault internal/model internal/openapi/tree",
	"internal/token":            "fault internal/seal",
	"internal/outbound":         "fault internal/seal",
	"internal/recent":           "fault",
	"internal/recipe":           "",
	"internal/reference":        "fault internal/seal",
	"internal/oauth":            "fault internal/expand internal/jwt internal/model internal/moment internal/outbound internal/recent internal/recipe internal/seal internal/token",
	"internal/aws":              "fault internal/outbound internal/seal internal/token",
	"internal/credential":       "fault internal/expand internal/jwt internal/recipe internal/seal internal/token",
	"internal/check":            "fault",
	"internal/call":             "fault internal/check internal/credential internal/model internal/outbound internal/seal",
	"internal/integration":      "fault internal/expand internal/model internal/moment internal/recipe internal/reference internal/seal",
	"internal/access":           "fault internal/recent internal/seal",
	"internal/audit":            "fault internal/seal",
	"internal/metrics":          "fault internal/store/driver internal/token",
	"internal/store/driver":     "fault",
	"internal/store/sqlite":     "fault internal/store/driver",
	"internal/store/mem":        "fault internal/store/driver",
	"internal/store/mongo":      "fault internal/seal internal/store/driver",
	"internal/store/drivertest": "fault internal/store/driver",
	"internal/store": "fault internal/access internal/audit internal/integration internal/model internal/seal " +
		"internal/store/driver internal/token",
	"internal/hub": "api fault internal/access internal/audit internal/aws internal/call internal/change internal/credential internal/integration " +
		"internal/model internal/oauth internal/openapi internal/outbound internal/recent internal/recipe internal/reference internal/expand internal/seal internal/store internal/token",
	"internal/record":                 "fault",
	"internal/shell":                  "",
	"internal/server":                 "api fault internal/access internal/record internal/seal internal/server/internal/schema",
	"internal/server/internal/schema": "",
	"internal/form":                   "",
	"internal/web":                    "api fault internal/access internal/form internal/record internal/seal internal/shell",
	"internal/web/gallery":            "api fault internal/access internal/hub internal/seal internal/server internal/store internal/store/mem internal/token internal/web",
	"internal/cli":                    "api client fault internal/openapi internal/shell",
	"cmd/carnet":                      "*",
}

// TestArrows holds the code against the picture. Tests of a package may import what they like.
func TestArrows(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if file != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"testdata", "tools", "bench", "interop"}, d.Name())) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		pkg := path.Dir(filepath.ToSlash(file))
		may, known := allowed[pkg]
		if !known {
			t.Errorf("%s: package %s is not in the picture", file, pkg)
			return nil
		}
		seen[pkg] = true
		for _, imported := range imports(t, file) {
			if may != "*" && !slices.Contains(strings.Fields(may), imported) {
				t.Errorf("%s: %s may not import %s", file, pkg, imported)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range slices.Sorted(maps.Keys(allowed)) {
		if !seen[pkg] {
			t.Errorf("the picture shows %s, which does not exist", pkg)
		}
	}
}

// imports returns which of our own packages a file imports, relative to the module.
func imports(t *testing.T, file string) (own []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range parsed.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		if rest, ok := strings.CutPrefix(name, module+"/"); ok {
			own = append(own, rest)
		}
	}
	return own
}
