package catalogue

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A plan is what an entry means: the requests that are accepted and the answers to them. It is made from the fields first, and
// then from the notes.
type plan struct {
	entry Entry
	facts *Facts

	authorize *shape // OAUTH2 only
	token     *shape // nil for a token that is made
	steps     []*shape
	refresh   *shape // nil if there is no refresh
	others    []*shape
	call      *shape
	hop       *shape // where a call is redirected to; nil mostly

	codeName    string // the redirect's parameter
	codeValue   string // "" for a code of our own
	first       Object // the answer of a request that others follow
	last        Object // the answer that has the token; nil is the token as the whole body
	renewed     Object // the answer of a refresh
	cookies     bool   // tokens are cookies too
	xml         bool   // answers are XML
	status      int    // of a good answer of the token endpoint
	softly      bool   // refusals of the token endpoint are 200 with "ok": false
	rotates     bool   // a refresh spends its refresh token
	ownRefresh  bool   // a token is its own refresh token
	everlasting bool   // tokens don't end

	keys *Keys
	life time.Duration
}

// planOf reads the fields and the notes of an entry.
func planOf(e Entry, f *Facts, o Options) (*plan, error) {
	p := &plan{entry: e, facts: f, keys: o.Keys, life: o.Life, status: http.StatusOK, rotates: true, codeName: "code",
		xml: e.BodyFormat == "xml"}
	p.codeName = cmp.Or(e.AuthorizationCodeParamInCallback, p.codeName)
	p.cookies = slices.Contains(e.TokenResponseHeaders, "set-cookie")
	p.last = p.lastAnswer()
	switch e.AuthMode {
	case modeCode:
		p.authorize, p.token, p.refresh = p.authorizationRequest(), p.codeRequest(), p.refreshRequest()
	case modeClient:
		p.token = p.clientRequest()
	case modeAny, modeBill:
		p.token = p.anyRequest()
		if e.TokenResponse != nil && e.TokenResponse.RefreshToken != "" {
			p.refresh = p.ownRefreshRequest()
		}
	case modeJWT, modeSigned:
	default:
		return nil, fmt.Errorf("%s: auth_mode %q is not known", e.Name, e.AuthMode)
	}
	if len(e.AdditionalSteps) > 1 {
		return nil, fmt.Errorf("%s: more than one additional step", e.Name)
	}
	p.renewed = p.last
	for _, s := range e.AdditionalSteps {
		p.steps = append(p.steps, p.stepRequest(len(p.steps)+2, s))
	}
	if len(p.steps) > 0 {
		p.first = p.firstAnswer()
	}
	p.ownRefresh = e.TokenResponse != nil && e.TokenResponse.RefreshToken == e.TokenResponse.Token
	p.call = p.callRequest()
	for _, note := range e.Notes {
		apply, known := p.noteRules(o.Sparse)[note]
		if !known {
			return nil, fmt.Errorf("%s: no rule for the note %q", e.Name, note)
		}
		apply()
	}
	p.bind()
	return p, nil
}

// url chooses and rewrites a URL of the entry.
func (p *plan) url(text string) string { return Rewrite(p.facts.Base, choose(text, p.facts.value)) }

// authorizationRequest is RFC 6749 4.1.1 with RFC 7636 4.3. The catalogue does not say where the endpoint is.
func (p *plan) authorizationRequest() *shape {
	params := members("response_type", "code", "client_id", "${clientId}", "redirect_uri", "${redirectUri}", "state", "${state}")
	if len(p.facts.Scopes) > 0 {
		params = params.with("scope", "${scope}")
	}
	if p.pkce() {
		params = params.merged(members("code_challenge", "${challenge}", "code_challenge_method", "S256"))
	}
	return &shape{name: "authorization request", method: http.MethodGet, url: p.facts.AuthorizationURL, format: "query",
		params: params.merged(p.entry.AuthorizationParams), browser: true}
}

func (p *plan) pkce() bool { return p.entry.PKCE == nil || *p.entry.PKCE }

// codeRequest is RFC 6749 4.1.3 with what the entry adds.
func (p *plan) codeRequest() *shape {
	params := members("grant_type", "authorization_code", "code", "${code}", "redirect_uri", "${redirectUri}")
	if p.pkce() {
		params = params.with("code_verifier", "${verifier}")
	}
	return p.withClient(&shape{name: "token request", method: p.method(p.entry.TokenRequestMethod), url: p.url(p.entry.TokenURL),
		format: cmp.Or(p.entry.BodyFormat, "form"), headers: p.entry.TokenHeaders, params: params.merged(p.entry.TokenParams)})
}

