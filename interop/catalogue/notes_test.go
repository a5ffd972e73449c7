package catalogue_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"carnet.dev/carnet/interop/catalogue"
)

// noted is an entry of one service and its notes, and what a client sends that knows them. In the forms id and secret stand for
// the client's, CODE and REFRESH for what was given out; a form that begins with { is JSON.
type noted struct {
	fields, notes  string // JSON: members, a list
	token, refresh string // forms
	headers        func(*client) []string
	path           []string // of the token in the answer
	refreshToken   []string
	refreshAt      string
	status         int
	sparse         bool
}

const standardToken = "grant_type=authorization_code&code=<CODE>&redirect_uri=<BACK>"
const standardRefresh = "grant_type=refresh_token&refresh_token=<REFRESH>"
const inBody = "&client_id=<ID>&client_secret=<SECRET>"

func rawBasic(c *client) []string {
	return []string{"Authorization", basic(c.facts.ClientID, c.facts.ClientSecret)}
}

func TestNotes(t *testing.T) {
	for name, n := range map[string]noted{
		"nonce": {
			fields: `"call_headers": {"x-api-key": "${connectionConfig.key}"}`,
			notes: `["token request needs headers x-api-version and x-api-key and a random nonce parameter",
				"refresh must repeat scope"]`,
			token: standardToken + inBody + "&nonce=" + aUUID, refresh: standardRefresh + inBody + "&scope=<SCOPE>&nonce=" + aUUID,
			headers: func(c *client) []string { return []string{"x-api-key", c.facts.Config["key"]} },
		},
		"md5": {
			notes: `["first request: HTTP Basic and client_id in the body too",
				"refresh request carries md5_secret = first 20 characters of the client secret instead of client_id/client_secret"]`,
			token: standardToken + "&client_id=<ID>", refresh: standardRefresh + "&md5_secret=<TWENTY>", headers: rawBasic,
		},
		"absolute": {
			fields: `"body_format": "json", "refresh_url": "https://absolute.test/refresh"`,
			notes: `["answer fields access_token_expiration / refresh_token_expiration (absolute UNIX times)",
				"refresh sends client_id and refresh_token only, JSON, other path"]`,
			token: `{"grant_type": "authorization_code", "code": <CODE>, "redirect_uri": <BACK>, "client_id": <ID>,
				"client_secret": <SECRET>}`,
			refreshAt: "absolute.test/refresh", refresh: `{"client_id": <ID>, "refresh_token": <REFRESH>}`,
		},
		"state": {notes: `["token request needs the state value again"]`, token: standardToken + inBody + "&state=st%3D1"},
		"public": {
			notes: `["public client: no secret"]`, token: standardToken + "&client_id=<ID>", refresh: standardRefresh + "&client_id=<ID>",
		},
		"created": {
			notes: `["HTTP 201", "answer fields token, refreshToken, expiresAt (ISO time)"]`, status: http.StatusCreated,
			path: []string{"token"}, refreshToken: []string{"refreshToken"},
		},
		"secret": {
			notes: `["Basic with the secret as the user name and an empty password", "expires_in missing: 3600 s assumed"]`,
			token: standardToken, refresh: standardRefresh,
			headers: func(c *client) []string { return []string{"Authorization", basic(c.facts.ClientSecret, "")} },
		},
		"renamed": {
			notes: `["parameters named app_id, secret, auth_code; JSON body", "answer wrapped in data",
				"token does not expire and has no refresh token"]`,
			token:   `{"grant_type": "authorization_code", "auth_code": <CODE>, "redirect_uri": <BACK>, "app_id": <ID>, "secret": <SECRET>}`,
			refresh: "none", path: []string{"data", "access_token"},
		},
		"headers": {
			fields: `"redirect_uri_metadata": ["sellerId"]`,
			notes: `["Basic plus headers WM_SVC.NAME, WM_QOS.CORRELATION_ID (random), WM_PARTNER.ID (seller id)",
				"refresh answer has no refresh token"]`,
			token: standardToken, refresh: standardRefresh,
			headers: func(c *client) []string {
				return append(rawBasic(c), "WM_SVC.NAME", "Walmart Marketplace", "WM_QOS.CORRELATION_ID", aUUID,
					"WM_PARTNER.ID", "sellerId of headers+/%2B&=1")
			},
		},
		"decoy": {
			notes:  `["some tenants do not rotate the refresh token although they return one: a per-connection switch keeps the old one"]`,
			sparse: true,
		},
		"iso": {
			fields:  `"authorization_method": "header", "body_format": "json"`,
			notes:   `["token and refresh only through the vendor SDK (XML protocol), answer gives expiresAt, not expires_in"]`,
			token:   `{"grant_type": "authorization_code", "code": <CODE>, "redirect_uri": <BACK>}`,
			refresh: `{"grant_type": "refresh_token", "refresh_token": <REFRESH>}`,
			headers: func(c *client) []string {
				return []string{"Authorization", basic(url.QueryEscape(c.facts.ClientID), url.QueryEscape(c.facts.ClientSecret))}
			},
		},
	} {
		t.Run(name, func(t *testing.T) { n.run(t, name) })
	}
}

