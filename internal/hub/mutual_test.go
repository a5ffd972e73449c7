package hub_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
)

// pair makes a client's certificate, which is its own authority, and its key.
func pair(t *testing.T, name string) (certificate *x509.Certificate, certificatePEM, keyPEM string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if certificate, err = x509.ParseCertificate(raw); err != nil {
		t.Fatal(err)
	}
	return certificate, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

const mutualDocument = `{"openapi": "3.1.0", "info": {"title": "Vault", "version": "1"}, "servers": [{"url": %[1]q}],
	"paths": {
		"/by-certificate": {"get": {"operationId": "byCertificate", "security": [{"mtls": []}]}},
		"/by-both": {"get": {"operationId": "byBoth", "security": [{"mtls": [], "oauth": []}]}}},
	"components": {"securitySchemes": {"mtls": {"type": "mutualTLS"},
		"oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "%[1]s/token", "scopes": {}}}}}}}`

// TestMutualTLS: a client certificate authenticates calls, and token requests show it too (failure mode 42).
func TestMutualTLS(t *testing.T) {
	known, certificate, key := pair(t, "carnet")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.TLS.PeerCertificates[0].Subject.CommonName
		switch {
		case r.URL.Path == "/token":
			fmt.Fprintf(w, `{"access_token": "token-of-%s", "expires_in": 3600}`, name)
		case r.URL.Path == "/by-both" && r.Header.Get("Authorization") != "Bearer token-of-"+name:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `%q`, name)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
	server.TLS.ClientCAs.AddCert(known)
	server.StartTLS()
	t.Cleanup(server.Close)
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	c := carnettest.New(t)
	if _, err := c.ImportModel(t.Context(), api.ModelRequest{Model: fmt.Appendf(nil, mutualDocument, server.URL)}); err != nil {
		t.Fatal(err)
	}
	s := &story{c, t, nil, server.URL}
	for _, name := range []string{"scheme", "section", "wrong", "plain"} {
		if _, err := c.CreateIntegration(t.Context(), api.Integration{Name: name, Model: "Vault:1"}); err != nil {
			t.Fatal(err)
		}
		s.set(name, map[string]string{"oauth.client_id": "me"})
	}
	if _, err := c.RunOperation(t.Context(), "scheme", "byCertificate", api.Task{}); !fault.Is(err, fault.Invalid) || !strings.Contains(fault.HintOf(err), "mtls.certificate, mtls.key:") {
		t.Errorf("without a certificate: %v, %s", err, fault.HintOf(err))
	}
	s.set("scheme", map[string]string{"mtls.ca": authority, "mtls.certificate": certificate})
	s.set("scheme", map[string]string{"mtls.key": key})
	s.set("section", map[string]string{"tls.ca": authority, "tls.certificate": certificate, "tls.key": key})
	for _, name := range []string{"scheme", "section"} {
		for _, operation := range []string{"byCertificate", "byBoth"} {
			result, err := c.RunOperation(t.Context(), name, operation, api.Task{})
			if err != nil || result.Status != http.StatusOK || string(result.Data) != `"carnet"` {
				t.Errorf("%s %s: %d %s %v", name, operation, result.Status, result.Data, err)
			}
		}
	}
	shown, err := c.Integration(t.Context(), "scheme")
	all, _ := json.Marshal(shown)
	if err != nil || strings.Contains(string(all), "PRIVATE KEY") || !strings.Contains(string(all), `"key":"********"`) {
		t.Errorf("shown: %s, %v", all, err)
	}
	_, otherCertificate, otherKey := pair(t, "carnet")
	s.set("wrong", map[string]string{"mtls.ca": authority, "mtls.certificate": otherCertificate, "mtls.key": otherKey})
	_, err = c.RunOperation(t.Context(), "wrong", "byCertificate", api.Task{})
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "ended the TLS connection") || !strings.Contains(fault.HintOf(err), "client certificate") {
		t.Errorf("another's certificate: %v, %s", err, fault.HintOf(err))
	}
	raw, _ := json.Marshal(key)
	if _, err := c.SetIntegration(t.Context(), "wrong", api.Settings{"mtls.key": raw}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "mtls.key") || strings.Contains(err.Error(), "PRIVATE") {
		t.Errorf("another's key: %v", err)
	}
	s.set("plain", map[string]string{"mtls.certificate": certificate, "mtls.key": key, "server.protocol": "http"})
	if _, err := c.RunOperation(t.Context(), "plain", "byCertificate", api.Task{}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "http shows none") {
		t.Errorf("over http: %v", err)
	}
}

