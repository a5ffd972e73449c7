package catalogue

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// assertionParams are those of a client that authenticates with a JWT (RFC 7523 2.2).
var assertionParams = members("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
	"client_assertion", "${client_assertion}")

const (
	noteSecretAsUser = "Basic with the secret as the user name and an empty password"
	noteUserOnly     = "user-only installs have the token only under authed_user"
	noteNoRotation   = "some tenants do not rotate the refresh token although they return one: a per-connection switch keeps the old one"
	noteAssertion    = "client authentication: signed JWT (RS256), iss = host of the redirect URI, aud = https://revolut.com"
)

func basicSecretOnly(e Entry) bool { return e.noted(noteSecretAsUser) }
func assertsItself(e Entry) bool   { return e.noted(noteAssertion) }

func (e Entry) noted(note string) bool {
	for _, n := range e.Notes {
		if n == note {
			return true
		}
	}
	return false
}

// Notes are the notes that there is a rule for.
func Notes() []string { return slices.Sorted(maps.Keys((&plan{}).noteRules(false))) }

// noteRules says what each note of the catalogue means. A note without a rule is an error, so that none is overlooked.
func (p *plan) noteRules(sparse bool) map[string]func() {
	nothing := func() {} // the fields say it already
	return map[string]func(){
		"token request needs headers x-api-version and x-api-key and a random nonce parameter": func() {
			p.bothRequests(func(s *shape) {
				s.headers, s.params = s.headers.merged(p.entry.CallHeaders), s.params.with("nonce", "${random}")
			})
		},
		"refresh must repeat scope": func() { p.refresh.params = p.refresh.params.with("scope", "${scope}") },

		"refresh request carries md5_secret = first 20 characters of the client secret instead of client_id/client_secret": func() {
			p.facts.values["clientSecret.first20"] = p.facts.ClientSecret[:20]
			p.refresh.params = withoutClient(p.refresh.params).with("md5_secret", "${clientSecret.first20}")
		},
		"answer has no new refresh token: the old one stays": p.keepRefreshToken,
		"first request: HTTP Basic and client_id in the body too": func() {
			p.token.params = p.token.params.without("client_secret")
			p.token.headers = p.token.headers.with("Authorization", rawBasic)
		},

		"token and refresh only through the vendor SDK (XML protocol), answer gives expiresAt, not expires_in": func() {
			p.answers(func(o Object) Object { return o.without("expires_in").with("expiresAt", "${expiresAt}") })
		},

		"answer fields access_token_expiration / refresh_token_expiration (absolute UNIX times)": func() {
			p.answers(func(o Object) Object {
				return o.without("expires_in").merged(members("access_token_expiration", number("${expiresUnix}"),
					"refresh_token_expiration", number("4102444800")))
			})
		},
		"refresh sends client_id and refresh_token only, JSON, other path": func() {
			p.refresh.params = members("client_id", "${clientId}", "refresh_token", "${refresh_token}")
		},

		"Basic": nothing,

		"refresh at another URL, form/JSON body without grant_type": func() {
			p.refresh.format, p.refresh.params = "either", p.refresh.params.without("grant_type")
		},
		"refresh answer has no refresh token": p.keepRefreshToken,
		"redirect_uri in the query of the token request": func() {
			p.token.params, p.token.query = p.token.params.without("redirect_uri"), members("redirect_uri", "${redirectUri}")
		},

		"token request needs the state value again": func() { p.token.params = p.token.params.with("state", "${state}") },

		"public client: no secret": func() {
			p.bothRequests(func(s *shape) { s.params = s.params.without("client_secret") })
		},
		"refresh at another URL": nothing,

		"client id and secret are not sent in the body": nothing,

		"client_credentials after an admin-consent redirect; there is no refresh token: ask again": p.adminConsent,

		"two tokens per connection: Graph and SharePoint (own scope and refresh token), each with its own expiry": nothing,

		noteAssertion: func() {
			p.bothRequests(func(s *shape) {
				s.params, s.optional = withoutClient(s.params).merged(assertionParams).with("client_id", "${clientId}"), []string{"client_id"}
			})
		},

		"answer has no expiry: the token is introspected (RFC 7662, {instance_url}/services/oauth2/introspect) before use; " +
			"base URL of calls comes from instance_url in the token answer": p.introspected,

		"HTTP 201": func() { p.status = http.StatusCreated },
		"answer fields token, refreshToken, expiresAt (ISO time)": func() {
			p.answers(func(Object) Object {
				return members("token", "${accessToken}", "refreshToken", "${refreshToken}", "expiresAt", "${expiresAt}")
			})
		},
		"path contains the installation id": nothing,

		"every token request is signed: headers appkey, timestamp (ms), sign = hex HMAC-SHA256(secret, body + timestamp)": func() {
			p.bothRequests(func(s *shape) {
				s.params = withoutClient(s.params)
				s.headers = members("appkey", "${clientId}", "timestamp", "${now:x}",
					"sign", "${hmacSha256Hex(${body}${now:x}, ${clientSecret})}")
			})
		},
		"answer wrapped in data: accessToken, expireTime (ISO time)": func() {
			p.answers(func(Object) Object {
				return members("data", members("accessToken", "${accessToken}", "expireTime", "${expiresAt}"))
			})
		},
		"no refresh token: refresh is a signed request without body": func() { p.refresh.format, p.refresh.params = "", nil },

		`HTTP 200 with {"ok":false,"error":...} on failure`: func() { p.softly = true },
		"two tokens in one answer (bot, and user under authed_user), each with its own refresh token and expiry": func() {
			p.answers(func(o Object) Object {
				return members("ok", true).merged(o).with("authed_user", members("id", "U1", "access_token", "${userToken}",
					"token_type", "user", "expires_in", number("${expiresIn}"), "refresh_token", "${userRefreshToken}"))
			})
		},
		noteUserOnly: func() {
			if sparse {
				p.answers(userOnly)
			}
		},

		noteSecretAsUser: func() {
			p.bothRequests(func(s *shape) {
				s.params = withoutClient(s.params)
				s.headers = s.headers.with("Authorization", "Basic ${base64(${clientSecret}:)}")
			})
		},
		"expires_in missing: 3600 s assumed": func() { p.answers(withoutExpiry) },

		"short-lived token (1 h) exchanged for a 60-day one (grant_type=th_exchange_token, GET)": p.exchange,
		"refresh: GET with the access token in the query (grant_type=th_refresh_token)": func() {
			p.refresh.method, p.refresh.format = http.MethodGet, "query"
			p.refresh.params = members("grant_type", "th_refresh_token", "access_token", "${refresh_token}")
		},

		"parameters named app_id, secret, auth_code; JSON body": func() {
			names := map[string]string{"client_id": "app_id", "client_secret": "secret", "code": "auth_code"}
			p.token.format, p.token.params = "json", renamed(p.token.params, names)
		},
		"answer wrapped in data": func() { p.answers(func(o Object) Object { return members("data", o) }) },
		"token does not expire and has no refresh token": func() {
			p.refresh, p.everlasting = nil, true
			p.answers(func(o Object) Object {
				return members("data", withoutExpiry(o[0].Value.(Object)).without("refresh_token"))
			})
		},

		"Basic plus headers WM_SVC.NAME, WM_QOS.CORRELATION_ID (random), WM_PARTNER.ID (seller id)": func() {
			p.bothRequests(func(s *shape) {
				s.params = withoutClient(s.params)
				s.headers = members("Authorization", rawBasic, "WM_SVC.NAME", "Walmart Marketplace",
					"WM_QOS.CORRELATION_ID", "${random}", "WM_PARTNER.ID", "${connectionConfig.sellerId}")
			})
		},
		"calls take the token in WM_SEC.ACCESS_TOKEN": nothing,

		noteNoRotation: func() {
			if sparse {
				p.rotates = false // the refresh token in the answer is none
			}
		},
	}
}

