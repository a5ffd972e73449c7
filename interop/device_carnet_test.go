package interop_test

import (
	"net/http"
	"testing"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
)

// entering begins a connection by a device's code, which Carnet keeps to itself.
func entering(t *testing.T, c *carnettest.Carnet, scheme string) api.Connection {
	t.Helper()
	began, err := c.ConnectIntegration(t.Context(), "it", scheme, api.Connect{})
	if err != nil {
		t.Fatal(err)
	}
	if began.UserCode == "" || began.VerificationURI == "" || began.Interval < 1 || time.Until(began.Expires) > time.Minute {
		t.Fatalf("began with %+v", began)
	}
	return began
}

// asked asks how it stands when the time has come, as a client does (RFC 8628 3.5).
func asked(t *testing.T, c *carnettest.Carnet, began api.Connection) (api.Connected, error) {
	t.Helper()
	for interval := began.Interval; ; {
		select {
		case <-time.After(time.Duration(interval * float64(time.Second))):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
		got, err := c.FinishConnection(t.Context(), map[string]string{"state": began.State})
		if err != nil || !got.Pending || got.Interval == began.Interval { // that is: it was asked for, and nobody had decided
			return got, err
		}
		interval = got.Interval
	}
}

// A device's code, entered with a browser or without, by a client with a secret and one without; then Carnet refreshes by itself.
func TestCarnetConnectsByDeviceAtOIDCProvider(t *testing.T) {
	needs(t, "device code")
	s := startOIDC(t)
	for client, how := range map[string]settings{"tv": {"scope": "openid read"}, "printer": {"scope": "read", "client_secret": "a printer has a secret"}} {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			c := pinging(t, s.Issuer, settings{"grant_type": "deviceCode", "client_id": client}.and(how).under("discovered"))
			began := entering(t, c, "discovered")
			if got, err := asked(t, c, began); err != nil || !got.Pending || got.Cause != "" {
				t.Fatalf("before anybody decided it stands at %+v %v", got, err)
			}
			if client == "tv" {
				approve(t, began.VerificationURIComplete)
			} else {
				s.decide(t, s.Issuer, began.UserCode, "yes")
			}
			if got, err := asked(t, c, began); err != nil || got.Token == nil || got.Token.State != "fresh" || !got.Token.RefreshToken {
				t.Fatalf("it ended with %+v %v", got, err)
			}
			for range 2 {
				if body := ran(t, c, "ping", http.StatusOK); body["name"] != client || body["subject"] != person {
					t.Errorf("the API answered %v", body)
				}
				s.expire(t, s.Issuer, client)
			}
			if _, err := c.FinishConnection(t.Context(), map[string]string{"state": began.State}); !fault.Is(err, fault.NotFound) {
				t.Errorf("it ended again with %v", err)
			}
		})
	}
}

func TestCarnetHearsThatADeviceIsDenied(t *testing.T) {
	needs(t, "device code")
	s := startOIDC(t)
	c := pinging(t, s.Issuer, settings{"grant_type": "deviceCode", "client_id": "tv", "scope": "read"}.under("discovered"))
	began := entering(t, c, "discovered")
	s.decide(t, s.Issuer, began.UserCode, "no")
	if got, err := asked(t, c, began); !fault.Is(err, fault.Reconnect) || fault.HintOf(err) == "" {
		t.Errorf("it ended with %+v %v", got, err)
	}
}

func TestCarnetConnectsByDeviceAtZitadel(t *testing.T) {
	needs(t, "device code")
	s := startZitadel(t)
	for client, how := range map[string]settings{"tv": {}, "printer": {"client_secret": "a printer has a secret"}} {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			c := asking(t, s.Token, resource(t, s.owner(t)).URL, settings{"grant_type": "deviceCode", "client_id": client, "device_url": s.Device,
				"scope": "openid offline_access read"}.and(how))
			began := entering(t, c, "login")
			page := began.VerificationURIComplete
			if page == "" {
				page = began.VerificationURI + "?user_code=" + began.UserCode
			}
			approve(t, page)
			if got, err := asked(t, c, began); err != nil || got.Token == nil {
				t.Fatalf("it ended with %+v %v", got, err)
			}
			for range 2 {
				if who := whoami(t, c); who != client {
					t.Errorf("the API saw %q", who)
				}
				renewed(t, c)
			}
		})
	}
}
