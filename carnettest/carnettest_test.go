package carnettest_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
)

const address = "http://provider.example"

var options = carnettest.ProviderOptions{
	TokenLife: time.Minute,
	Rotate:    true,
	Clients:   map[string]string{"app": "app secret"},
	Users:     map[string]string{"ada": "ada's password"},
	APIKeys:   []string{"key"},
}

// ask posts to the token endpoint as the client "app".
func ask(t *testing.T, client *http.Client, form url.Values) (status int, body map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("app", url.QueryEscape("app secret"))
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body
}

// call asks the API who the caller is.
func call(t *testing.T, client *http.Client, token any) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token.(string))
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(data)
}

var (
	password    = url.Values{"grant_type": {"password"}, "username": {"ada"}, "password": {"ada's password"}}
	credentials = url.Values{"grant_type": {"client_credentials"}}
)

func refresh(body map[string]any) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {body["refresh_token"].(string)}}
}

func TestTokenLivesAsLongAsItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := carnettest.NewProvider(options)
		client := carnettest.Pipe(t, p)
		status, body := ask(t, client, password)
		if status != http.StatusOK || body["expires_in"] != 60.0 {
			t.Fatalf("the token endpoint answered %d %v", status, body)
		}
		if status, who := call(t, client, body["access_token"]); status != http.StatusOK || !strings.Contains(who, `"user":"ada"`) {
			t.Errorf("a live token got %d %s", status, who)
		}
		time.Sleep(time.Minute)
		if status, _ := call(t, client, body["access_token"]); status != http.StatusUnauthorized {
			t.Errorf("an expired token got %d", status)
		}
		if _, body = ask(t, client, refresh(body)); body["access_token"] == nil {
			t.Fatalf("the refresh got %v", body)
		}
		if status, _ := call(t, client, body["access_token"]); status != http.StatusOK {
			t.Errorf("a refreshed token got %d", status)
		}
		want := carnettest.Stats{TokenRequests: 2, Passwords: 1, Refreshes: 1, Accepted: 2, Refused: 1}
		if diff := cmp.Diff(want, p.Stats()); diff != "" {
			t.Error(diff)
		}
		if n := len(p.Issued()); n != 4 {
			t.Errorf("%d tokens issued, want 2 of each kind", n)
		}
	})
}

func TestReuseRevokesTheFamily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := carnettest.NewProvider(options)
		client := carnettest.Pipe(t, p)
		_, first := ask(t, client, password)
		_, other := ask(t, client, password)
		_, second := ask(t, client, refresh(first))
		if status, body := ask(t, client, refresh(first)); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
			t.Errorf("a spent refresh token got %d %v", status, body)
		}
		if status, _ := call(t, client, second["access_token"]); status != http.StatusUnauthorized {
			t.Errorf("a token of the revoked family got %d", status)
		}
		if status, _ := ask(t, client, refresh(second)); status != http.StatusBadRequest {
			t.Errorf("a refresh token of the revoked family got %d", status)
		}
		if status, _ := call(t, client, other["access_token"]); status != http.StatusOK {
			t.Errorf("a token of another family got %d", status)
		}
		if n := p.Stats().Reused; n != 1 {
			t.Errorf("%d reuses counted, want 1", n)
		}
	})
}

func TestRevokeAccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := carnettest.NewProvider(options)
		client := carnettest.Pipe(t, p)
		_, body := ask(t, client, password)
		p.RevokeAccess()
		if status, _ := call(t, client, body["access_token"]); status != http.StatusUnauthorized {
			t.Errorf("a revoked token got %d", status)
		}
		if status, _ := ask(t, client, refresh(body)); status != http.StatusOK {
			t.Errorf("its refresh token got %d", status)
		}
		p.RevokeRefresh()
		if status, _ := ask(t, client, refresh(body)); status != http.StatusBadRequest {
			t.Errorf("a revoked refresh token got %d", status)
		}
	})
}

func TestFaultsComeOnceEachInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := carnettest.NewProvider(options)
		client := carnettest.Pipe(t, p)
		p.FailToken(
			carnettest.Fault{Status: http.StatusServiceUnavailable, Header: map[string]string{"Retry-After": "7"}, Body: `{}`},
			carnettest.Fault{Delay: time.Hour},
			carnettest.Fault{Drop: true},
			carnettest.Fault{Act: true, Drop: true},
		)
		if status, _ := ask(t, client, credentials); status != http.StatusServiceUnavailable {
			t.Errorf("the first request got %d", status)
		}
		began := time.Now()
		if status, _ := ask(t, client, credentials); status != http.StatusOK || time.Since(began) != time.Hour {
			t.Errorf("the delayed request got %d after %s", status, time.Since(began))
		}
		for range 2 {
			answer, err := client.Post(address+"/token", "application/x-www-form-urlencoded",
				strings.NewReader("grant_type=client_credentials&client_id=app&client_secret=app+secret"))
			if err == nil {
				if _, err = io.ReadAll(answer.Body); err == nil {
					t.Error("a whole answer came through a cut connection")
				}
				answer.Body.Close()
			}
		}
		if status, _ := ask(t, client, credentials); status != http.StatusOK {
			t.Errorf("after the faults a request got %d", status)
		}
		want := carnettest.Stats{TokenRequests: 3, ClientCredentials: 3, TokenFailures: 3} // one of them was served, and its answer lost
		if diff := cmp.Diff(want, p.Stats()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestHangEndsWithTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := carnettest.NewProvider(options)
		client := carnettest.Pipe(t, p)
		client.Timeout = time.Minute
		p.FailAPI(carnettest.Fault{Hang: true})
		began := time.Now()
		if _, err := client.Post(address+"/shipments", "application/json", strings.NewReader("{}")); err == nil || time.Since(began) != time.Minute {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestManyCallersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := carnettest.NewProvider(options)
		client := carnettest.Pipe(t, p)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				_, body := ask(t, client, credentials)
				if status, _ := call(t, client, body["access_token"]); status != http.StatusOK {
					t.Errorf("a live token got %d", status)
				}
			})
		}
		all.Wait()
		want := carnettest.Stats{TokenRequests: 50, ClientCredentials: 50, Accepted: 50}
		if diff := cmp.Diff(want, p.Stats()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDocumentIsJSONAndNamesItsAddress(t *testing.T) {
	var document struct {
		Servers []struct{ URL string }
		Paths   map[string]map[string]any
	}
	if err := json.Unmarshal(carnettest.NewProvider(options).Document(address), &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Servers) != 1 || document.Servers[0].URL != address || len(document.Paths) != 3 {
		t.Errorf("the document has the servers %v and %d paths", document.Servers, len(document.Paths))
	}
}

// With Dial, the host of a document and of its token endpoint is the test's own server, whatever its name.
func TestAnyHostLeadsToTheTest(t *testing.T) {
	provider := httptest.NewServer(carnettest.NewProvider(options))
	t.Cleanup(provider.Close)
	var hosts []string
	c := carnettest.NewWith(t, carnettest.Options{Dial: func(ctx context.Context, network, host string) (net.Conn, error) {
		hosts = append(hosts, host)
		return (&net.Dialer{}).DialContext(ctx, network, provider.Listener.Addr().String())
	}})
	if _, err := c.ImportModel(t.Context(), api.ModelRequest{Model: carnettest.NewProvider(options).Document(address)}); err != nil {
		t.Fatal(err)
	}
	i := api.Integration{Name: "it", Model: "Carnet Shipping:1.0.0"}
	i.Properties.Properties = json.RawMessage(`{"authentication": {"clientAuth": {"client_id": "app", "client_secret": "app secret"}}}`)
	if _, err := c.CreateIntegration(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	if result, err := c.RunOperation(t.Context(), "it", "whoAmI", api.Task{}); err != nil || !strings.Contains(string(result.Data), `"app"`) {
		t.Errorf("got %s %v", result.Data, err)
	}
	if len(hosts) == 0 || hosts[0] != "provider.example:80" {
		t.Errorf("dialed %q", hosts)
	}
}
