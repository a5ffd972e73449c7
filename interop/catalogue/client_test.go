package catalogue_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"carnet.dev/carnet/interop/catalogue"
)

const (
	callback = "http://127.0.0.1:9/back"
	verifier = "a-code-verifier-of-more-than-forty-three-characters"
	life     = 10 * time.Second
	aUUID    = "0b0d5f2e-9c55-4e5e-8a35-1f4c2b3d4e5f"
)

// client is a client that is written by hand for each kind of entry: it knows no templates.
type client struct {
	t      *testing.T
	s      *catalogue.Server
	facts  catalogue.Facts
	http   *http.Client
	now    time.Time
	answer *http.Response
	text   string
}

// keys are made once for all tests.
var keys = sync.OnceValues(catalogue.NewKeys)

func decoded(t *testing.T) map[string]catalogue.Entry {
	t.Helper()
	list, err := catalogue.Decode([]byte(entries))
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]catalogue.Entry{}
	for _, e := range list {
		byName[e.Name] = e
	}
	return byName
}

// start starts the service of one of the entries.
func start(t *testing.T, name string, sparse bool) *client {
	t.Helper()
	return startEntry(t, decoded(t)[name], sparse)
}

func startEntry(t *testing.T, e catalogue.Entry, sparse bool) *client {
	t.Helper()
	shared, err := keys()
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, now: time.Now()}
	c.s, err = catalogue.Start(e, catalogue.Options{Life: life, RedirectURI: callback, Sparse: sparse, Keys: shared,
		Now: func() time.Time { return c.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.s.Close)
	c.facts = c.s.Facts()
	c.http = &http.Client{Transport: c.transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c
}

// transport trusts the server's authority and shows the user's certificate, where there are such.
func (c *client) transport() http.RoundTripper {
	if c.facts.Certificate == "" {
		return http.DefaultTransport
	}
	pair, err := tls.X509KeyPair([]byte(c.facts.Certificate), []byte(c.facts.CertificateKey))
	if err != nil {
		c.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(c.facts.Authority))
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}}
}

// send sends a request to host/path, which must be answered with the status. Headers are name, value, name, value.
func (c *client) send(status int, method, at, body string, headers ...string) *client {
	c.t.Helper()
	if !strings.HasPrefix(at, c.facts.Base) {
		at = c.facts.Base + "/" + at
	}
	r, err := http.NewRequest(method, at, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if c.answer, err = c.http.Do(r); err != nil {
		c.t.Fatal(err)
	}
	defer c.answer.Body.Close()
	text, err := io.ReadAll(c.answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.text = string(text); c.answer.StatusCode != status {
		c.t.Fatalf("%s %s answered %s %s; refused: %q", method, at, c.answer.Status, text, c.s.Refusals())
	}
	return c
}

func (c *client) form(status int, at string, form url.Values, headers ...string) *client {
	c.t.Helper()
	headers = append(headers, "Content-Type", "application/x-www-form-urlencoded")
	return c.send(status, http.MethodPost, at, form.Encode(), headers...)
}

func (c *client) json(status int, at, body string, headers ...string) *client {
	c.t.Helper()
	return c.send(status, http.MethodPost, at, body, append(headers, "Content-Type", "application/json")...)
}

func (c *client) get(status int, at string, headers ...string) *client {
	c.t.Helper()
	return c.send(status, http.MethodGet, at, "", headers...)
}

// ping calls the API with a bearer token.
func (c *client) ping(status int, host, token string) {
	c.t.Helper()
	c.get(status, host+"/ping", "Authorization", "Bearer "+token)
}

// value reads the last answer at a path.
func (c *client) value(path ...string) string {
	c.t.Helper()
	var at any
	if err := json.Unmarshal([]byte(c.text), &at); err != nil {
		c.t.Fatalf("%s: %v", c.text, err)
	}
	for _, name := range path {
		object, _ := at.(map[string]any)
		at = object[name]
	}
	text, is := at.(string)
	if !is {
		c.t.Fatalf("no text at %v in %s", path, c.text)
	}
	return text
}

// authorize goes through the authorization endpoint and returns the redirect's parameters.
func (c *client) authorize(pkce bool, more url.Values) url.Values {
	c.t.Helper()
	query := url.Values{"response_type": {"code"}, "client_id": {c.facts.ClientID}, "redirect_uri": {callback}, "state": {"st=1"}}
	if pkce {
		sum := sha256.Sum256([]byte(verifier))
		query.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
		query.Set("code_challenge_method", "S256")
	}
	for name, values := range more {
		query[name] = values
	}
	c.get(http.StatusFound, c.facts.AuthorizationURL+"?"+query.Encode())
	to, err := c.answer.Location()
	if err != nil || !strings.HasPrefix(to.String(), callback+"?") || to.Query().Get("state") != "st=1" {
		c.t.Fatalf("redirected to %s: %v", to, err)
	}
	return to.Query()
}

// basic is a header of RFC 7617.
func basic(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

// privateKey reads a key of the facts.
func (c *client) privateKey(text string) any {
	c.t.Helper()
	block, _ := pem.Decode([]byte(text))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		c.t.Fatal(err)
	}
	return key
}

// finish checks that nothing was refused, and then that every mutant of what was sent is, also as a whole answer.
func (c *client) finish(atLeast int) {
	c.t.Helper()
	if refused := c.s.Refusals(); len(refused) > 0 {
		c.t.Errorf("refused: %q", refused)
	}
	trial, tried := c.s.Exchange().Try(), 0
	for _, n := range trial.Tried {
		tried += n
	}
	if len(trial.Refused)+len(trial.Taken) > 0 || trial.Controls == 0 || tried+trial.Controls < atLeast {
		c.t.Errorf("of %d mutants these were judged wrongly: %q; and of %d originals %q", tried, trial.Taken, trial.Controls, trial.Refused)
	}
	before := c.s.Counts()
	for mutant := range catalogue.Mutants(c.s.Exchange()) {
		answer := httptest.NewRecorder()
		c.s.ServeHTTP(answer, mutant.Request)
		soft := strings.Contains(answer.Body.String(), `"ok":false`)
		if answer.Code < 400 && !soft {
			c.t.Errorf("%s: %s: answered %d", mutant.Of, mutant.Name, answer.Code)
		}
	}
	for kind, n := range c.s.Counts() {
		if n != before[kind] {
			c.t.Errorf("replays left a trace: %s", kind)
		}
	}
}

// counts checks how many requests of a kind were accepted.
func (c *client) counts(kind string, want int) {
	c.t.Helper()
	if got := c.s.Counts()[kind]; got != want {
		c.t.Errorf("%d of %s, want %d", got, kind, want)
	}
}
