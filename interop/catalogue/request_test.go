package catalogue_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// These are the kinds of entries in which a request, or a signature, brings the token.

func TestClientCredentials(t *testing.T) {
	c := start(t, "machine", false)
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {strings.Join(c.facts.Scopes, ",")},
		"client_id": {c.facts.ClientID}, "client_secret": {c.facts.ClientSecret}}
	c.form(200, "machine.test/token", form)
	token := c.value("access_token")
	c.ping(200, "machine.test", token)
	c.now = c.now.Add(life)
	c.ping(401, "machine.test", token)
	c.form(200, "machine.test/token", form)
	c.ping(200, "machine.test", c.value("access_token"))
	c.finish(50)

	form.Set("scope", strings.Join(c.facts.Scopes, " "))
	c.form(400, "machine.test/token", form)
	want := fmt.Sprintf("token request: parameter scope: want %q, got %q",
		strings.Join(c.facts.Scopes, ","), strings.Join(c.facts.Scopes, " "))
	if refused := c.s.Refusals(); len(refused) != 1 || refused[0] != want {
		t.Errorf("refused with %q, want %q", refused, want)
	}
}

func TestParametersInTheQuery(t *testing.T) {
	c := start(t, "query", false)
	c.send(200, "POST", "query.test/token?grant_type=client_credentials", "",
		"Authorization", basic(c.facts.ClientID, c.facts.ClientSecret))
	if !strings.Contains(c.text, `"expires_in":10000`) {
		t.Errorf("answered %s", c.text)
	}
	c.get(200, "query.test/ping?shop="+url.QueryEscape(c.facts.Config["shop"]), "Authorization", "Bearer "+c.value("access_token"))
	c.finish(40)
}

func TestClientCertificate(t *testing.T) {
	c := start(t, "mutual", false)
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.facts.ClientID},
		"client_secret": {c.facts.ClientSecret}}
	c.form(200, "mutual.test/token", form)
	c.ping(200, "mutual.test", c.value("access_token"))
	c.finish(40)
}

// jwt signs header and claims with a key: RSA, EC or the text of an HMAC secret.
func (c *client) jwt(key any, header, claims map[string]any) string {
	c.t.Helper()
	parts := []string{}
	for _, part := range []any{header, claims} {
		text, err := json.Marshal(part)
		if err != nil {
			c.t.Fatal(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(text))
	}
	text := strings.Join(parts, ".")
	digest := sha256.Sum256([]byte(text))
	var signature []byte
	switch key := key.(type) {
	case *rsa.PrivateKey:
		signature, _ = key.Sign(rand.Reader, digest[:], crypto.SHA256)
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			c.t.Fatal(err)
		}
		signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case []byte:
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(text))
		signature = mac.Sum(nil)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestPrivateKeyJWT(t *testing.T) {
	for _, withID := range []bool{false, true} {
		c := start(t, "asserted", false)
		claims := map[string]any{"iss": c.facts.ClientID, "sub": c.facts.ClientID, "aud": c.facts.Base + "/asserted.test/token",
			"iat": c.now.Unix(), "exp": c.now.Add(time.Minute).Unix(), "jti": aUUID}
		form := url.Values{"grant_type": {"client_credentials"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			"client_assertion":      {c.jwt(c.privateKey(c.facts.PrivateKey), map[string]any{"alg": "RS256", "typ": "JWT"}, claims)}}
		if withID {
			form.Set("client_id", c.facts.ClientID)
		}
		c.form(200, "asserted.test/token", form)
		c.ping(200, "asserted.test", c.value("access_token"))
		c.finish(80)
	}
}

func TestNestedBodyAndAbsoluteExpiry(t *testing.T) {
	c := start(t, "nested", false)
	name := c.facts.Credentials["name"]
	body := fmt.Sprintf(`{"login": {"level": 3, "name": %q, "remember": false, "site": {"url": ""}}}`, name)
	c.json(200, "nested.test/signin", body, "Accept", "application/json")
	until, err := time.Parse(time.RFC3339, c.value("login", "until"))
	if err != nil || until.Sub(c.now.Add(life)).Abs() > time.Millisecond {
		t.Errorf("until %v: %v", until, err)
	}
	token := base64.StdEncoding.EncodeToString([]byte(name + ":" + c.value("login", "token")))
	c.get(200, "nested.test/ping", "Authorization", "Custom "+token)
	c.finish(60)
}

func TestHashedHeaders(t *testing.T) {
	c := start(t, "hashed", false)
	key, date := c.facts.Credentials["key"], c.now.UTC().Format("2006-01-02T15:04:05")
	signed := sha256.Sum256([]byte(base64.StdEncoding.EncodeToString([]byte(aUUID + date + key))))
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(aUUID))
	c.get(200, "hashed.test/auth?id="+url.QueryEscape(c.facts.Credentials["id"]), "x-id", aUUID, "x-date", date,
		"x-sig", hex.EncodeToString(signed[:]), "x-mac", hex.EncodeToString(mac.Sum(nil)))
	token := c.text
	signed = sha256.Sum256([]byte("/hashed.test/ping" + key))
	c.get(200, "hashed.test/ping", "x-token", token, "x-sig", hex.EncodeToString(signed[:]))
	c.finish(45)
}

func TestXML(t *testing.T) {
	c := start(t, "xml", false)
	var user strings.Builder
	if err := xml.EscapeText(&user, []byte(c.facts.Credentials["user"])); err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`<?xml version="1.0"?>
		<request>
			<control><id>%s</id><unique>false</unique></control>
			<function id="%s"><login><user>%s</user></login><get/></function>
		</request>`, c.now.UTC().Format(time.RFC3339), aUUID, user.String())
	c.send(200, "POST", "xml.test/gate", body, "Content-Type", "application/xml")
	var answer struct {
		Session string `xml:"data>session"`
	}
	if err := xml.Unmarshal([]byte(c.text), &answer); err != nil {
		t.Fatal(err)
	}
	c.ping(200, "xml.test", answer.Session)
	c.finish(60)
}

