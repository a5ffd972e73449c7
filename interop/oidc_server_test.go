package interop_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// An oidcServer is oidc-provider with an API (oidc/). Its clients are in oidc/clients.js. Both issuers know the same clients, and
// neither knows the other's tokens. The one with TLS asks for client certificates.
type oidcServer struct {
	Issuer    string `json:"issuer"`
	TLSIssuer string `json:"tlsIssuer"`

	CA         string          `json:"-"` // PEM; who signed the server's certificate
	TLSClient  tls.Certificate `json:"-"` // of robot-tls
	SelfSigned tls.Certificate `json:"-"` // of robot-selfsigned
	life       io.Closer       // the server's standard input: it lives as long
}

// secretOf is the secret of those clients in oidc/clients.js that have one made of their name.
func secretOf(client string) string { return "secret of " + client + ", long enough to sign with" }

// startOIDC returns the server, one for all tests. It ends with the test binary.
func startOIDC(t *testing.T) *oidcServer {
	t.Helper()
	s, err := oidcOnce()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var oidcOnce = sync.OnceValues(func() (*oidcServer, error) {
	if err := install("oidc"); err != nil {
		return nil, err
	}
	s := &oidcServer{
		CA:        pemOfCertificate(theAuthority().certificate),
		TLSClient: theAuthority().issue("robot-tls"), SelfSigned: selfSigned("robot-selfsigned"),
	}
	server := exec.Command("node", "oidc/server.js")
	server.Stderr = os.Stderr
	stdin, err := server.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	s.life = stdin
	if err := json.NewEncoder(stdin).Encode(s.settings()); err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(stdout); lines.Scan(); { // oidc-provider prints advice before
		if json.Unmarshal(lines.Bytes(), s) == nil {
			go io.Copy(io.Discard, stdout)
			return s, nil
		}
	}
	return nil, fmt.Errorf("oidc-provider did not start: %w", server.Wait())
})

// install gets a folder's npm packages, unless they are there.
func install(folder string) error {
	want, err := os.ReadFile(folder + "/package-lock.json")
	if err != nil {
		return err
	}
	stamp := folder + "/node_modules/.installed"
	if have, err := os.ReadFile(stamp); err == nil && string(have) == string(want) {
		return nil
	}
	npm := exec.Command("npm", "ci", "--silent", "--no-audit", "--no-fund")
	npm.Dir = folder
	if out, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return os.WriteFile(stamp, want, 0o644)
}

// settings are what oidc/server.js reads.
func (s *oidcServer) settings() map[string]any {
	public := map[string]jose.JSONWebKey{}
	for _, alg := range algorithms {
		public[alg] = publicJWK(alg)
	}
	own := theAuthority().issue("localhost")
	return map[string]any{
		"redirectUris": callbacks, "lifetime": 3600, "keys": public, "selfSigned": jwkOfCertificate(s.SelfSigned),
		"tls": map[string]string{"key": pemOf(own.PrivateKey), "certificate": pemOfCertificate(own.Leaf), "authority": s.CA},
	}
}

// ask sends a form to the token endpoint of the issuer without TLS.
func (s *oidcServer) ask(t *testing.T, form url.Values, changes ...change) answer {
	t.Helper()
	return post(t, http.DefaultClient, s.Issuer+"/token", form, changes...)
}

// ping calls the API beside it.
func (s *oidcServer) ping(t *testing.T, changes ...change) answer {
	t.Helper()
	return get(t, http.DefaultClient, s.Issuer+"/api/ping", changes...)
}

// test asks one of the server's routes for tests.
func (s *oidcServer) test(t *testing.T, issuer, route string, query url.Values) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, issuer+"/test/"+route+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := theAuthority().with().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s answered %s: %v", route, answer.Status, err)
	}
	return data
}

// expire ends the client's opaque access tokens before their time.
func (s *oidcServer) expire(t *testing.T, issuer, client string) {
	t.Helper()
	s.test(t, issuer, "expire", fields("client", client))
}

// live counts the client's opaque tokens that are good, access tokens and refresh tokens.
func (s *oidcServer) live(t *testing.T, client string) (n int) {
	t.Helper()
	if err := json.Unmarshal(s.test(t, s.Issuer, "live", fields("client", client)), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// renounce makes the nonce stale that the API wants in proofs.
func (s *oidcServer) renounce(t *testing.T, issuer string) {
	t.Helper()
	s.test(t, issuer, "nonce", nil)
}

// decide says yes or no to a device's code, without a browser.
func (s *oidcServer) decide(t *testing.T, issuer, userCode, yesOrNo string) {
	t.Helper()
	s.test(t, issuer, "device", fields("user_code", userCode, "answer", yesOrNo))
}

// asked lists the client's token requests until now, each as its grant type, or its grant type and its error.
func (s *oidcServer) asked(t *testing.T, issuer, client string) []string {
	t.Helper()
	var grants []struct {
		Grant string
		Error any
	}
	if err := json.Unmarshal(s.test(t, issuer, "grants", fields("client", client)), &grants); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, g := range grants {
		if code, failed := g.Error.(string); failed {
			g.Grant += " " + code
		}
		all = append(all, strings.TrimPrefix(g.Grant, "urn:ietf:params:oauth:grant-type:"))
	}
	return all
}
