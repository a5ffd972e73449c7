package hub_test

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
)

// TestTLSSettingsApplyToTokenRequests is failure mode 42: the integration's authority is trusted for its token endpoint too.
func TestTLSSettingsApplyToTokenRequests(t *testing.T) {
	provider := carnettest.NewProvider(carnettest.ProviderOptions{Clients: map[string]string{"night": "client-secret-2"}})
	server := httptest.NewTLSServer(provider)
	t.Cleanup(server.Close)
	s := &story{carnettest.New(t), t, provider, server.URL}
	if _, err := s.ImportModel(t.Context(), api.ModelRequest{Model: provider.Document(server.URL)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateIntegration(t.Context(), api.Integration{Name: "robot", Model: "Carnet Shipping:1.0.0"}); err != nil {
		t.Fatal(err)
	}
	s.set("robot", map[string]string{"clientAuth.client_id": "night", "clientAuth.client_secret": "client-secret-2"})
	if _, err := s.RunOperation(t.Context(), "robot", "whoAmI", api.Task{}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("without the authority: %v", err)
	}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	s.set("robot", map[string]string{"tls.ca": string(authority)})
	if _, err := s.RenewToken(t.Context(), "robot", "clientAuth"); err != nil { // a person need not wait for the back-off
		t.Fatal(err)
	}
	s.run("robot")
}

// TestMetadataServiceIsNeverAsked is failure mode 30, for the token endpoint, the API and the document.
func TestMetadataServiceIsNeverAsked(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.set("robot", map[string]string{"clientAuth.token_url": "http://169.254.169.254/token"})
	if _, err := s.RunOperation(t.Context(), "robot", "whoAmI", api.Task{}); err == nil || s.provider.Stats().Accepted != 0 {
		t.Errorf("the token endpoint: %v", err)
	}
	s.set("desk", map[string]string{"server.host": "169.254.169.254", "server.port": ""})
	if _, err := s.RunOperation(t.Context(), "desk", "whoAmI", api.Task{}); !fault.Is(err, fault.Denied) {
		t.Errorf("the API: %v", err)
	}
	if _, err := s.ImportModel(t.Context(), api.ModelRequest{URL: "http://[fd00:ec2::254]/openapi.json"}); !fault.Is(err, fault.Denied) {
		t.Errorf("the document: %v", err)
	}
}

// TestSecretsReadBackMasked is failure mode 32.
func TestSecretsReadBackMasked(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	s.run("desk")
	stored, err := s.Integration(t.Context(), "desk")
	if err != nil {
		t.Fatal(err)
	}
	var settings struct {
		Authentication map[string]struct {
			ClientSecret string `json:"client_secret"`
			Password     string
			Token        map[string]any
		}
	}
	if err := json.Unmarshal(stored.Data.Properties.Properties, &settings); err != nil {
		t.Fatal(err)
	}
	a := settings.Authentication["passwordAuth"]
	for name, got := range map[string]any{"client_secret": a.ClientSecret, "password": a.Password, "access_token": a.Token["access_token"], "refresh_token": a.Token["refresh_token"]} {
		if got != "********" {
			t.Errorf("%s reads %v", name, got)
		}
	}
	if settings.Authentication["clientAuth"].ClientSecret != "" {
		t.Error("a secret that was never set reads like one")
	}
}

// TestWhatTheEndpointAnswersIsTold: the token endpoint lies in each of the ways that it can, nothing is lost, and the next
// attempt that a person makes works.
func TestWhatTheEndpointAnswersIsTold(t *testing.T) {
	for name, lie := range map[string]carnettest.Fault{
		"a page":         {Body: "<html>sign in</html>"},
		"an error as OK": {Body: `{"error":"invalid_scope"}`},
		"no token":       {Body: `{"token":"x"}`},
		"undefined":      {Body: `{"access_token":"undefined"}`},
		"a redirect":     {Status: http.StatusFound, Header: map[string]string{"Location": "http://127.0.0.1:1/"}},
		"too much":       {Body: `{"access_token":"`, Long: 2 << 20},
		"down":           {Status: http.StatusServiceUnavailable},
		"too often":      {Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": "30"}},
		"cut off":        {Drop: true},
		"answer lost":    {Act: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, carnettest.ProviderOptions{Rotate: true})
			s.provider.FailToken(lie)
			_, err := s.RunOperation(t.Context(), "desk", "whoAmI", api.Task{})
			if !fault.Is(err, fault.Reconnect) && !fault.Is(err, fault.Unavailable) || fault.HintOf(err) == "" {
				t.Errorf("got %v, hint %q", err, fault.HintOf(err))
			}
			if token := s.token("desk", "passwordAuth"); token.Cause == "" || token.State != "waiting" && token.State != "broken" {
				t.Errorf("the token is %+v", token)
			}
			if _, err := s.RenewToken(t.Context(), "desk", "passwordAuth"); err != nil {
				t.Fatal(err)
			}
			s.run("desk")
		})
	}
}
