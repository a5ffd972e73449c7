package appliance_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/interop/appliance"
)

// The examples of docs/appliances.md are the settings that the tests use, but for who logs in.
func TestExamplesInTheDocument(t *testing.T) {
	page, err := os.ReadFile("../../docs/appliances.md")
	if err != nil {
		t.Fatal(err)
	}
	var examples []map[string]map[string]any
	for _, block := range strings.Split(string(page), "```json\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		var example map[string]map[string]any
		if err := json.Unmarshal([]byte(text), &example); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		examples = append(examples, example)
	}
	names := []string{"vmanage", "fmc", "catalyst", "apic", "fortimanager", "bigip", "redfish"} // in the order of the page
	if !slices.Equal(slices.Sorted(slices.Values(names)), slices.Sorted(maps.Keys(appliance.All()))) || len(examples) != len(names) {
		t.Fatalf("%d examples for %v", len(examples), names)
	}
	for i, name := range names {
		if diff := cmp.Diff(authentication(t, name), examples[i]); diff != "" {
			t.Errorf("%s, - tested, + shown:\n%s", name, diff)
		}
	}
}

// authentication is that of an appliance's settings, without who logs in.
func authentication(t *testing.T, name string) map[string]map[string]any {
	t.Helper()
	raw, err := appliance.All()[name](appliance.Options{}).Settings("https://" + name + ".example.com")
	if err != nil {
		t.Fatal(err)
	}
	var settings struct{ Authentication map[string]map[string]any }
	if err := json.Unmarshal(raw, &settings); err != nil {
		t.Fatal(err)
	}
	for _, entry := range settings.Authentication {
		delete(entry, "username")
		delete(entry, "password")
	}
	return settings.Authentication
}
