package web_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/mem"
	"carnet.dev/carnet/internal/web"
)

// A browser visits the page of a real hub in memory, and keeps its cookies.
type browser struct {
	t       *testing.T
	hub     *hub.Hub
	page    http.Handler
	api     http.Handler // where the page leads into the API
	cookies map[string]string

	met, sent map[string]bool // where forms of pages lead, and those that were sent there; nil: nobody counts
}

const password = "hunter2-password"

func newHub(t *testing.T) *hub.Hub {
	t.Helper()
	keys, err := seal.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), mem.New().Open(), keys)
	if err != nil {
		t.Fatal(err)
	}
	h := hub.New(s, hub.Options{Version: "test", PublicURL: "http://carnet.example"})
	t.Cleanup(func() {
		h.Close(context.Background())
		s.Close()
	})
	return h
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	h := newHub(t)
	if _, err := h.EnsureAdmin(t.Context(), seal.NewSecret(password)); err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, hub: h, page: web.New(h, web.Options{Version: "test"}), cookies: map[string]string{}}
}

func (b *browser) do(r *http.Request) *httptest.ResponseRecorder {
	b.t.Helper()
	answer := httptest.NewRecorder()
	b.page.ServeHTTP(answer, b.cookied(r))
	for _, c := range answer.Result().Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return answer
}

