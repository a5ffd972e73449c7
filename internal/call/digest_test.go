package call_test

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/credential"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/outbound"
	"carnet.dev/carnet/internal/seal"
)

// An appliance wants digests of ada's password. A nonce is good for so many answers, each of which has to count on.
type appliance struct {
	*httptest.Server
	most   int
	mu     sync.Mutex
	nonces map[string]string // to the last count that was seen
	uses   map[string]int
	log    []string // "401" or "200", and what came with it
}

func newAppliance(t *testing.T, most int) *appliance {
	a := &appliance{most: most, nonces: map[string]string{}, uses: map[string]int{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *appliance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	status := "200"
	if !a.accepts(r) {
		status = "401"
		nonce := rand.Text()
		a.nonces[nonce] = "00000000"
		w.Header().Set("WWW-Authenticate", `Basic realm="a", Digest realm="a", qop="auth", nonce="`+nonce+`"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
	a.log = append(a.log, fmt.Sprintf("%s %s %s", status, r.Method, body))
	io.WriteString(w, status)
}

func (a *appliance) accepts(r *http.Request) bool {
	p := map[string]string{}
	for pair := range strings.SplitSeq(strings.TrimPrefix(r.Header.Get("Authorization"), "Digest "), ", ") {
		name, value, _ := strings.Cut(pair, "=")
		p[name] = strings.Trim(value, `"`)
	}
	last, known := a.nonces[p["nonce"]]
	if !known || p["nc"] <= last || a.uses[p["nonce"]] == a.most || p["uri"] != r.RequestURI || p["username"] != "ada" {
		return false
	}
	hash := func(parts ...string) string {
		sum := md5.Sum([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(sum[:])
	}
	want := hash(hash("ada", "a", "s3cret"), p["nonce"], p["nc"], p["cnonce"], p["qop"], hash(r.Method, r.RequestURI))
	if p["response"] != want {
		return false
	}
	a.nonces[p["nonce"]] = p["nc"]
	a.uses[p["nonce"]]++
	return true
}

// saw returns what the appliance saw since the last time.
func (a *appliance) saw() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := strings.Join(a.log, "; ")
	a.log = nil
	return all
}

// caller calls the server at a URL, with these credentials.
func caller(t *testing.T, at string, credentials ...credential.Credential) func(method, body string) (*call.Answer, error) {
	t.Helper()
	base, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	client, err := outbound.New(outbound.Options{}).Client(outbound.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	return func(method, body string) (*call.Answer, error) {
		op := &model.Operation{Summary: model.Summary{ID: "op", Method: method, Path: "/x?y=z"}}
		args := call.Arguments{}
		if body != "" {
			args.Bytes = []byte(body)
		}
		r, err := call.Build(op, base, args)
		if err != nil {
			return nil, err
		}
		answer, err := r.Send(t.Context(), client, credentials)
		if err == nil {
			err = answer.Whole()
		}
		return answer, err
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// digest is ada's credential, which knows of no challenge.
func digest(t *testing.T, password string) credential.Credential {
	t.Helper()
	known := credential.NewChallenges(rand.Text)
	return must[credential.Credential](t)(credential.Digest(known, "ada", seal.NewSecret(password)))
}

// bare is a request without arguments.
func bare(t *testing.T, base *url.URL) *call.Request {
	t.Helper()
	op := &model.Operation{Summary: model.Summary{Method: http.MethodGet, Path: "/"}}
	return must[*call.Request](t)(call.Build(op, base, call.Arguments{}))
}

func TestDigestCostsOneRequestMoreThanOnce(t *testing.T) {
	a := newAppliance(t, 3)
	key := must[credential.Credential](t)(credential.APIKey("query", "key", seal.NewSecret("k")))
	// The key in the query is a part of what is digested, although the digest comes first.
	ask := caller(t, a.URL, digest(t, "s3cret"), key)
	for i, want := range []string{
		"401 POST hello; 200 POST hello", // the body is sent again
		"200 POST hello",
		"200 POST hello",
		"401 POST hello; 200 POST hello", // the nonce is used up
		"200 POST hello",
	} {
		answer, err := ask(http.MethodPost, "hello")
		if err != nil || answer.Status != http.StatusOK {
			t.Fatalf("call %d: %v %v", i, answer, err)
		}
		if got := a.saw(); got != want {
			t.Errorf("call %d: the server saw %s, want %s", i, got, want)
		}
	}
	wrong := caller(t, a.URL, digest(t, "wrong"))
	for range 2 {
		answer, err := wrong(http.MethodGet, "")
		if err != nil || answer.Status != http.StatusUnauthorized || string(answer.Body) != "401" {
			t.Fatalf("a wrong password: %v %v", answer, err)
		}
		if got := a.saw(); got != "401 GET ; 401 GET " {
			t.Errorf("with a wrong password the server saw %s", got)
		}
	}
}

// The server takes no count that is not above the last one, and calls overtake each other: whoever is refused has its own nonce
// for the second try.
func TestDigestManyAtOnce(t *testing.T) {
	a := newAppliance(t, 5)
	ask := caller(t, a.URL, digest(t, "s3cret"))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				if answer, err := ask(http.MethodGet, ""); err != nil || answer.Status != http.StatusOK {
					t.Errorf("%v %v", answer, err)
				}
			}
		})
	}
	all.Wait()
}

// Another origin's challenge is not answered (failure mode 31).
func TestDigestStaysAtHome(t *testing.T) {
	away := newAppliance(t, 5)
	home := httptest.NewServer(http.RedirectHandler(away.URL+"/x?y=z", http.StatusFound))
	t.Cleanup(home.Close)
	ask := caller(t, home.URL, digest(t, "s3cret"))
	answer, err := ask(http.MethodGet, "")
	if err != nil || answer.Status != http.StatusUnauthorized || !answer.Away {
		t.Fatalf("%v %v", answer, err)
	}
	if got := away.saw(); got != "401 GET " {
		t.Errorf("the other origin saw %s", got)
	}
}

// A redirect within the origin may come before the challenge, and after it.
func TestDigestAlongRedirects(t *testing.T) {
	a := newAppliance(t, 5)
	guarded := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/x":
			http.Redirect(w, r, "/y?y=z", http.StatusFound)
		case r.URL.Path == "/y" && r.Header.Get("Authorization") != "":
			http.Redirect(w, r, "/z?y=z", http.StatusFound)
		default:
			a.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(guarded.Close)
	ask := caller(t, guarded.URL, digest(t, "s3cret"))
	answer, err := ask(http.MethodGet, "")
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("%v %v", answer, err)
	}
	if got := a.saw(); got != "401 GET ; 200 GET " {
		t.Errorf("the server saw %s", got)
	}
}

func TestDryRunOfADigest(t *testing.T) {
	base, _ := url.Parse("http://example.com")
	r := bare(t, base)
	c := digest(t, "s3cret")
	shown, err := r.Show([]credential.Credential{c})
	if err != nil || shown.Header.Get("Authorization") != "Digest "+seal.Mask {
		t.Errorf("%v %v", shown, err)
	}
}

// A placed credential notes when it was applied.
type placed struct {
	place string
	log   *[]string
}

func (p placed) Apply(*http.Request, func(seal.Secret) string) error {
	*p.log = append(*p.log, p.place)
	return nil
}
func (p placed) Place() string { return p.place }

// What may sign the rest comes last.
func TestOrderOfCredentials(t *testing.T) {
	var log []string
	var all []credential.Credential
	for _, place := range []string{"Authorization", "X-Signature", "cookie sid", "query key", "body token"} {
		all = append(all, placed{place, &log})
	}
	base, _ := url.Parse("http://example.com")
	r := bare(t, base)
	if _, err := r.Show(all); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(log, ", "); got != "body token, cookie sid, query key, X-Signature, Authorization" {
		t.Errorf("applied in the order %s", got)
	}
}

// broken is a credential that this request can't carry.
type broken struct{}

func (broken) Apply(*http.Request, func(seal.Secret) string) error {
	return fault.New(fault.Invalid, "it does not fit")
}
func (broken) Place() string { return "X-Broken" }

func TestCredentialThatDoesNotFit(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the request was sent") }))
	t.Cleanup(server.Close)
	if _, err := caller(t, server.URL, broken{})(http.MethodGet, ""); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
	base, _ := url.Parse(server.URL)
	r := bare(t, base)
	if _, err := r.Show([]credential.Credential{broken{}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("shown: %v", err)
	}
}
