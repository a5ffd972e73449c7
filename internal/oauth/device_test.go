package oauth_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

const deviceCode = "d3v1c3c0d3"

func deviceConfig(address string) oauth.Config {
	return oauth.Config{
		Grant: model.GrantDeviceCode, DeviceURL: address + "/device", TokenURL: address + "/token",
		ClientID: "tv", ClientSecret: seal.NewSecret(clientSecret), Scope: []string{"read", "write"},
	}
}

func device(t *testing.T, c oauth.Config) (oauth.Device, error) {
	t.Helper()
	return oauth.New(client(t), oauth.NewPace(), oauth.NewMetadata(), c).Device(t.Context())
}

func saying(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

const answered = `"device_code":"` + deviceCode + `","user_code":"WDJB-MJHT","verification_uri":"https://a.example/device"`

// RFC 8628 3.1 and 3.2: what is asked, and what is made of the answers there are.
func TestDevice(t *testing.T) {
	base := oauth.Device{Code: seal.NewSecret(deviceCode), UserCode: "WDJB-MJHT", At: "https://a.example/device",
		Interval: 5 * time.Second, Lifetime: 10 * time.Minute, AuthMethod: oauth.MethodBasic}
	for name, test := range map[string]struct {
		body string
		want func(*oauth.Device)
	}{
		"the least": {`{` + answered + `}`, func(*oauth.Device) {}},
		"everything": {`{` + answered + `,"verification_uri_complete":"https://a.example/device?c=W","expires_in":1800,"interval":7}`, func(d *oauth.Device) {
			d.AtComplete, d.Interval, d.Lifetime = "https://a.example/device?c=W", 7*time.Second, 30*time.Minute
		}},
		"numbers as texts":     {`{` + answered + `,"expires_in":"900","interval":"2"}`, func(d *oauth.Device) { d.Interval, d.Lifetime = 2*time.Second, 15*time.Minute }},
		"no sense":             {`{` + answered + `,"expires_in":-1,"interval":0}`, func(*oauth.Device) {}},
		"far too much":         {`{` + answered + `,"expires_in":1e9,"interval":1e9}`, func(d *oauth.Device) { d.Interval, d.Lifetime = time.Minute, 24*time.Hour }},
		"before the RFC":       {strings.Replace(`{`+answered+`}`, "verification_uri", "verification_url", 1), func(*oauth.Device) {}},
		"a script to complete": {`{` + answered + `,"verification_uri_complete":"javascript:alert(1)"}`, func(*oauth.Device) {}},
	} {
		t.Run(name, func(t *testing.T) {
			e := serve(t, saying(200, test.body))
			c := deviceConfig(e.URL)
			c.Authorization.Params = map[string]recipe.Template{"audience": "x"}
			got, err := device(t, c)
			if err != nil {
				t.Fatal(err)
			}
			want := base
			test.want(&want)
			if diff := cmp.Diff(want, got, cmp.Comparer(seal.Secret.Equal)); diff != "" {
				t.Error(diff)
			}
			r := e.requests()[0]
			id, secret, _ := r.BasicAuth()
			if diff := cmp.Diff(url.Values{"scope": {"read write"}, "audience": {"x"}}, r.PostForm); diff != "" || r.URL.Path != "/device" || id != "tv" || secret != url.QueryEscape(clientSecret) {
				t.Errorf("asked %s as %s: %s", r.URL, id, diff)
			}
		})
	}
}

// Client authentication is found out as at the token endpoint.
func TestDeviceFindsClientAuthentication(t *testing.T) {
	e := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.PostForm.Get("client_secret") == "" {
			saying(401, `{"error":"invalid_client"}`)(w, r)
			return
		}
		saying(200, `{`+answered+`}`)(w, r)
	})
	if got, err := device(t, deviceConfig(e.URL)); err != nil || got.AuthMethod != oauth.MethodPost {
		t.Errorf("authenticated by %q: %v", got.AuthMethod, err)
	}
}

func TestDeviceRefused(t *testing.T) {
	for name, test := range map[string]struct {
		status     int
		body, hint string
	}{
		"HTML":                      {200, "<html>sign in</html>", "device_url"},
		"a token's answer":          {200, `{"access_token":"a"}`, "device_url"},
		"no code to enter":          {200, `{"device_code":"` + deviceCode + `","verification_uri":"https://a.example"}`, "device_url"},
		"a script to go to":         {200, strings.Replace(`{`+answered+`}`, "https://a.example/device", "javascript:alert(1)", 1), "device_url"},
		"nothing there":             {404, "", "device_url"},
		"a client that may not":     {400, `{"error":"unauthorized_client"}`, "grant_type"},
		"a client that isn't known": {401, `{"error":"invalid_client"}`, "client_id"},
	} {
		t.Run(name, func(t *testing.T) {
			e := serve(t, saying(test.status, test.body))
			_, err := device(t, deviceConfig(e.URL))
			if !fault.Is(err, fault.Upstream) || !strings.Contains(fault.HintOf(err), test.hint) || strings.Contains(err.Error(), deviceCode) {
				t.Errorf("got %v; %s", err, fault.HintOf(err))
			}
		})
	}
	if _, err := device(t, oauth.Config{Grant: model.GrantDeviceCode, ClientID: "tv"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

// RFC 8628 3.5: which answers mean that it is worth to ask again.
func TestDevicePolled(t *testing.T) {
	for name, test := range map[string]struct {
		status             int
		body               string
		pending, permanent bool
		code               string
	}{
		"pending":                 {400, `{"error":"authorization_pending"}`, true, false, "authorization_pending"},
		"pending, with 200":       {200, `{"error":"authorization_pending"}`, true, false, "authorization_pending"},
		"pending, with 401":       {401, `{"error":"authorization_pending"}`, true, false, "authorization_pending"},
		"pending, with 428":       {428, `{"error":"authorization_pending"}`, true, false, "authorization_pending"},
		"too fast":                {400, `{"error":"slow_down"}`, true, false, "slow_down"},
		"too fast, with 429":      {429, `{"error":"slow_down"}`, true, false, "slow_down"},
		"denied":                  {400, `{"error":"access_denied"}`, false, true, "access_denied"},
		"denied, with 200":        {200, `{"error":"access_denied"}`, false, true, "access_denied"},
		"expired":                 {400, `{"error":"expired_token"}`, false, true, "expired_token"},
		"spent":                   {400, `{"error":"invalid_grant"}`, false, true, "invalid_grant"},
		"something of its own":    {400, `{"error":"odd"}`, false, true, "odd"},
		"HTML":                    {200, "<html>sign in</html>", false, true, ""},
		"HTML of a broken server": {502, "<html>oh</html>", false, false, ""},
		"too many":                {429, "", false, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := serve(t, saying(test.status, test.body))
			f := failure(t, t.Context(), deviceConfig(e.URL), token.Ask{With: map[string]seal.Secret{"device_code": seal.NewSecret(deviceCode)}})
			if f.Pending != test.pending || f.Permanent != test.permanent || f.Code != test.code {
				t.Errorf("pending %v, permanent %v, code %q: %v", f.Pending, f.Permanent, f.Code, f)
			}
			if test.pending && len(e.requests()) != 1 {
				t.Errorf("asked %d times", len(e.requests()))
			}
			want := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {deviceCode}}
			if diff := cmp.Diff(want, e.requests()[0].PostForm); diff != "" {
				t.Error(diff)
			}
		})
	}
}