func (p *plan) bothRequests(change func(*shape)) {
	change(p.token)
	change(p.refresh)
}

func withoutClient(o Object) Object { return o.without("client_id", "client_secret") }

func withoutExpiry(o Object) Object { return o.without("expires_in") }

// renamed returns the object with other names for some members.
func renamed(o Object, names map[string]string) Object {
	out := Object{}
	for _, m := range o {
		if name, is := names[m.Name]; is {
			m.Name = name
		}
		out = append(out, m)
	}
	return out
}

// userOnly moves the tokens under authed_user and has none beside it.
func userOnly(o Object) Object {
	o = o.without("access_token", "token_type", "expires_in", "refresh_token", "scope", "bot_user_id")
	return o.set("authed_user.access_token", "${accessToken}").set("authed_user.refresh_token", "${refreshToken}")
}

func (p *plan) keepRefreshToken() {
	p.rotates, p.renewed = false, p.renewed.without("refresh_token")
}

// adminConsent: the redirect brings the tenant, and then it is the client credentials grant (RFC 6749 4.4).
func (p *plan) adminConsent() {
	p.codeValue = p.facts.values["connectionConfig.tenantId"]
	p.refresh = nil
	p.token.params = members("grant_type", "client_credentials", "client_id", "${clientId}", "client_secret", "${clientSecret}",
		"scope", "${scope}")
	p.last = p.last.without("refresh_token")
}

// introspected: the answer has no expiry, and there is an endpoint that tells it (RFC 7662). Whether it is asked is the client's
// affair.
func (p *plan) introspected() {
	p.answers(withoutExpiry)
	id, secret := "${clientId}", "${clientSecret}"
	if p.entry.AuthMode == modeAny {
		id, secret = "${credentials.clientId}", "${credentials.clientSecret}"
	}
	p.others = append(p.others, &shape{name: "introspection request", method: http.MethodPost, format: "form",
		url:      strings.TrimSuffix(p.facts.values["connectionConfig.instance_url"], "/") + "/services/oauth2/introspect",
		params:   members("token", "${introspected}", "token_type_hint", "access_token", "client_id", id, "client_secret", secret),
		optional: []string{"token_type_hint"}})
}

// exchange: the code's token is only good for an exchange, whose answer has the token. It refreshes itself.
func (p *plan) exchange() {
	p.first = members("access_token", "${stepToken}", "token_type", "Bearer", "expires_in", number("3600"))
	p.answers(func(o Object) Object { return o.without("refresh_token") })
	p.ownRefresh = true
	host, _, _ := strings.Cut(strings.TrimPrefix(p.token.url, p.facts.Base+"/"), "/")
	p.steps = []*shape{{name: "request 2", method: http.MethodGet, url: p.facts.Base + "/" + host + "/access_token", format: "query",
		params: members("grant_type", "th_exchange_token", "client_secret", "${clientSecret}",
			"access_token", "${step1.access_token}")}}
}
