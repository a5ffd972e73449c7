// Package carnettest is for tests of programs that use Carnet: a whole Carnet in memory ([New]), and a simulated service to call
// through it ([Provider]) that misbehaves on demand.
package carnettest

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Styles of client authentication that a provider may insist on.
const (
	AnyAuth      = ""                        // HTTP Basic, or the body
	BasicAuth    = "client_secret_basic"     // with the encoding of RFC 6749 2.3.1
	BasicRawAuth = "client_secret_basic_raw" // without it
	PostAuth     = "client_secret_post"
)

// ProviderOptions describe a provider.
type ProviderOptions struct {
	TokenLife   time.Duration     // of access tokens; an hour by default
	RefreshLife time.Duration     // of refresh tokens; no end by default
	Rotate      bool              // a refresh token can be spent once; spending it again revokes its whole family (RFC 9700 4.14)
	ClientAuth  string            // AnyAuth by default
	Clients     map[string]string // secrets by client id
	Users       map[string]string // passwords by username
	APIKeys     []string
}

// A Provider is a simulated service: an OAuth 2.0 token endpoint (grants password, client_credentials and refresh_token) at
// /token, and an API that accepts only its live tokens, its API keys, or its users by HTTP basic. It is an http.Handler, safe for
// concurrent use.
type Provider struct {
	options ProviderOptions

	mu      sync.Mutex
	access  map[string]grant // live access tokens
	refresh map[string]*refresh
	issued  []string
	stats   Stats
	tokens  []Fault // to come at the token endpoint
	api     []Fault // to come at the API
}

// A grant is what a token stands for.
type grant struct {
	client, user string
	family       int
	expires      time.Time
}

// refresh is a refresh token.
type refresh struct {
	grant
	spent bool
}

// Stats count what a provider saw.
type Stats struct {
	TokenRequests     int // that succeeded, of every kind
	TokenFailures     int // that were refused, or failed on demand
	Passwords         int
	ClientCredentials int
	Refreshes         int
	Reused            int // refresh tokens spent twice
	Accepted          int // API calls
	Refused           int // API calls without a live credential
}

// NewProvider returns a provider.
func NewProvider(o ProviderOptions) *Provider {
	if o.TokenLife <= 0 {
		o.TokenLife = time.Hour
	}
	return &Provider{options: o, access: map[string]grant{}, refresh: map[string]*refresh{}}
}

// ServeHTTP implements http.Handler.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/openapi.json":
		w.Header().Set("Content-Type", "application/json")
		w.Write(p.Document("http://" + r.Host))
	case "/token":
		failed := true // also when misbehave panics to cut the connection
		defer func() {
			if failed {
				p.count(func(s *Stats) { s.TokenFailures++ })
			}
		}()
		if failed = p.misbehave(w, r, &p.tokens); !failed {
			p.token(w, r)
		}
	default:
		if !p.misbehave(w, r, &p.api) {
			p.serveAPI(w, r)
		}
	}
}

// Stats returns what the provider has seen so far.
func (p *Provider) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

func (p *Provider) count(change func(*Stats)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.stats)
}

// Issued returns every token that the provider has given, so that a test can search for them where they must not be.
func (p *Provider) Issued() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.issued)
}

// RevokeAccess ends all access tokens though they have not expired; refresh tokens stay.
func (p *Provider) RevokeAccess() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.access)
}

// RevokeRefresh ends all refresh tokens.
func (p *Provider) RevokeRefresh() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.refresh)
}

// FailToken has the next token requests go wrong, one by one.
func (p *Provider) FailToken(faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens = append(p.tokens, faults...)
}

// FailAPI has the next API calls go wrong, one by one.
func (p *Provider) FailAPI(faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.api = append(p.api, faults...)
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// text draws a token.
func text() string { return rand.Text() + rand.Text() }