// run goes once through code, call, expiry, two refreshes and calls.
func (n noted) run(t *testing.T, name string) {
	c := startEntry(t, noteEntry(t, name, n.fields, n.notes), n.sparse)
	code := c.authorize(false, url.Values{"scope": {strings.Join(c.facts.Scopes, " ")}}).Get("code")
	calls := []string{}
	for header, value := range c.facts.Config {
		calls = append(calls, "x-api-"+header, value)
	}
	refresh := ""
	c.post(n.statusOr200(), name+".test/token", or(n.token, standardToken+inBody), code, refresh, n.header(c, true)...)
	for range 2 {
		token := c.value(orPath(n.path, "access_token")...)
		if at := orPath(n.refreshToken, "refresh_token"); strings.Contains(c.text, `"`+at[0]+`"`) && (refresh == "" || !n.sparse) {
			refresh = c.value(at...)
		}
		c.get(200, name+".test/ping", append(calls, "Authorization", "Bearer "+token)...)
		c.now = c.now.Add(life)
		if n.refresh == "none" {
			c.get(200, name+".test/ping", append(calls, "Authorization", "Bearer "+token)...)
			break
		}
		c.get(401, name+".test/ping", append(calls, "Authorization", "Bearer "+token)...)
		at, form := or(n.refreshAt, name+".test/token"), or(n.refresh, standardRefresh+inBody)
		c.post(n.statusOr200(), at, form, code, refresh, n.header(c, false)...)
	}
	c.finish(60)
}

func (n noted) statusOr200() int {
	if n.status == 0 {
		return http.StatusOK
	}
	return n.status
}

