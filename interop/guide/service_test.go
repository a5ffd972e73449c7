package guide_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A registry is what the services know of the client, and the client's own files.
type registry struct {
	verify      map[string]any // keys that verify, by algorithm
	files       map[string]string
	certificate tls.Certificate // of the services
	ca          string
}

// registered makes the keys and certificates, once. Simulated time begins in the year 2000.
var registered = sync.OnceValue(func() registry {
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	caKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	serverKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ca := template("authority", true)
	caDER, _ := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	server := template("service", false, "*.example.com", "*.eu-west-1.amazonaws.com")
	serverDER, _ := x509.CreateCertificate(rand.Reader, server, ca, serverKey.Public(), caKey)
	client := template("client", false)
	clientDER, _ := x509.CreateCertificate(rand.Reader, client, ca, rsaKey.Public(), caKey)
	return registry{
		verify: map[string]any{"RS256": rsaKey.Public(), "PS256": rsaKey.Public(), "ES256": ecKey.Public(), "HS256": []byte("s3cret-of-at-least-32-characters")},
		files: map[string]string{"ca.pem": pemOf("CERTIFICATE", caDER), "rsa.pem": pemOf("PRIVATE KEY", rsaKey), "ec.pem": pemOf("PRIVATE KEY", ecKey), "certificate.pem": pemOf("CERTIFICATE", clientDER),
			"password": "pa55word", "assertion.xml.b64": "PHNhbWw-", "subject": "5ubject", "identity": "eyJ.1dentity.c2ln"},
		certificate: tls.Certificate{Certificate: [][]byte{serverDER}, PrivateKey: serverKey},
		ca:          pemOf("CERTIFICATE", caDER),
	}
})

func template(name string, ca bool, hosts ...string) *x509.Certificate {
	from := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	return &x509.Certificate{SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: from.AddDate(100, 0, 0),
		DNSNames: hosts, IsCA: ca, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
}

func pemOf(kind string, what any) string {
	der, ok := what.([]byte)
	if !ok {
		der, _ = x509.MarshalPKCS8PrivateKey(what.(crypto.PrivateKey))
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// trusting is a client that trusts the services.
func trusting() *tls.Config {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(registered().ca))
	return &tls.Config{RootCAs: pool}
}

// secrets writes the client's files, and returns where.
func secrets(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range registered().files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A service is all hosts of an example. It accepts the exchanges of the section that is under way, each once; holes make their order.
type service struct {
	mu       sync.Mutex
	expected []exchange
	given    values // by answers
	seen     values // in requests of this section
	drawn    int
	refusals []string
	server   *http.Server
	pipes    []net.Conn
	conns    chan net.Conn
	done     chan struct{}
}

func newService(t *testing.T) *service {
	s := &service{given: values{}, conns: make(chan net.Conn), done: make(chan struct{})}
	s.server = &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0)}
	config := &tls.Config{Certificates: []tls.Certificate{registered().certificate}, ClientAuth: tls.RequestClientCert, SessionTicketsDisabled: true}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.server.Serve(tls.NewListener(s, config))
	}()
	t.Cleanup(func() { s.cut(); s.server.Close(); <-ended })
	return s
}

// cut ends all connections. A client and a server that close TLS over one pipe at once would each wait for the other to read its
// close_notify, and one for a lock, so that the bubble's time would stand still.
func (s *service) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pipes {
		p.Close()
	}
}

// dial leads to the service, whatever the host.
func (s *service) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	s.mu.Lock()
	s.pipes = append(s.pipes, far)
	s.mu.Unlock()
	select {
	case s.conns <- far:
		return near, nil
	case <-s.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (s *service) Accept() (net.Conn, error) {
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (s *service) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.done:
	default:
		close(s.done)
	}
	return nil
}

// Addr implements net.Listener.
func (s *service) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

// expect begins a section.
func (s *service) expect(all []exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expected, s.seen = append([]exchange{}, all...), values{}
}

// verdict says what was refused, and what has not come.
func (s *service) verdict() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	wrong := s.refusals
	for _, x := range s.expected {
		wrong = append(wrong, "nobody sent "+x.method+" "+x.url)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s", strings.Join(wrong, "\n"))
	}
	return nil
}

// ServeHTTP implements http.Handler.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	var why []string
	for i, x := range s.expected {
		seen, err := x.accepts(r, string(body), s.given, s.seen)
		if err != nil {
			why = append(why, "no "+x.method+" "+x.url+": "+err.Error())
			continue
		}
		s.seen = seen
		s.expected = append(s.expected[:i:i], s.expected[i+1:]...)
		s.answer(w, x)
		return
	}
	s.refusals = append(s.refusals, fmt.Sprintf("%s https://%s%s %s is refused: %s", r.Method, r.Host, r.URL, body, strings.Join(why, "; ")))
	http.Error(w, "this is not in the example", http.StatusBadRequest)
}

// answer answers as the exchange says. Holes that no request of the section had get new values.
func (s *service) answer(w http.ResponseWriter, x exchange) {
	fresh := values{}
	fill := func(text string) string {
		for _, h := range hole.FindAllStringSubmatch(text, -1) {
			if name := h[1]; s.seen[name] == "" && fresh[name] == "" {
				s.drawn++
				fresh[name] = fmt.Sprintf("%s%d", name, s.drawn)
				s.given[name] = fresh[name]
			}
		}
		return s.seen.filled(s.given.filled(text))
	}
	for _, h := range x.answer {
		w.Header().Add(h[0], fill(h[1]))
	}
	body := fill(x.answerBody)
	if w.Header().Get("Content-Type") == "" && strings.HasPrefix(body, "{") {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(x.status)
	io.WriteString(w, body)
}