func TestCookies(t *testing.T) {
	c := start(t, "cookies", false)
	c.json(200, "cookies.test/Login", fmt.Sprintf(`{"User": %q}`, c.facts.Credentials["user"]))
	got := []string{}
	for _, cookie := range c.answer.Cookies() {
		got = append([]string{cookie.Name + "=" + cookie.Value}, got...)
	}
	c.get(200, "cookies.test/ping", "Cookie", strings.Join(got, "; "))
	c.now = c.now.Add(life)
	c.get(401, "cookies.test/ping", "Cookie", strings.Join(got, "; "))
	c.finish(40)
}

func TestRefreshWithoutOAuth(t *testing.T) {
	c := start(t, "renewing", false)
	c.send(200, "POST", "renewing.test/login", "", "Authorization", "Bearer "+c.facts.Credentials["key"])
	account := c.value("account")
	c.json(200, "renewing.test/renew", fmt.Sprintf(`{"Refresh": %q}`, c.value("Refresh")), "X-Refresh", c.value("Refresh"))
	c.get(200, "renewing.test/ping?"+url.Values{"account": {account}, "token": {c.value("Token")}}.Encode())
	c.finish(50)
}

func TestTwoRequestsWithAnAssertion(t *testing.T) {
	c := start(t, "steps", false)
	claims := map[string]any{"iss": c.facts.Credentials["id"], "aud": []string{"https://steps.test"}, "jti": aUUID,
		"iat": c.now.Unix(), "exp": c.now.Add(time.Minute).Unix()}
	header := map[string]any{"alg": "ES256", "kid": c.facts.Credentials["kid"]}
	assertion := c.jwt(c.privateKey(c.facts.AssertionOption["key"]), header, claims)
	c.form(200, "steps.test/token", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
		"assertion": {assertion}})
	c.form(200, c.value("instance")+"/second", url.Values{"subject": {c.value("access_token")}}, "X-Step", "2")
	c.ping(200, "steps.test", c.value("session"))
	c.finish(80)
}

func TestTokenThatIsMade(t *testing.T) {
	c := start(t, "made", false)
	id, secret, _ := strings.Cut(c.facts.Credentials["privateKey"], ":")
	key, err := hex.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	token := func() string {
		return c.jwt(key, map[string]any{"alg": "HS256", "kid": id, "typ": "JWT"},
			map[string]any{"aud": "/admin/", "iat": c.now.Unix(), "exp": c.now.Add(5 * time.Minute).Unix()})
	}
	first := token()
	c.get(200, "made.test/admin/ping", "Authorization", "Made "+first)
	c.now = c.now.Add(life)
	c.get(401, "made.test/admin/ping", "Authorization", "Made "+first)
	c.get(200, "made.test/admin/ping", "Authorization", "Made "+token())
	c.finish(40)
}

func TestWSSE(t *testing.T) {
	c := start(t, "wsse", false)
	const nonce = "0123456789abcdef0123456789abcdef"
	created := c.now.UTC().Format(time.RFC3339)
	sum := sha1.Sum([]byte(nonce + created + c.facts.Credentials["password"]))
	digest := base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(sum[:])))
	c.get(200, "wsse.test/ping", "X-WSSE", fmt.Sprintf(`UsernameToken Username="%s", PasswordDigest="%s", Nonce="%s", Created="%s"`,
		c.facts.Credentials["username"], digest, nonce, created))
	c.finish(15)
}

func TestSAML(t *testing.T) {
	c := start(t, "saml", false)
	c.form(200, "saml.test/token", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:saml2-bearer"},
		"assertion": {c.facts.Credentials["assertion"]}})
	c.ping(200, "saml.test", c.value("access_token"))
	c.finish(45)
}

func TestKindsByTheirOwnNames(t *testing.T) {
	c := start(t, "bills", false)
	f := c.facts.Credentials
	c.json(200, "bills.test/login", fmt.Sprintf(`{"username": %q, "password": %q, "organizationId": %q, "devKey": %q}`,
		f["username"], f["password"], f["organizationId"], f["devKey"]))
	c.get(200, "bills.test/ping", "devKey", f["devKey"], "sessionId", c.value("sessionId"))
	c.finish(60)

	c = start(t, "custom", false)
	c.json(200, "custom.test/authenticate", fmt.Sprintf(`{"username": %q, "password": %q}`, c.facts.ClientID, c.facts.ClientSecret))
	c.ping(200, "custom.test", c.value("jwt"))
	c.finish(40)
}

func TestAlternativesAndRedirectedCalls(t *testing.T) {
	for sparse, host := range map[bool]string{false: "own.forwarded.example", true: "forwarded.test"} {
		c := start(t, "forwarded", sparse)
		c.form(200, host+"/token", url.Values{"grant_type": {"password"}, "username": {c.facts.Credentials["username"]}})
		token := c.value("access_token")
		c.ping(307, "forwarded.test", token)
		to, err := c.answer.Location()
		if err != nil {
			t.Fatal(err)
		}
		c.get(200, to.String(), "Authorization", "Bearer "+token)
		c.finish(50)
	}
}
