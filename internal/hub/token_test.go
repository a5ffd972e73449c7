package hub_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
)

// A story has a provider, a Carnet, and two integrations of the provider's API: desk (password) and robot (client credentials).
type story struct {
	*carnettest.Carnet
	t        *testing.T
	provider *carnettest.Provider
	address  string
}

func newStory(t *testing.T, o carnettest.ProviderOptions) *story {
	t.Helper()
	o.Clients = map[string]string{"office": "client-secret-1", "night": "client-secret-2"}
	o.Users = map[string]string{"ada": "password-1"}
	provider := carnettest.NewProvider(o)
	server := httptest.NewServer(provider)
	t.Cleanup(server.Close)
	s := &story{carnettest.New(t), t, provider, server.URL}
	m, err := s.ImportModel(t.Context(), api.ModelRequest{Model: provider.Document(server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"desk", "robot"} {
		if _, err := s.CreateIntegration(t.Context(), api.Integration{Name: name, Model: m.Model}); err != nil {
			t.Fatal(err)
		}
	}
	s.set("desk", map[string]string{"passwordAuth.client_id": "office", "passwordAuth.client_secret": "client-secret-1",
		"passwordAuth.username": "ada", "passwordAuth.password": "password-1"})
	s.set("robot", map[string]string{"clientAuth.client_id": "night", "clientAuth.client_secret": "client-secret-2"})
	return s
}

func (s *story) set(name string, fields map[string]string) {
	s.t.Helper()
	settings := api.Settings{}
	for field, value := range fields {
		settings[field], _ = json.Marshal(value)
	}
	if _, err := s.SetIntegration(s.t.Context(), name, settings); err != nil {
		s.t.Fatal(err)
	}
}

// run runs whoAmI, which must succeed.
func (s *story) run(name string) {
	s.t.Helper()
	result, err := s.RunOperation(s.t.Context(), name, "whoAmI", api.Task{})
	if err != nil || result.Status != http.StatusOK {
		s.t.Fatalf("whoAmI on %s: %d %s %v", name, result.Status, result.Data, err)
	}
}

func (s *story) token(name, scheme string) api.Token {
	s.t.Helper()
	list, err := s.Tokens(s.t.Context(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, token := range list.Tokens {
		if token.Scheme == scheme {
			return token
		}
	}
	s.t.Fatalf("%s has no token for %s", name, scheme)
	return api.Token{}
}

func TestOneTokenForManyCalls(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	for range 5 {
		s.run("desk")
		s.run("robot")
	}
	if got := s.provider.Stats(); got.Passwords != 1 || got.ClientCredentials != 1 || got.Accepted != 10 || got.Refused != 0 {
		t.Errorf("the provider saw %+v", got)
	}
	if token := s.token("desk", "passwordAuth"); token.State != "fresh" || token.Generation != 1 || !token.RefreshToken || token.TokenType != "Bearer" {
		t.Errorf("the token is %+v", token)
	}
}

// TestManyCallersShareEachToken: 200 callers at once while the token lives two seconds. The provider sees one token request per
// life, no call fails, and none gets another's answer.
func TestManyCallersShareEachToken(t *testing.T) {
	lives := 4 * time.Second
	if testing.Short() {
		lives = 2500 * time.Millisecond
	}
	s := newStory(t, carnettest.ProviderOptions{TokenLife: 2 * time.Second, Rotate: true})
	var calls atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	end := began.Add(lives)
	for caller := range 200 {
		group.Go(func() {
			for n := 0; time.Now().Before(end); n++ {
				id := fmt.Sprintf("S-%d-%d", caller, n)
				value, _ := json.Marshal(id)
				result, err := s.RunOperation(t.Context(), "desk", "getShipment", api.Task{Parameters: map[string]json.RawMessage{"id": value}})
				var got struct{ ID string }
				if err != nil || json.Unmarshal(result.Data, &got) != nil || got.ID != id {
					t.Errorf("asked for %s, got %d %s %v", id, result.Status, result.Data, err)
					return
				}
				calls.Add(1)
			}
		})
	}
	group.Wait()
	stats, token := s.provider.Stats(), s.token("desk", "passwordAuth")
	// A call that a busy machine holds up until its token has expired is refused, and repeated: that is no failure.
	if stats.Accepted != int(calls.Load()) || stats.TokenFailures != 0 || stats.Reused != 0 {
		t.Errorf("after %d calls the provider saw %+v", calls.Load(), stats)
	}
	got := token.Generation
	if token.State == "claimed" { // the last renewal has asked, or is about to
		got = max(got, min(got+1, int64(stats.TokenRequests)))
	}
	// A token of two seconds is renewed when half of its life is left.
	if most := int(time.Since(began)/time.Second) + 1; int64(stats.TokenRequests) != got || stats.TokenRequests < 2 || stats.TokenRequests > most {
		t.Errorf("%d token requests for generation %d in %s", stats.TokenRequests, token.Generation, time.Since(began))
	}
	t.Logf("%d calls, %d token requests in %s", calls.Load(), stats.TokenRequests, lives)
}

// Failure mode 23: a revoked token.
func TestRevokedTokenIsRenewedOnceAndTheCallRepeated(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.run("desk")
	s.provider.RevokeAccess()
	s.run("desk")
	if got := s.provider.Stats(); got.Refreshes != 1 || got.Passwords != 1 || got.Refused != 1 {
		t.Errorf("the provider saw %+v", got)
	}
}

// TestRefusalForAnotherReason is failure mode 24: a 401 that a fresh token does not mend goes back to the caller, and the next
// one brings no renewal.
func TestRefusalForAnotherReason(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.run("desk")
	forbidden := carnettest.Fault{Status: http.StatusUnauthorized, Body: `{"message":"no right"}`}
	s.provider.FailAPI(forbidden, forbidden, forbidden, forbidden) // the first call is repeated, the other two are not
	for range 3 {
		result, err := s.RunOperation(t.Context(), "desk", "whoAmI", api.Task{})
		if err != nil || result.Status != http.StatusUnauthorized {
			t.Fatalf("got %d %v", result.Status, err)
		}
	}
	if got := s.provider.Stats().TokenRequests; got != 2 {
		t.Errorf("%d token requests, want the first and one renewal", got)
	}
}

func TestRejectedRefreshTokenFallsBackToThePassword(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.run("desk")
	s.provider.RevokeAccess()
	s.provider.RevokeRefresh()
	s.run("desk")
	if got := s.provider.Stats(); got.Passwords != 2 || got.Refreshes != 0 {
		t.Errorf("the provider saw %+v", got)
	}
}

func TestWrongSecretIsAskedOnceAndSaid(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.set("robot", map[string]string{"clientAuth.client_secret": "wrong"})
	for range 5 {
		_, err := s.RunOperation(t.Context(), "robot", "whoAmI", api.Task{})
		if !fault.Is(err, fault.Reconnect) || fault.HintOf(err) == "" {
			t.Fatalf("got %v", err)
		}
	}
	if got := s.provider.Stats().TokenFailures; got > 2 { // Basic, and the body
		t.Errorf("%d requests", got)
	}
	if token := s.token("robot", "clientAuth"); token.State != "broken" || token.Cause == "" {
		t.Errorf("the token is %+v", token)
	}
	s.set("robot", map[string]string{"clientAuth.client_secret": "client-secret-2"})
	s.run("robot")
}

func TestTypedTokenIsUsedAsItIs(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.run("desk")
	live := s.provider.Issued()[0]
	s.set("robot", map[string]string{"clientAuth.token.access_token": live})
	s.run("robot")
	if got := s.provider.Stats(); got.ClientCredentials != 0 {
		t.Errorf("the provider saw %+v", got)
	}
	if token := s.token("robot", "clientAuth"); !token.Manual {
		t.Errorf("the token is %+v", token)
	}
}

func TestReadingAndWritingBackChangesNothing(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.run("desk")
	before, err := s.Integration(t.Context(), "desk")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ReplaceIntegration(t.Context(), "desk", before.Data); err != nil {
		t.Fatal(err)
	}
	after, err := s.Integration(t.Context(), "desk")
	if err != nil {
		t.Fatal(err)
	}
	if string(after.Data.Properties.Properties) != string(before.Data.Properties.Properties) {
		t.Errorf("was\n%s\nis\n%s", before.Data.Properties.Properties, after.Data.Properties.Properties)
	}
	if got := s.token("desk", "passwordAuth").Generation; got != 1 {
		t.Errorf("generation %d", got)
	}
	s.run("desk")
}

func TestDeletedIntegrationLeavesNoToken(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.run("robot")
	if err := s.DeleteIntegration(t.Context(), "robot"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateIntegration(t.Context(), api.Integration{Name: "robot", Model: "Carnet Shipping:1.0.0"}); err != nil {
		t.Fatal(err)
	}
	if token := s.token("robot", "clientAuth"); token.AccessToken || token.Generation != 0 {
		t.Errorf("the token is %+v", token)
	}
}

func TestModelInUseIsNotDeleted(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	if err := s.DeleteModel(t.Context(), "Carnet Shipping:1.0.0"); !fault.Is(err, fault.Conflict) {
		t.Errorf("got %v", err)
	}
	if _, err := s.ImportModel(t.Context(), api.ModelRequest{Model: s.provider.Document(s.address)}); !fault.Is(err, fault.Conflict) {
		t.Errorf("got %v", err)
	}
	if _, err := s.UpdateModel(t.Context(), api.ModelRequest{Model: s.provider.Document(s.address)}, api.UpdateOptions{}); err != nil {
		t.Error(err)
	}
	s.run("desk")
}

func TestNothingIsConfigured(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	if _, err := s.CreateIntegration(t.Context(), api.Integration{Name: "new", Model: "Carnet Shipping:1.0.0"}); err != nil {
		t.Fatal(err)
	}
	_, err := s.RunOperation(t.Context(), "new", "whoAmI", api.Task{})
	if !fault.Is(err, fault.Invalid) || len(fault.ProblemsOf(err)) != 4 || fault.HintOf(err) == "" {
		t.Errorf("got %v: %v", err, fault.ProblemsOf(err))
	}
}

func TestActsAreAudited(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.run("desk")
	s.RunOperation(t.Context(), "desk", "none", api.Task{})
	list, err := s.AuditEntries(t.Context(), api.AuditQuery{Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	failed, ran := list.Entries[0], list.Entries[1]
	if ran.Action != "operation.run" || ran.Target != "desk whoAmI" || ran.Outcome != "ok" || ran.Caller != "local test" {
		t.Errorf("the run is %+v", ran)
	}
	if failed.Outcome != "not found" || failed.Detail == "" {
		t.Errorf("the failure is %+v", failed)
	}
}
