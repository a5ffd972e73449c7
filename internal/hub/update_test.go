package hub_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
)

// document is the provider's, edited: what, by what.
func (s *story) document(edits ...string) []byte {
	s.t.Helper()
	text := s.provider.Document(s.address)
	for i := 0; i < len(edits); i += 2 {
		if !bytes.Contains(text, []byte(edits[i])) {
			s.t.Fatalf("the document has no %s", edits[i])
		}
		text = bytes.ReplaceAll(text, []byte(edits[i]), []byte(edits[i+1]))
	}
	return text
}

func (s *story) models() (ids []string) {
	s.t.Helper()
	list, err := s.Models(s.t.Context(), api.Query{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range list.IntegrationModels {
		ids = append(ids, m.VersionID)
	}
	return ids
}

// tokenRequests counts the tokens that the provider gave.
func (s *story) tokenRequests() int { return s.provider.Stats().TokenRequests }

func TestUpdatedModelKeepsCredentialsAndTokens(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.run("desk")
	s.run("robot")
	before := s.tokenRequests()
	document := s.document(`"/me"`, `"/shipments/none": {"get": {"operationId": "extra", "responses": {}}}, "/me"`, `"maximum": 100`, `"maximum": 50`,
		`"operationId": "getShipment"`, `"operationId": "readShipment"`)

	planned, err := s.UpdateModel(t.Context(), api.ModelRequest{Model: document}, api.UpdateOptions{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Operations(t.Context(), "desk", "", api.Query{})
	if err != nil || list.Total != 4 {
		t.Fatalf("after the dry run there are %d operations: %v", list.Total, err)
	}
	updated, err := s.UpdateModel(t.Context(), api.ModelRequest{Model: document}, api.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]api.ModelChanges{"planned": planned.Changes, "done": updated.Changes} {
		var changed []string
		for _, op := range c.Changed {
			changed = append(changed, op.ID+": "+strings.Join(op.Details, "; "))
		}
		if len(c.Added) != 1 || c.Added[0].ID != "extra" || len(c.Removed) != 0 || c.Same != 2 ||
			!slices.Equal(changed, []string{"listShipments: query.limit has another schema", "readShipment: was called getShipment"}) ||
			c.Changed[1].Was.ID != "getShipment" || len(c.Integrations) != 2 || c.Breaks() {
			t.Errorf("%s: %+v", name, c)
		}
	}
	s.run("desk")
	s.run("robot")
	if after := s.tokenRequests(); after != before {
		t.Errorf("the update cost %d tokens", after-before)
	}
	if result, err := s.RunOperation(t.Context(), "desk", "readShipment", api.Task{Parameters: map[string]json.RawMessage{"id": json.RawMessage(`"S-1"`)}}); err != nil || result.Status != http.StatusOK {
		t.Errorf("the renamed operation: %+v %v", result, err)
	}
}

func TestNewerVersionTakesTheIntegrationsOver(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.run("desk")
	before := s.tokenRequests()
	document := s.document(`"version": "1.0.0"`, `"version": "2.0.0"`)
	_, err := s.UpdateModel(t.Context(), api.ModelRequest{Model: document}, api.UpdateOptions{})
	if !fault.Is(err, fault.NotFound) || !strings.Contains(fault.HintOf(err), `--model "Carnet Shipping:1.0.0"`) {
		t.Fatalf("got %v (%s)", err, fault.HintOf(err))
	}
	updated, err := s.UpdateModel(t.Context(), api.ModelRequest{Model: document}, api.UpdateOptions{Model: "@itential/adapter_Carnet Shipping:1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	if c := updated.Changes; c.From != "Carnet Shipping:1.0.0" || c.Same != 4 || len(c.Integrations) != 2 {
		t.Errorf("changes are %+v", c)
	}
	if got := s.models(); !slices.Equal(got, []string{"Carnet Shipping:2.0.0"}) {
		t.Errorf("models are %q", got)
	}
	stored, err := s.Integration(t.Context(), "desk")
	if err != nil || stored.Data.Model != "@itential/adapter_Carnet Shipping:2.0.0" || !bytes.Contains(stored.Data.Properties.Properties, []byte(`"version":"2.0.0"`)) {
		t.Errorf("the integration is %+v: %v", stored.Data, err)
	}
	s.run("desk")
	s.run("robot")
	if after := s.tokenRequests(); after != before+1 {
		t.Errorf("%d tokens, want that of robot only", after-before)
	}
}

// TestVersionThatIsThereAlready is what an update leaves that was cut off before it was done.
func TestVersionThatIsThereAlready(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	document := s.document(`"version": "1.0.0"`, `"version": "2.0.0"`)
	if _, err := s.ImportModel(t.Context(), api.ModelRequest{Model: document}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateIntegration(t.Context(), api.Integration{Name: "late", Model: "Carnet Shipping:2.0.0"}); err != nil {
		t.Fatal(err)
	}
	updated, err := s.UpdateModel(t.Context(), api.ModelRequest{Model: document}, api.UpdateOptions{Model: "Carnet Shipping:1.0.0"})
	if err != nil || len(updated.Changes.Integrations) != 3 {
		t.Fatalf("%+v: %v", updated.Changes, err)
	}
	if got := s.models(); !slices.Equal(got, []string{"Carnet Shipping:2.0.0"}) {
		t.Errorf("models are %q", got)
	}
	s.run("desk")
}

func TestUpdateThatBreaksCredentialsIsRefused(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.run("desk")
	without := s.document(`"passwordAuth": {"type": "oauth2"`, `"otherAuth": {"type": "oauth2"`, `"clientCredentials": {`, `"password": {`)
	_, err := s.UpdateModel(t.Context(), api.ModelRequest{Model: without}, api.UpdateOptions{})
	var got []string
	for _, p := range fault.ProblemsOf(err) {
		got = append(got, p.Message)
	}
	want := []string{`integration desk: the document has no scheme "passwordAuth" any more`, `integration robot: the scheme "clientAuth" has no flow clientCredentials any more`}
	if !fault.Is(err, fault.Conflict) || !slices.Equal(got, want) {
		t.Fatalf("got %v: %q", err, got)
	}
	s.run("desk")
	planned, err := s.UpdateModel(t.Context(), api.ModelRequest{Model: without}, api.UpdateOptions{DryRun: true})
	if err != nil || !planned.Changes.Breaks() {
		t.Errorf("planned: %+v %v", planned.Changes, err)
	}
	forced, err := s.UpdateModel(t.Context(), api.ModelRequest{Model: without}, api.UpdateOptions{Force: true})
	if err != nil || !forced.Changes.Breaks() {
		t.Fatalf("forced: %+v %v", forced.Changes, err)
	}
	if _, err := s.RunOperation(t.Context(), "desk", "whoAmI", api.Task{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a task without credentials: %v", err)
	}
	// The credentials are still there: with the document of before, the next task needs not even a new token.
	before := s.tokenRequests()
	if _, err := s.UpdateModel(t.Context(), api.ModelRequest{Model: s.document()}, api.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	s.run("desk")
	if after := s.tokenRequests(); after != before {
		t.Errorf("%d tokens", after-before)
	}
}

func TestServerFollowsToAnotherPathOnly(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.set("robot", map[string]string{"server.base_path": "/own"})
	servers := `"servers": [{"url": "` + s.address
	updated, err := s.UpdateModel(t.Context(), api.ModelRequest{Model: s.document(servers, servers+"/v2")}, api.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []api.IntegrationChange{{Name: "desk", Server: s.address + "/v2"}, {Name: "robot"}}
	if got := updated.Changes.Integrations; len(got) != 2 || got[0].Server != want[0].Server || got[1].Server != "" || got[0].Stays != "" {
		t.Errorf("got %+v", got)
	}
	updated, err = s.UpdateModel(t.Context(), api.ModelRequest{Model: s.document(servers, `"servers": [{"url": "https://elsewhere.example`)}, api.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := updated.Changes.Integrations; len(got) != 2 || got[0].Stays != s.address+"/v2" || got[0].Server != "" || got[1].Stays != "" {
		t.Errorf("got %+v", got)
	}
	stored, err := s.Integration(t.Context(), "desk")
	if err != nil || bytes.Contains(stored.Data.Properties.Properties, []byte("elsewhere")) {
		t.Errorf("the integration is %s: %v", stored.Data.Properties.Properties, err)
	}
}
