package call_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/credential"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/outbound"
	"carnet.dev/carnet/internal/seal"

	"github.com/go-json-experiment/json/jsontext"
)

// send runs an operation with every kind of credential on it.
func send(t *testing.T, base string, op model.Operation) (*call.Answer, error) {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	op.Parameters = []model.Parameter{{Name: "X-Tenant", In: "header", Style: "simple"}}
	r, err := call.Build(&op, u, call.Arguments{Parameters: map[string]jsontext.Value{"X-Tenant": jsontext.Value(`"acme"`)}})
	if err != nil {
		t.Fatal(err)
	}
	client, err := outbound.New(outbound.Options{}).Client(outbound.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	var all []credential.Credential
	for _, in := range []string{"header", "query", "cookie"} {
		c, err := credential.APIKey(in, "k-"+in, seal.NewSecret("secret-"+in))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	bearer, err := credential.Bearer(seal.NewSecret("secret-bearer"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := r.Send(t.Context(), client, append(all, bearer))
	if err == nil {
		err = answer.Whole()
	}
	return answer, err
}

// echo answers with all that it was sent, as text.
func echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	var all strings.Builder
	r.Write(&all)
	json.NewEncoder(w).Encode(all.String())
}

// Failure mode 31: the API redirects.
func TestRedirects(t *testing.T) {
	away := httptest.NewServer(http.HandlerFunc(echo))
	t.Cleanup(away.Close)
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/near":
			http.Redirect(w, r, "/echo", http.StatusFound)
		case "/far":
			http.Redirect(w, r, away.URL+"/echo", http.StatusTemporaryRedirect)
		case "/there-and-back":
			http.Redirect(w, r, strings.Replace(away.URL, "127.0.0.1", "localhost", 1)+"/echo", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		default:
			echo(w, r)
		}
	}))
	t.Cleanup(home.Close)
	get := func(path string) (*call.Answer, error) {
		return send(t, home.URL, model.Operation{Summary: model.Summary{ID: "op", Method: "GET", Path: path}})
	}

	near, err := get("/near")
	if err != nil || near.Status != http.StatusOK || near.Away {
		t.Fatalf("%v %v", near, err)
	}
	for _, secret := range []string{"secret-header", "secret-query", "secret-cookie", "secret-bearer", "acme"} {
		if !strings.Contains(string(near.Body), secret) {
			t.Errorf("within the origin %s got lost: %s", secret, near.Body)
		}
	}
	if strings.Contains(near.URL, "secret") {
		t.Errorf("the answer's URL is %s", near.URL)
	}
	for _, path := range []string{"/far", "/there-and-back"} {
		far, err := get(path)
		if err != nil || far.Status != http.StatusOK {
			t.Fatalf("%v %v", far, err)
		}
		if !far.Away {
			t.Errorf("%s: the answer does not say that it comes from elsewhere", path)
		}
		if strings.Contains(string(far.Body), "secret") || strings.Contains(string(far.Body), "acme") {
			t.Errorf("%s took secrets along: %s", path, far.Body)
		}
	}
	if _, err := get("/loop"); !fault.Is(err, fault.Upstream) {
		t.Errorf("a loop: %v", err)
	}
	if file, err := get("/file"); err != nil || file.Status != http.StatusFound {
		t.Errorf("a redirect to a file: %v %v", file, err)
	}
	post, err := send(t, home.URL, model.Operation{Summary: model.Summary{ID: "op", Method: "POST", Path: "/near"}})
	if err != nil || post.Status != http.StatusFound {
		t.Errorf("a POST was redirected: %v %v", post, err)
	}
}

func TestTwoCredentialsForOnePlace(t *testing.T) {
	u, _ := url.Parse("http://127.0.0.1:1")
	r, err := call.Build(&model.Operation{Summary: model.Summary{Method: "GET", Path: "/"}}, u, call.Arguments{})
	if err != nil {
		t.Fatal(err)
	}
	bearer, _ := credential.Bearer(seal.NewSecret("a"))
	basic, _ := credential.Basic("ada", seal.NewSecret("b"))
	if _, err := r.Show([]credential.Credential{bearer, basic}); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

func TestEgressPolicyHoldsAfterARedirect(t *testing.T) {
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
	}))
	t.Cleanup(home.Close)
	_, err := send(t, home.URL, model.Operation{Summary: model.Summary{ID: "op", Method: "GET", Path: "/"}})
	if !fault.Is(err, fault.Denied) {
		t.Errorf("got %v", err)
	}
}

func TestData(t *testing.T) {
	for name, test := range map[string]struct{ kind, body, data, encoding string }{
		"JSON":               {"application/json", `{"a": 1.10}`, `{"a": 1.10}`, ""},
		"a kind of JSON":     {"application/problem+json; charset=utf-8", `[1]`, `[1]`, ""},
		"JSON that is none":  {"application/json", `oops`, `"oops"`, ""},
		"JSON called text":   {"text/plain", `{"a":1}`, `{"a":1}`, ""},
		"a number in a text": {"text/plain", `42`, `"42"`, ""},
		"no type":            {"", `{"a":1}`, `{"a":1}`, ""},
		"text":               {"text/html", "<p>\n", `"<p>\n"`, ""},
		"bytes":              {"image/png", "\x89PNG\xff", `"iVBOR/8="`, "base64"},
		"nothing":            {"application/json", "", "", ""},
	} {
		a := call.Answer{Header: http.Header{"Content-Type": {test.kind}}, Body: []byte(test.body)}
		if data, encoding := a.Data(); string(data) != test.data || encoding != test.encoding {
			t.Errorf("%s: got %s %s", name, data, encoding)
		}
	}
}