// refreshRequest is RFC 6749 6 with what the entry adds.
func (p *plan) refreshRequest() *shape {
	e := p.entry
	params := members("grant_type", "refresh_token", "refresh_token", "${refresh_token}").merged(e.RefreshParams)
	return p.withClient(&shape{name: "refresh request", method: http.MethodPost, url: p.url(cmp.Or(e.RefreshURL, e.TokenURL)),
		format: cmp.Or(e.BodyFormat, "form"), headers: e.RefreshTokenHeaders, params: params.merged(e.RefreshTokenParams)})
}

// clientRequest carries what is listed, the client, and the scope where the entry knows scopes.
func (p *plan) clientRequest() *shape {
	params := p.entry.TokenParams
	if len(p.facts.Scopes) > 0 {
		params = params.with("scope", "${scope}")
	}
	return p.withClient(&shape{name: "token request", method: p.method(p.entry.TokenRequestMethod), url: p.url(p.entry.TokenURL),
		format: cmp.Or(p.entry.BodyFormat, "form"), headers: p.entry.TokenHeaders, params: params})
}

// anyRequest carries what is listed and nothing else.
func (p *plan) anyRequest() *shape {
	e := p.entry
	s := &shape{name: "token request", method: p.method(e.TokenRequestMethod), url: p.url(e.TokenURL),
		format: cmp.Or(e.BodyFormat, "json"), headers: e.TokenHeaders, params: e.TokenParams}
	if e.AuthMode == modeBill {
		s.params = members("username", "${credentials.username}", "password", "${credentials.password}",
			"organizationId", "${credentials.organizationId}", "devKey", "${credentials.devKey}")
	}
	return bodiless(s)
}

// ownRefreshRequest is the refresh of an endpoint that knows no OAuth: what is listed and nothing else.
func (p *plan) ownRefreshRequest() *shape {
	e := p.entry
	return bodiless(&shape{name: "refresh request", method: http.MethodPost, url: p.url(cmp.Or(e.RefreshURL, e.TokenURL)),
		format: cmp.Or(e.BodyFormat, "json"), headers: e.RefreshTokenHeaders, params: e.RefreshParams.merged(e.RefreshTokenParams)})
}

func (p *plan) stepRequest(n int, s Step) *shape {
	return bodiless(&shape{name: fmt.Sprintf("request %d", n), method: p.method(s.TokenRequestMethod), url: p.url(s.TokenURL),
		format: cmp.Or(s.BodyFormat, "json"), headers: s.TokenHeaders, params: s.TokenParams})
}

func (p *plan) method(m string) string { return cmp.Or(m, http.MethodPost) }

// bodiless takes the body from a GET.
func bodiless(s *shape) *shape {
	if s.method == http.MethodGet && s.format != "query" {
		s.format = ""
	}
	return s
}

// withClient adds the client's authentication in its place.
func (p *plan) withClient(s *shape) *shape {
	both := members("client_id", "${clientId}", "client_secret", "${clientSecret}")
	switch {
	case p.entry.TokenRequestAuthMethod == "basic":
		s.headers = s.headers.with("Authorization", rawBasic)
	case p.entry.AuthorizationMethod == "header": // RFC 6749 2.3.1
		s.headers = s.headers.with("Authorization", "Basic ${base64(${formEncode(${clientId})}:${formEncode(${clientSecret})})}")
	case p.entry.TokenRequestAuthMethod == "private_key_jwt": // RFC 7523 2.2
		s.params = s.params.merged(assertionParams).with("client_id", "${clientId}")
		s.optional = append(s.optional, "client_id") // RFC 7521 4.2
	case p.entry.TokenRequestAuthMethod == "custom":
		s.params = s.params.merged(members("username", "${clientId}", "password", "${clientSecret}"))
	default:
		s.params = s.params.merged(both)
	}
	return s
}

const rawBasic = "Basic ${base64(${clientId}:${clientSecret})}"

// callRequest is GET {base_url}/ping with the token where the entry says.
func (p *plan) callRequest() *shape {
	e := p.entry
	s := &shape{name: "call", method: http.MethodGet, headers: Object{}, query: e.CallQuery,
		url: strings.TrimSuffix(p.url(e.BaseURL), "/") + "/ping"}
	for _, m := range e.CallHeaders {
		s.headers = s.headers.with(m.Name, choose(m.Value.(string), p.facts.value))
	}
	carried := slices.ContainsFunc(namesIn(e.CallHeaders, e.CallQuery), func(name string) bool {
		return name == "accessToken" || name == "credentials._cookies"
	})
	switch {
	case e.AuthMode == modeBill:
		s.headers = s.headers.merged(members("devKey", "${credentials.devKey}", "sessionId", "${accessToken}"))
	case !carried:
		s.headers = s.headers.with("Authorization", "Bearer ${accessToken}")
	}
	return s
}