// TestDigestAuthentication: HTTP digest (RFC 7616), as an appliance's API wants it: each nonce is good for two requests, counted.
func TestDigestAuthentication(t *testing.T) {
	var asked, challenges, nonces atomic.Int64
	part := func(header, name string) string {
		found := regexp.MustCompile(`[ ,]` + name + `="?([^",]*)"?`).FindStringSubmatch(header)
		if found == nil {
			return ""
		}
		return found[1]
	}
	sum := func(text string) string { s := md5.Sum([]byte(text)); return hex.EncodeToString(s[:]) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		h, stale := r.Header.Get("Authorization"), ""
		nonce, count := part(h, "nonce"), part(h, "nc")
		if body, _ := io.ReadAll(r.Body); h != "" && string(body) != `{"speed":7}` {
			t.Errorf("the body is %q", body)
		}
		secret, request := sum("ada:plant floor:pass:word"), sum(r.Method+":"+r.RequestURI)
		want := sum(strings.Join([]string{secret, nonce, count, part(h, "cnonce"), "auth", request}, ":"))
		if strings.HasPrefix(h, "Digest ") && part(h, "response") == want && part(h, "uri") == r.RequestURI {
			if nonce == fmt.Sprint("n", nonces.Load()) && (count == "00000001" || count == "00000002") {
				io.WriteString(w, `"done"`)
				return
			}
			stale = ", stale=true"
		}
		challenges.Add(1)
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="plant floor", qop="auth,auth-int", algorithm=MD5, nonce="n%d"%s`, nonces.Add(1), stale))
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	c := carnettest.New(t)
	document := fmt.Sprintf(`{"openapi": "3.0.3", "info": {"title": "Plant", "version": "1"}, "servers": [{"url": %q}], "security": [{"digest": []}],
		"paths": {"/motor": {"put": {"operationId": "drive", "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}, "responses": {}}}},
		"components": {"securitySchemes": {"digest": {"type": "http", "scheme": "Digest"}}}}`, server.URL)
	if _, err := c.ImportModel(t.Context(), api.ModelRequest{Model: json.RawMessage(document)}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateIntegration(t.Context(), api.Integration{Name: "plant", Model: "Plant:1"}); err != nil {
		t.Fatal(err)
	}
	s := &story{c, t, nil, server.URL}
	s.set("plant", map[string]string{"username": "ada", "password": "pass:word"})
	drive := func() int {
		result, err := c.RunOperation(t.Context(), "plant", "drive", api.Task{RequestBodyPayload: json.RawMessage(`{"speed":7}`)})
		if err != nil {
			t.Fatal(err)
		}
		return result.Status
	}
	for n := range 5 {
		if status := drive(); status != http.StatusOK {
			t.Errorf("request %d got %d", n, status)
		}
	}
	if asked.Load() != 8 || challenges.Load() != 3 { // a challenge, two; a stale one, two; a stale one, one
		t.Errorf("%d requests, %d challenges", asked.Load(), challenges.Load())
	}
	s.set("plant", map[string]string{"password": "wrong"})
	before := asked.Load()
	if status := drive(); status != http.StatusUnauthorized || asked.Load()-before > 2 {
		t.Errorf("a wrong password got %d after %d requests", status, asked.Load()-before)
	}
}
