package hub_test

import (
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
)

// TestSetToken: a token that somebody got elsewhere is used as one that was asked for, and its refresh token gets the next.
func TestSetToken(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.run("desk") // the provider gives a pair
	access, refresh := s.provider.Issued()[0], s.provider.Issued()[1]
	stored, err := s.Integration(t.Context(), "desk")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateIntegration(t.Context(), api.Integration{Name: "given", Model: stored.Data.Model}); err != nil {
		t.Fatal(err)
	}
	token, err := s.SetToken(t.Context(), "given", "passwordAuth", api.GivenToken{AccessToken: access, RefreshToken: refresh, ExpiresIn: 3600})
	if err != nil || token.State != "fresh" || !token.Manual || !token.RefreshToken || token.ExpiresAt == nil {
		t.Fatalf("the token is %+v, %v", token, err)
	}
	s.run("given")
	if got := s.provider.Stats(); got.TokenRequests != 1 || got.Refused != 0 {
		t.Errorf("a token was asked for, though one was given: %+v", got)
	}

	s.set("given", map[string]string{"passwordAuth.client_id": "office", "passwordAuth.client_secret": "client-secret-1"})
	if token, err = s.SetToken(t.Context(), "given", "passwordAuth", api.GivenToken{RefreshToken: refresh}); err != nil || token.AccessToken || !token.RefreshToken {
		t.Fatalf("the token is %+v, %v", token, err)
	}
	s.run("given")
	if got := s.provider.Stats(); got.TokenRequests != 2 || got.Passwords != 1 {
		t.Errorf("the refresh token was not spent: %+v", got)
	}
}

// TestTokensThatCantBeSet: what is wrong is said of the field, and nothing is changed.
func TestTokensThatCantBeSet(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.run("desk")
	for field, given := range map[string]api.GivenToken{
		"/access_token":  {},
		"/refresh_token": {AccessToken: "a", RefreshToken: "********"},
		"/expires_in":    {AccessToken: "a", ExpiresIn: 5, ExpiresAt: "2030-01-01T00:00:00Z"},
		"/authentication/passwordAuth/token/expires_at": {AccessToken: "a", ExpiresAt: "tomorrow"},
	} {
		_, err := s.SetToken(t.Context(), "desk", "passwordAuth", given)
		if problems := fault.ProblemsOf(err); !fault.Is(err, fault.Invalid) || len(problems) != 1 || problems[0].Pointer != field {
			t.Errorf("%s: %v %+v", field, err, problems)
		}
	}
	if _, err := s.SetToken(t.Context(), "desk", "apiKeyAuth", api.GivenToken{AccessToken: "a"}); !fault.Is(err, fault.NotFound) {
		t.Errorf("a scheme without tokens: %v", err)
	}
	if token := s.token("desk", "passwordAuth"); token.Manual || token.Generation != 1 {
		t.Errorf("the token is now %+v", token)
	}
}
