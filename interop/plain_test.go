package interop_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// An answer of a server, asked with nothing but net/http.
type answer struct {
	Status int
	Header http.Header
	Body   map[string]any
}

func (a answer) text(member string) string {
	s, _ := a.Body[member].(string)
	return s
}

// fields makes a form of names and values in turn.
func fields(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

// and is a form with more fields.
func and(form url.Values, pairs ...string) url.Values {
	all := url.Values{}
	maps.Copy(all, form)
	maps.Copy(all, fields(pairs...))
	return all
}

// A change is made to a request before it is sent.
type change func(*http.Request)

// basic authenticates a client as RFC 6749 2.3.1 says.
func basic(id, secret string) change {
	return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
}

func header(name, value string) change {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// post sends a form.
func post(t *testing.T, client *http.Client, endpoint string, form url.Values, changes ...change) answer {
	t.Helper()
	changes = append([]change{header("Content-Type", "application/x-www-form-urlencoded")}, changes...)
	return send(t, client, http.MethodPost, endpoint, strings.NewReader(form.Encode()), changes...)
}

func get(t *testing.T, client *http.Client, address string, changes ...change) answer {
	t.Helper()
	return send(t, client, http.MethodGet, address, nil, changes...)
}

func send(t *testing.T, client *http.Client, method, address string, body io.Reader, changes ...change) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		c(r)
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{Status: response.StatusCode, Header: response.Header}
	if len(data) > 0 && json.Unmarshal(data, &a.Body) != nil {
		t.Fatalf("%s %s answered %s %s", method, r.URL.Path, response.Status, data)
	}
	return a
}

// issued is an answer that has to hold a token of the type.
func issued(t *testing.T, a answer, tokenType string) answer {
	t.Helper()
	if a.Status != http.StatusOK || a.text("access_token") == "" || !strings.EqualFold(a.text("token_type"), tokenType) {
		t.Fatalf("no %s token: %d %v", tokenType, a.Status, a.Body)
	}
	return a
}

// refused is an answer that has to be the error.
func refused(t *testing.T, a answer, status int, code string) {
	t.Helper()
	if a.Status != status || a.text("error") != code {
		t.Errorf("answered %d %v, want %d %s", a.Status, a.Body, status, code)
	}
}

// bearer puts a token on a request.
func bearer(token string) change { return header("Authorization", "Bearer "+token) }

// unique is a text that nobody has used.
func unique() string { return rand.Text() }

// assertion is a client's proof of who it is (RFC 7523 3): signed with the key, for the audience, good for a minute.
func assertion(t *testing.T, alg string, key any, client, audience string) string {
	t.Helper()
	now := time.Now().Unix()
	return sign(t, alg, jose.JSONWebKey{Key: key, KeyID: alg}, nil, map[string]any{
		"iss": client, "sub": client, "aud": audience, "jti": unique(), "iat": now, "exp": now + 60,
	})
}

// asserting is what a client with an assertion sends besides.
func asserting(form url.Values, assertion string) url.Values {
	const kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	return and(form, "client_assertion_type", kind, "client_assertion", assertion)
}

// hash is what a verifier, or a token, is known by (RFC 7636 4.2, RFC 9449 4.2).
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// A proof of possession (RFC 9449 4.2); wrong values replace right ones.
type proof struct {
	key         *ecdsa.PrivateKey
	method, url string
	token       string // empty: none yet
	nonce       string
	wrong       map[string]any
}

func (p proof) text(t *testing.T) string {
	t.Helper()
	claims := map[string]any{"jti": unique(), "htm": p.method, "htu": p.url, "iat": time.Now().Unix()}
	if p.token != "" {
		claims["ath"] = hash(p.token)
	}
	if p.nonce != "" {
		claims["nonce"] = p.nonce
	}
	maps.Copy(claims, p.wrong)
	return sign(t, "ES256", p.key, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"), claims)
}

// proven puts a proof on a request, and the token that it is for.
func proven(t *testing.T, p proof) change {
	t.Helper()
	text := p.text(t)
	return func(r *http.Request) {
		r.Header.Set("DPoP", text)
		if p.token != "" {
			r.Header.Set("Authorization", "DPoP "+p.token)
		}
	}
}
