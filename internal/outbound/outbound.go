// Package outbound makes the HTTP clients for everything that Carnet asks of others: calls, token requests, documents. It owns
// TLS settings, the egress policy, time-outs, and what a failed connection is called. It adds no credentials and follows no
// redirects; package call decides about those.
package outbound

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// Options of all clients. The zero Options are the defaults.
type Options struct {
	Policy        Policy
	UserAgent     string        // sent where a request names none; "carnet" by default
	DialTimeout   time.Duration // 10 s by default
	HeaderTimeout time.Duration // until an answer begins; 60 s by default
	// Dial makes connections in place of the network, for tests; the policy can't judge their addresses.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// TLS are the settings of one integration's connections. Texts are PEM.
type TLS struct {
	Insecure    bool   // the server's certificate is not verified
	CA          string // trusted beside the system's
	Certificate string // the client's, with its chain
	Key         seal.Secret
	Section     string // of the settings, whose certificate and key these are, for errors; tls by default
}

// Clients hands out clients. Those with equal TLS settings share their connections.
type Clients struct {
	options Options
	mu      sync.Mutex
	clients map[[sha256.Size]byte]*http.Client
}

const (
	most           = 256 // TLS settings that keep their connections
	maxConnections = 512 // to one host with the same TLS settings; further requests wait for one, instead of using up all sockets
)

// New returns clients with the options.
func New(o Options) *Clients {
	if o.UserAgent == "" {
		o.UserAgent = "carnet"
	}
	if o.DialTimeout <= 0 {
		o.DialTimeout = 10 * time.Second
	}
	if o.HeaderTimeout <= 0 {
		o.HeaderTimeout = time.Minute
	}
	return &Clients{options: o, clients: map[[sha256.Size]byte]*http.Client{}}
}

// Close ends idle connections. Clients handed out go on working.
func (c *Clients) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, client := range c.clients {
		client.CloseIdleConnections()
	}
	clear(c.clients)
}

// Client returns a client with the TLS settings. It follows no redirects, and has no time-out for a whole request: contexts
// have. fault.Invalid names the setting that is wrong.
func (c *Clients) Client(t TLS) (*http.Client, error) {
	key := t.digest()
	c.mu.Lock()
	defer c.mu.Unlock()
	if client, ok := c.clients[key]; ok {
		return client, nil
	}
	config, err := t.config()
	if err != nil {
		return nil, err
	}
	for key, old := range c.clients { // any: making another costs a handshake
		if len(c.clients) < most {
			break
		}
		old.CloseIdleConnections()
		delete(c.clients, key)
	}
	client := &http.Client{
		Transport:     &transport{next: c.transport(config), agent: c.options.UserAgent, policy: c.options.Policy},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c.clients[key] = client
	return client, nil
}

func (c *Clients) transport(config *tls.Config) *http.Transport {
	dialer := &net.Dialer{
		Timeout: c.options.DialTimeout,
		// After name resolution, so that a name can't lead where its address may not.
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return fault.New(fault.Denied, "the egress policy can't judge the address of the connection")
			}
			return c.options.Policy.Check(to.Addr())
		},
	}
	dial, proxy := dialer.DialContext, http.ProxyFromEnvironment
	if c.options.Dial != nil {
		dial, proxy = c.options.Dial, nil
	}
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            dial,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  c.options.HeaderTimeout,
		MaxResponseHeaderBytes: 1 << 20,
		ExpectContinueTimeout:  time.Second, // for bodies that can be sent once: see package call
		MaxConnsPerHost:        maxConnections,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        90 * time.Second,
		ForceAttemptHTTP2:      true,
	}
}

// transport checks what a dialer can't see: with a proxy, which resolves names itself, a target that is an address.
type transport struct {
	next   *http.Transport
	agent  string
	policy Policy
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.policy.CheckHost(r.URL.Hostname()); err != nil {
		return nil, err
	}
	if r.Header.Get("User-Agent") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("User-Agent", t.agent)
	}
	return t.next.RoundTrip(r)
}

// CloseIdleConnections is what http.Client looks for.
func (t *transport) CloseIdleConnections() { t.next.CloseIdleConnections() }

func (t TLS) digest() (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, text := range []string{t.CA, t.Certificate, t.Key.Reveal()} {
		h.Write([]byte(text))
		h.Write([]byte{0})
	}
	if t.Insecure {
		h.Write([]byte{1})
	}
	h.Sum(sum[:0])
	return sum
}

func (t TLS) config() (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: t.Insecure, // the integration's tls.rejectUnauthorized is false
	}
	if t.CA != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM([]byte(t.CA)) {
			return nil, fault.New(fault.Invalid, "tls.ca holds no certificate").WithHint("give it as PEM text")
		}
		config.RootCAs = pool
	}
	if t.Certificate == "" && t.Key.IsZero() {
		return config, nil
	}
	pair, err := tls.X509KeyPair([]byte(t.Certificate), []byte(t.Key.Reveal()))
	if err != nil { // not wrapped: its text may quote the input
		section := cmp.Or(t.Section, "tls")
		return nil, fault.New(fault.Invalid, "%s.certificate and %s.key are not a certificate and its key", section, section).
			WithHint("give both as PEM text; an encrypted key has to be decrypted first")
	}
	// Whatever authorities the server names: it may know the certificate itself (RFC 8705 2.2).
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	return config, nil
}
