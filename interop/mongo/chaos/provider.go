package chaos

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"carnet.dev/carnet/carnettest"
)

const (
	clientID, clientSecret = "office", "secret of the office"
	tokenLife              = 2 * time.Second
)

// A provider rotates refresh tokens and revokes a whole family when one is spent twice. It notes when each user got a token.
type provider struct {
	*carnettest.Provider
	address string
	server  *http.Server

	mu     sync.Mutex
	users  map[string]string      // by refresh token
	issued map[string][]time.Time // by user
	before func()                 // called before a token request is served,
	after  func()                 // and when its answer has been written
}

func newProvider(users map[string]string) (*provider, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &provider{
		Provider: carnettest.NewProvider(carnettest.ProviderOptions{
			TokenLife: tokenLife, Rotate: true, Clients: map[string]string{clientID: clientSecret}, Users: users,
		}),
		address: "http://" + listener.Addr().String(), users: map[string]string{}, issued: map[string][]time.Time{},
	}
	p.server = &http.Server{Handler: p, ErrorLog: quiet}
	go p.server.Serve(listener)
	return p, nil
}

func (p *provider) close() { p.server.Close() }

// pause has functions called around token requests; nil: nothing is.
func (p *provider) pause(before, after func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before, p.after = before, after
}

// ServeHTTP implements http.Handler.
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/token" {
		p.Provider.ServeHTTP(w, r)
		return
	}
	p.mu.Lock()
	before, after := p.before, p.after
	p.mu.Unlock()
	if before != nil {
		before()
	}
	began := time.Now()
	copied := &copier{ResponseWriter: w}
	p.Provider.ServeHTTP(copied, r)
	p.note(r.PostForm, copied.body.Bytes(), began)
	if after != nil {
		http.NewResponseController(w).Flush()
		after()
	}
}

// note remembers who got a token.
func (p *provider) note(form url.Values, answer []byte, at time.Time) {
	var got struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	if json.Unmarshal(answer, &got) != nil || got.AccessToken == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	user := form.Get("username")
	if user == "" {
		user = p.users[form.Get("refresh_token")]
	}
	p.users[got.RefreshToken] = user
	p.issued[user] = append(p.issued[user], at)
}

// early counts the tokens that were asked for although the one before had more than half of its life left, when it is renewed.
func (p *provider) early() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, times := range p.issued {
		for i := 1; i < len(times); i++ {
			if times[i].Sub(times[i-1]) < tokenLife/2-50*time.Millisecond {
				n++
			}
		}
	}
	return n
}

// copier keeps a copy of what is written.
type copier struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (c *copier) Write(b []byte) (int, error) {
	c.body.Write(b)
	return c.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (c *copier) Unwrap() http.ResponseWriter { return c.ResponseWriter }
