package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
)

// browser is xdg-open: a browser that goes where it is sent, in which somebody is signed in at the shop and consents at once. It comes
// back to whoever waits for it, and says what it shows in the end.
func browser() {
	answer, err := http.Get(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer answer.Body.Close()
	if name := os.Getenv("BROWSER_SHOWS"); name != "" {
		page, _ := io.ReadAll(answer.Body)
		os.WriteFile(name, page, 0o600)
	}
}

// A shop is a service that gives tokens to persons only: by authorization code with PKCE, and by a device's code.
type shop struct {
	http.Handler
	mu     sync.Mutex
	codes  map[string]url.Values // of authorization requests
	device map[string]bool       // whether a device's code has been entered
	tokens map[string]bool       // whether they are live
}

func newShop() *shop {
	s := &shop{codes: map[string]url.Values{}, device: map[string]bool{}, tokens: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, shopDocument, "http://"+r.Host) })
	mux.HandleFunc("GET /authorize", s.authorize)
	mux.HandleFunc("POST /device", s.askCode)
	mux.HandleFunc("GET /enter", s.enter)
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("POST /revoke", s.revoke)
	mux.HandleFunc("GET /me", s.me)
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		mux.ServeHTTP(w, r)
	})
	return s
}

func (s *shop) authorize(w http.ResponseWriter, r *http.Request) {
	query, code := r.URL.Query(), rand.Text()
	back, err := url.Parse(query.Get("redirect_uri"))
	if err != nil || query.Get("client_id") != "my-client" || query.Get("code_challenge_method") != "S256" {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	s.codes[code] = query
	back.RawQuery = url.Values{"code": {code}, "state": {query.Get("state")}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func (s *shop) askCode(w http.ResponseWriter, r *http.Request) {
	code := rand.Text()
	s.device[code] = false
	fmt.Fprintf(w, `{"device_code":%q,"user_code":%q,"verification_uri":"http://%[3]s/enter","verification_uri_complete":"http://%[3]s/enter?code=%[2]s","expires_in":60,"interval":1}`,
		code, code[:8], r.Host)
}

func (s *shop) enter(w http.ResponseWriter, r *http.Request) {
	for code := range s.device {
		if code[:8] == r.URL.Query().Get("code") {
			s.device[code] = true
		}
	}
}

func (s *shop) token(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	refusal := ""
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		asked := s.codes[r.PostForm.Get("code")]
		delete(s.codes, r.PostForm.Get("code"))
		sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
		if asked == nil || asked.Get("redirect_uri") != r.PostForm.Get("redirect_uri") || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
			refusal = "invalid_grant"
		}
	case "urn:ietf:params:oauth:grant-type:device_code":
		entered, known := s.device[r.PostForm.Get("device_code")]
		switch {
		case !known:
			refusal = "expired_token"
		case !entered:
			refusal = "authorization_pending"
		}
	default:
		refusal = "unsupported_grant_type"
	}
	if refusal != "" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error":%q}`, refusal)
		return
	}
	live := rand.Text()
	s.tokens[live] = true
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600}`, live)
}

func (s *shop) revoke(_ http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	delete(s.tokens, r.PostForm.Get("token"))
}

func (s *shop) me(w http.ResponseWriter, r *http.Request) {
	if !s.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	io.WriteString(w, `{"name":"ada"}`)
}

const shopDocument = `{
  "openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}, "servers": [{"url": %[1]q}],
  "security": [{"browser": []}, {"device": []}, {"old": []}],
  "paths": {"/me": {"get": {"operationId": "me", "summary": "Who asks", "responses": {"200": {"description": "who asks"}}}}},
  "components": {"securitySchemes": {
    "browser": {"type": "oauth2", "flows": {"authorizationCode": {"authorizationUrl": "%[1]s/authorize", "tokenUrl": "%[1]s/token", "scopes": {}}}},
    "device": {"type": "oauth2", "flows": {"deviceAuthorization": {"deviceAuthorizationUrl": "%[1]s/device", "tokenUrl": "%[1]s/token", "scopes": {}}}},
    "old": {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "%[1]s/authorize", "scopes": {}}}}
  }}
}`
