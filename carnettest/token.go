package carnettest

import (
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// token is the token endpoint (RFC 6749 3.2).
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if err := r.ParseForm(); err != nil {
		p.refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	client, ok := p.client(r)
	if !ok {
		w.Header().Set("WWW-Authenticate", `Basic realm="token"`)
		p.refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "client_credentials":
		p.grant(w, r, grant{client: client}, func(s *Stats) { s.ClientCredentials++ })
	case "password":
		user := r.PostForm.Get("username")
		if !same(p.options.Users[user], r.PostForm.Get("password")) {
			p.refuse(w, http.StatusBadRequest, "invalid_grant")
			return
		}
		p.grant(w, r, grant{client: client, user: user}, func(s *Stats) { s.Passwords++ })
	case "refresh_token":
		g, ok := p.spend(r.PostForm.Get("refresh_token"), client)
		if !ok {
			p.refuse(w, http.StatusBadRequest, "invalid_grant")
			return
		}
		p.grant(w, r, g, func(s *Stats) { s.Refreshes++ })
	default:
		p.refuse(w, http.StatusBadRequest, "unsupported_grant_type")
	}
}

func (p *Provider) refuse(w http.ResponseWriter, status int, code string) {
	p.count(func(s *Stats) { s.TokenFailures++ })
	answer(w, status, map[string]string{"error": code})
}

// client authenticates the client in the style that the provider wants (RFC 6749 2.3.1).
func (p *Provider) client(r *http.Request) (string, bool) {
	header, basic := strings.CutPrefix(r.Header.Get("Authorization"), "Basic ")
	pair, err := base64.StdEncoding.DecodeString(header)
	rawID, rawSecret, split := strings.Cut(string(pair), ":")
	id, err1 := url.QueryUnescape(rawID)
	secret, err2 := url.QueryUnescape(rawSecret)
	encoded := basic && err == nil && split && err1 == nil && err2 == nil && p.knows(id, secret)
	raw := basic && err == nil && split && p.knows(rawID, rawSecret)
	post := !basic && p.knows(r.PostForm.Get("client_id"), r.PostForm.Get("client_secret"))
	switch p.options.ClientAuth {
	case BasicAuth:
		return id, encoded
	case BasicRawAuth:
		return rawID, raw
	case PostAuth:
		return r.PostForm.Get("client_id"), post
	}
	switch {
	case encoded:
		return id, true
	case raw:
		return rawID, true
	}
	return r.PostForm.Get("client_id"), post
}

func (p *Provider) knows(id, secret string) bool {
	want, ok := p.options.Clients[id]
	return ok && same(want, secret)
}

func same(want, got string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(got)) == 1
}

// grant answers with a new token. Client credentials come without a refresh token (RFC 6749 4.4.3).
func (p *Provider) grant(w http.ResponseWriter, r *http.Request, g grant, counted func(*Stats)) {
	p.mu.Lock()
	counted(&p.stats)
	p.stats.TokenRequests++
	if g.family == 0 {
		g.family = p.stats.TokenRequests
	}
	body := map[string]any{"access_token": text(), "token_type": "Bearer", "expires_in": p.options.TokenLife.Seconds()}
	if scope := r.PostForm.Get("scope"); scope != "" {
		body["scope"] = scope
	}
	g.expires = time.Now().Add(p.options.TokenLife)
	p.access[body["access_token"].(string)] = g
	p.issued = append(p.issued, body["access_token"].(string))
	spent := r.PostForm.Get("refresh_token")
	if g.user != "" && (spent == "" || p.options.Rotate) {
		next := text()
		body["refresh_token"] = next
		p.refresh[next] = &refresh{grant: g}
		p.refresh[next].expires = time.Time{}
		if p.options.RefreshLife > 0 {
			p.refresh[next].expires = time.Now().Add(p.options.RefreshLife)
		}
		p.issued = append(p.issued, next)
	}
	p.mu.Unlock()
	answer(w, http.StatusOK, body)
}

// spend takes a refresh token. With rotation, spending one twice revokes what came of it.
func (p *Provider) spend(token, client string) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.refresh[token]
	if !ok || r.client != client || !r.expires.IsZero() && !time.Now().Before(r.expires) {
		return grant{}, false
	}
	if r.spent {
		p.stats.Reused++
		p.revoke(r.family)
		return grant{}, false
	}
	r.spent = p.options.Rotate
	return r.grant, true
}

func (p *Provider) revoke(family int) {
	for token, g := range p.access {
		if g.family == family {
			delete(p.access, token)
		}
	}
	for token, r := range p.refresh {
		if r.family == family {
			delete(p.refresh, token)
		}
	}
}
