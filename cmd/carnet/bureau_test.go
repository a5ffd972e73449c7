package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A bureau is id.example.com, which gives tokens, api.example.com, which takes them, and www.example.com, which has pages for people. Commands
// reach them over it as their proxy.
type bureau struct {
	hosts       http.Server
	connections chan net.Conn
}

// newBureau starts one, and returns what has to be in the environment of commands.
func newBureau(t *testing.T, dir string) []string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bureau"}, DNSNames: []string{"*.example.com"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600); err != nil {
		t.Fatal(err)
	}
	b := &bureau{connections: make(chan net.Conn)}
	b.hosts.Handler = http.HandlerFunc(b.serve)
	own := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}}
	go b.hosts.Serve(tls.NewListener(b, own))
	proxy := httptest.NewServer(http.HandlerFunc(b.connect))
	t.Cleanup(func() { proxy.Close(); close(b.connections) })
	return []string{"HTTPS_PROXY=" + proxy.URL, "SSL_CERT_FILE=" + ca}
}

// connect is the proxy.
func (b *bureau) connect(w http.ResponseWriter, r *http.Request) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil || r.Method != http.MethodConnect {
		return
	}
	io.WriteString(connection, "HTTP/1.1 200 OK\r\n\r\n")
	b.connections <- connection
}

// Accept implements net.Listener.
func (b *bureau) Accept() (net.Conn, error) {
	if c, ok := <-b.connections; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

// Close implements net.Listener.
func (b *bureau) Close() error { return nil }

// Addr implements net.Listener.
func (b *bureau) Addr() net.Addr { return &net.UnixAddr{Name: "bureau"} }

func (b *bureau) serve(w http.ResponseWriter, r *http.Request) {
	switch r.Host {
	case "id.example.com":
		w.Header().Set("Content-Type", "application/json")
		b.token(w, r)
	case "api.example.com":
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"things":[]}`)
	default:
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!DOCTYPE html><title>Welcome</title>")
	}
}

// token is the token endpoint. Its clock is seven minutes ahead where it reads a signature.
func (b *bureau) token(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	id, secret, _ := r.BasicAuth()
	switch {
	case r.PostForm.Has("client_assertion"):
		w.Header().Set("Date", time.Now().Add(7*time.Minute).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"error":"invalid_client","error_description":"the assertion has expired"}`)
	case r.PostForm.Get("grant_type") == "refresh_token":
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":"invalid_grant"}`)
	case id == "me" && secret == "s3cret":
		fmt.Fprintf(w, `{"access_token":%q,"expires_in":3600}`, rand.Text())
	default:
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"error":"invalid_client"}`)
	}
}
