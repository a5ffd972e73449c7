package outbound

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"
)

// A Stage is a step on the way to a server, and how it went.
type Stage struct {
	Took   time.Duration
	Done   bool
	Detail string
}

// A Probing is how a server was reached: each stage, and why it went no further.
type Probing struct {
	Resolve, Connect, TLS, Answer Stage
	Err                           error
}

// Probe asks a server for a URL with a connection of its own, by the way that calls go, and without credentials. It reads no more of
// the answer than its status.
func (c *Clients) Probe(ctx context.Context, t TLS, at *url.URL) (p Probing) {
	config, err := t.config()
	if err != nil {
		return Probing{Err: err}
	}
	client := &http.Client{
		Transport:     &transport{next: c.transport(config), agent: c.options.UserAgent, policy: c.options.Policy},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	w := &watch{}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, w.trace(t.Insecure)), http.MethodGet, at.String(), nil)
	if err != nil {
		return Probing{Err: err}
	}
	start := time.Now()
	answer, err := client.Do(r)
	w.mu.Lock()
	defer w.mu.Unlock()
	p = w.seen
	if err != nil {
		p.Err = Explain(err, "reaching "+at.Host)
		return p
	}
	io.CopyN(io.Discard, answer.Body, 1<<10)
	answer.Body.Close()
	p.Answer = Stage{Took: time.Since(later(start, w.ready)), Done: true, Detail: answer.Status}
	return p
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// A watch notes when the stages end. Several addresses may be dialled at once; the first that answers counts.
type watch struct {
	mu                     sync.Mutex
	seen                   Probing
	began, dialled, shaken time.Time
	ready                  time.Time // when the request could be sent
}

func (w *watch) trace(insecure bool) *httptrace.ClientTrace {
	at := func(t *time.Time) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if t.IsZero() {
			*t = time.Now()
		}
	}
	end := func(s *Stage, since *time.Time, err error, detail string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !s.Done {
			*s = Stage{time.Since(*since), err == nil, detail}
			w.ready = time.Now()
		}
	}
	return &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { at(&w.began) },
		DNSDone: func(i httptrace.DNSDoneInfo) {
			detail := ""
			for n, address := range i.Addrs {
				if detail += address.String(); n == 3 {
					break
				}
				if n < len(i.Addrs)-1 {
					detail += ", "
				}
			}
			end(&w.seen.Resolve, &w.began, i.Err, detail)
		},
		ConnectStart:      func(string, string) { at(&w.dialled) },
		ConnectDone:       func(_, address string, err error) { end(&w.seen.Connect, &w.dialled, err, address) },
		TLSHandshakeStart: func() { at(&w.shaken) },
		TLSHandshakeDone:  func(s tls.ConnectionState, err error) { end(&w.seen.TLS, &w.shaken, err, certified(s, insecure, err)) },
	}
}

// certified says what a server's certificate was good for.
func certified(s tls.ConnectionState, insecure bool, err error) string {
	if err != nil || len(s.PeerCertificates) == 0 {
		return ""
	}
	leaf := s.PeerCertificates[0]
	detail := tls.VersionName(s.Version) + ", certificate valid until " + leaf.NotAfter.UTC().Format(time.DateOnly)
	if insecure {
		detail += ", not verified (tls.rejectUnauthorized is false)"
	}
	return detail
}

// IsAddress reports whether a host needs no resolving.
func IsAddress(host string) bool { return net.ParseIP(host) != nil }