// header is what a request carries; the client that sends md5_secret has no other authentication in its refresh.
func (n noted) header(c *client, first bool) []string {
	if n.headers == nil || !first && strings.Contains(n.refresh, "md5_secret") {
		return nil
	}
	return n.headers(c)
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func orPath(path []string, otherwise string) []string {
	if path == nil {
		return []string{otherwise}
	}
	return path
}

// post sends a form or JSON after putting the values in: no part of a form or of base64 looks like <ID>.
func (c *client) post(status int, at, body, code, refresh string, headers ...string) {
	c.t.Helper()
	isJSON := strings.HasPrefix(body, "{")
	quote := url.QueryEscape
	if isJSON {
		quote = func(s string) string { return fmt.Sprintf("%q", s) }
	}
	body = strings.NewReplacer("<CODE>", quote(code), "<REFRESH>", quote(refresh), "<BACK>", quote(callback),
		"<ID>", quote(c.facts.ClientID), "<SECRET>", quote(c.facts.ClientSecret), "<TWENTY>", quote(c.facts.ClientSecret[:20]),
		"<SCOPE>", quote(strings.Join(c.facts.Scopes, " "))).Replace(body)
	kind := "application/x-www-form-urlencoded"
	if isJSON {
		kind = "application/json"
	}
	c.send(status, http.MethodPost, at, body, append(headers, "Content-Type", kind)...)
}

func noteEntry(t *testing.T, name, fields, notes string) catalogue.Entry {
	t.Helper()
	if !strings.Contains(fields, "base_url") {
		fields = strings.TrimPrefix(fmt.Sprintf(`%s, "base_url": "https://%s.test"`, fields, name), ", ")
	}
	list, err := catalogue.Decode(fmt.Appendf(nil, `{%q: {"auth_mode": "OAUTH2", "token_url": "https://%s.test/token", "pkce": false,
		"quirks": [], "notes": %s, %s}}`, name, name, notes, fields))
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

func TestAdminConsent(t *testing.T) {
	c := startEntry(t, noteEntry(t, "admin", `"authorization_code_param_in_callback": "tenant", "connection_config": ["tenantId"]`,
		`["client_credentials after an admin-consent redirect; there is no refresh token: ask again"]`), false)
	scope := strings.Join(c.facts.Scopes, " ")
	if got := c.authorize(false, url.Values{"scope": {scope}}).Get("tenant"); got != c.facts.Config["tenantId"] {
		t.Errorf("the redirect brings tenant %q", got)
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}, "client_id": {c.facts.ClientID},
		"client_secret": {c.facts.ClientSecret}}
	c.form(200, "admin.test/token", form)
	c.form(200, "admin.test/token", form)
	c.ping(200, "admin.test", c.value("access_token"))
	c.finish(60)
}

func TestAssertionOfTheRedirectHost(t *testing.T) {
	c := startEntry(t, noteEntry(t, "bank", "",
		`["client authentication: signed JWT (RS256), iss = host of the redirect URI, aud = https://revolut.com"]`), false)
	code := c.authorize(false, url.Values{"scope": {strings.Join(c.facts.Scopes, " ")}}).Get("code")
	assertion := c.jwt(c.privateKey(c.facts.PrivateKey), map[string]any{"alg": "RS256"}, map[string]any{"iss": "127.0.0.1:9",
		"sub": c.facts.ClientID, "aud": "https://revolut.com", "iat": c.now.Unix(), "exp": c.now.Add(time.Minute).Unix()})
	with := "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=" + assertion
	c.post(200, "bank.test/token", standardToken+with, code, "")
	c.post(200, "bank.test/token", standardRefresh+with, "", c.value("refresh_token"))
	c.ping(200, "bank.test", c.value("access_token"))
	c.finish(150)
}

func TestIntrospection(t *testing.T) {
	fields := `"token_response_metadata": ["instance_url"], "base_url": "${connectionConfig.instance_url}"`
	c := startEntry(t, noteEntry(t, "told", fields,
		`["answer has no expiry: the token is introspected (RFC 7662, {instance_url}/services/oauth2/introspect) before use; `+
			`base URL of calls comes from instance_url in the token answer"]`), false)
	code := c.authorize(false, url.Values{"scope": {strings.Join(c.facts.Scopes, " ")}}).Get("code")
	c.post(200, "told.test/token", standardToken+inBody, code, "")
	if strings.Contains(c.text, "expires_in") {
		t.Errorf("answered %s", c.text)
	}
	token, base := c.value("access_token"), c.value("instance_url")
	c.get(200, base+"/ping", "Authorization", "Bearer "+token)
	for _, want := range []string{`{"active":true,`, `{"active":false}`} {
		c.post(200, base+"/services/oauth2/introspect", "token="+url.QueryEscape(token)+inBody, "", "")
		if !strings.HasPrefix(c.text, want) || !json.Valid([]byte(c.text)) {
			t.Errorf("introspected as %s, want %s", c.text, want)
		}
		c.now = c.now.Add(life)
	}
	c.finish(100)
}