// cookied is the request with the cookies that the browser has.
func (b *browser) cookied(r *http.Request) *http.Request {
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

func (b *browser) get(path string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.do(httptest.NewRequest("GET", path, nil))
}

func (b *browser) post(path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.do(r)
}

func (b *browser) signIn() *browser {
	b.t.Helper()
	answer := b.post("/ui/sign-in", url.Values{"username": {"admin"}, "password": {password}})
	if answer.Code != http.StatusSeeOther {
		b.t.Fatalf("signing in answers %d %s", answer.Code, answer.Body)
	}
	return b
}

// wants fails unless the answer has the status and all the texts.
func wants(t *testing.T, answer *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if answer.Code != status {
		t.Errorf("status is %d, want %d: %s", answer.Code, status, answer.Body)
	}
	for _, text := range texts {
		if !strings.Contains(answer.Body.String(), text) {
			t.Errorf("the page lacks %q:\n%s", text, answer.Body)
		}
	}
}

func TestSignIn(t *testing.T) {
	b := newBrowser(t)
	answer := b.get("/?search=x")
	if to := answer.Header().Get("Location"); answer.Code != http.StatusSeeOther || to != "/ui/sign-in?next=%2F%3Fsearch%3Dx" {
		t.Errorf("a stranger is sent to %q with %d", to, answer.Code)
	}
	wants(t, b.get("/ui/sign-in?next=/ui/models"), 200, `name="next" value="/ui/models"`)
	wants(t, b.post("/ui/sign-in", url.Values{"username": {"admin"}, "password": {"hunter2-wrong"}}), 401, "unknown name or wrong password", `value="admin"`)
	for next, want := range map[string]string{
		"/ui/models?search=x": "/ui/models?search=x", "": "/", "https://evil.example/": "/", "//evil.example": "/", `/\evil.example`: "/", "/\t/evil.example": "/",
	} {
		answer := b.post("/ui/sign-in", url.Values{"username": {"admin"}, "password": {password}, "next": {next}})
		if to := answer.Header().Get("Location"); to != want {
			t.Errorf("after %q the browser is sent to %q, want %q", next, to, want)
		}
	}
	wants(t, b.get("/"), 200, "Three steps to the first call")
	if answer := b.post("/ui/sign-out", nil); answer.Code != http.StatusSeeOther || len(b.cookies) != 0 {
		t.Errorf("signing out answers %d, cookies are %v", answer.Code, b.cookies)
	}
	if answer := b.get("/"); answer.Code != http.StatusSeeOther {
		t.Errorf("the session outlived its end: %d", answer.Code)
	}
}

// TestCookie: scripts can't read it, other sites can't send it with a change, and under TLS it never travels in the clear.
func TestCookie(t *testing.T) {
	for _, secure := range []bool{false, true} {
		b := newBrowser(t)
		r := httptest.NewRequest("POST", "/ui/sign-in", strings.NewReader(url.Values{"username": {"admin"}, "password": {password}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if secure {
			r.TLS = &tls.ConnectionState{}
		}
		cookies := b.do(r).Result().Cookies()
		if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || cookies[0].Secure != secure || cookies[0].Path != "/" {
			t.Errorf("cookies are %v", cookies)
		}
	}
}

// TestForeignRequests: a change that another site asks for is refused, whatever cookie comes along.
func TestForeignRequests(t *testing.T) {
	for name, test := range map[string]struct {
		headers []string
		status  int
	}{
		"own page":       {[]string{"Sec-Fetch-Site", "same-origin"}, 303},
		"other site":     {[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"sister site":    {[]string{"Sec-Fetch-Site", "same-site"}, 403},
		"foreign origin": {[]string{"Origin", "https://evil.example"}, 403},
		"own origin":     {[]string{"Origin", "http://example.com"}, 303},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t).signIn()
			if answer := b.post("/ui/sign-out", nil, test.headers...); answer.Code != test.status {
				t.Errorf("answer is %d %s", answer.Code, answer.Body)
			}
			if signedIn := b.get("/").Code == 200; signedIn != (test.status == 403) {
				t.Errorf("signed in: %v", signedIn)
			}
		})
	}
}

// TestHeaders: no page may load or run what does not come from here, be framed, or be kept; assets are kept for ever by their content.
func TestHeaders(t *testing.T) {
	b := newBrowser(t).signIn()
	for _, path := range []string{"/", "/ui/sign-in", "/ui/nothing"} {
		header := b.get(path).Header()
		csp := header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy %q lacks %q", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || header.Get("Cache-Control") != "no-store" || header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers are %v", path, header)
		}
	}
	page := b.get("/").Body.String()
	found := regexp.MustCompile(`/ui/assets/[a-z.]+\?[0-9a-f]{16}`).FindAllString(page, -1)
	if len(found) < 4 {
		t.Fatalf("the page refers to the assets %q", found)
	}
	for _, at := range found {
		answer := b.get(at)
		if answer.Code != 200 || !strings.Contains(answer.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s answers %d %v", at, answer.Code, answer.Header())
		}
		again := httptest.NewRequest("GET", at, nil)
		again.Header.Set("If-None-Match", answer.Header().Get("ETag"))
		if answer := b.do(again); answer.Code != http.StatusNotModified || answer.Body.Len() > 0 {
			t.Errorf("%s answers %d again", at, answer.Code)
		}
	}
	for _, path := range []string{"/ui/assets/", "/ui/assets/none.css", "/ui/assets/../web.go"} {
		if answer := b.get(path); answer.Code == 200 {
			t.Errorf("%s is served", path)
		}
	}
}

// broken is a hub that fails as it is told.
type broken struct {
	web.Hub
	err   error
	cause any
}

func (b broken) CallerBySession(context.Context, seal.Secret) (access.Caller, error) {
	if b.cause != nil {
		panic(b.cause)
	}
	return access.Caller{}, b.err
}

// TestFailures: every kind of error has a page and its status; one that nobody classed, and a panic, show an id only.
func TestFailures(t *testing.T) {
	ask := func(h web.Hub) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(&http.Cookie{Name: "token", Value: "x"})
		answer := httptest.NewRecorder()
		web.New(h, web.Options{}).ServeHTTP(answer, r)
		return answer
	}
	for _, kind := range fault.Kinds() {
		answer := ask(broken{err: fault.Wrap(kind, errors.New("cause"), "message").WithHint("what to do")})
		switch kind {
		case fault.Unauthenticated:
			if answer.Header().Get("Location") != "/ui/sign-in" {
				t.Errorf("%v: %d %v", kind, answer.Code, answer.Header())
			}
		case fault.Internal:
			wants(t, answer, 500, "internal error "+answer.Header().Get("X-Request-Id"))
			if strings.Contains(answer.Body.String(), "cause") {
				t.Error("an internal error shows its cause")
			}
		default:
			wants(t, answer, kind.Status(), "message: cause", "what to do")
		}
	}
	answer := ask(broken{cause: "oh no"})
	wants(t, answer, 500, "internal error "+answer.Header().Get("X-Request-Id"))
	if strings.Contains(answer.Body.String(), "oh no") {
		t.Error("a panic shows its cause")
	}
}

func TestOwns(t *testing.T) {
	for path, want := range map[string]bool{"/": true, "/ui": true, "/ui/models": true, "/uix": false, "/integrations": false, "": false, "/login": false} {
		if web.Owns(path) != want {
			t.Errorf("%q: %v", path, !want)
		}
	}
}
