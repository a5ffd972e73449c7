package outbound_test

import (
	"context"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/outbound"
	"carnet.dev/carnet/internal/seal"
)

// Failure mode 30: the inside network.
func TestPolicy(t *testing.T) {
	prefixes := func(texts ...string) (all []netip.Prefix) {
		for _, text := range texts {
			all = append(all, netip.MustParsePrefix(text))
		}
		return all
	}
	open := outbound.Policy{}
	only := outbound.Policy{Allow: prefixes("10.0.0.0/8"), Deny: prefixes("10.9.0.0/16")}
	for _, test := range []struct {
		policy  outbound.Policy
		address string
		allowed bool
	}{
		{open, "93.184.216.34", true},
		{open, "127.0.0.1", true},
		{open, "::1", true},
		{open, "10.1.2.3", true},
		{open, "169.254.169.254", false},
		{open, "::ffff:169.254.169.254", false}, // mapped
		{open, "64:ff9b::a9fe:a9fe", false},     // NAT64
		{open, "2002:a9fe:a9fe::1", false},      // 6to4
		{open, "::a9fe:a9fe", false},            // IPv4-compatible
		{open, "fe80::1%eth0", false},
		{open, "fd00:ec2::254", false},
		{open, "100.100.100.200", false},
		{open, "0.0.0.0", false},
		{open, "::", false},
		{open, "224.0.0.1", false},
		{only, "10.1.2.3", true},
		{only, "10.9.2.3", false},
		{only, "93.184.216.34", false},
		{only, "2002:0a09:0203::1", false}, // 10.9.2.3
	} {
		if err := test.policy.Check(netip.MustParseAddr(test.address)); (err == nil) != test.allowed {
			t.Errorf("%s: %v", test.address, err)
		}
	}
}

// get asks a URL with a client of these settings.
// TestNamesThatAreNeverAsked is failure mode 46, where a proxy resolves the names.
func TestNamesThatAreNeverAsked(t *testing.T) {
	for name, allowed := range map[string]bool{
		"api.example.com": true, "metadata.example.com": true, "3com.example": true, "localhost": true, "127.0.0.1": true, "": true,
		"metadata.google.internal": false, "METADATA.google.internal.": false, "instance-data": false,
		"2852039166": false, "0xa9fea9fe": false, "0251.0376.0251.0376": false, "169.254.43518": false, "169.254.169.254.": false,
	} {
		if err := (outbound.Policy{}).CheckHost(name); (err == nil) != allowed || err != nil && !fault.Is(err, fault.Denied) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func get(t *testing.T, o outbound.Options, settings outbound.TLS, at string) error {
	t.Helper()
	clients := outbound.New(o)
	t.Cleanup(clients.Close)
	client, err := clients.Client(settings)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		return outbound.Explain(err, "asking")
	}
	answer.Body.Close()
	return nil
}

func TestFailuresAreExplained(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})
	secure := httptest.NewTLSServer(ok)
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = nil
	plain := httptest.NewServer(ok)
	t.Cleanup(plain.Close)
	hang := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hang.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))
	deny := outbound.Options{Policy: outbound.Policy{Deny: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}}}
	for name, test := range map[string]struct {
		options outbound.Options
		tls     outbound.TLS
		url     string
		kind    fault.Kind
		want    string
	}{
		"unknown authority": {url: secure.URL, kind: fault.Unavailable, want: "unknown authority"},
		"wrong name":        {url: strings.Replace(secure.URL, "127.0.0.1", "localhost", 1), tls: outbound.TLS{CA: authority}, kind: fault.Unavailable, want: "another name"},
		"no TLS there":      {url: strings.Replace(plain.URL, "http:", "https:", 1), kind: fault.Unavailable, want: "does not speak TLS"},
		"refused":           {url: "http://" + closed.Addr().String(), kind: fault.Unavailable, want: "connection refused"},
		"no such host":      {url: "http://nobody.invalid/", kind: fault.Unavailable, want: "nobody.invalid"},
		"no answer":         {url: hang.URL, kind: fault.Unavailable, want: "no answer in time"},
		"not allowed":       {options: deny, url: plain.URL, kind: fault.Denied, want: "egress policy"},
		"a name for it":     {options: deny, url: strings.Replace(plain.URL, "127.0.0.1", "localhost", 1), kind: fault.Denied, want: "egress policy"},
		"metadata":          {url: "http://169.254.169.254/", kind: fault.Denied, want: "never allowed"},
		"no authority":      {url: secure.URL, tls: outbound.TLS{CA: "nonsense"}, kind: fault.Invalid, want: "tls.ca"},
		"no key":            {url: secure.URL, tls: outbound.TLS{Certificate: authority, Key: seal.NewSecret("hunter2")}, kind: fault.Invalid, want: "tls.key"},
	} {
		t.Run(name, func(t *testing.T) {
			err := get(t, test.options, test.tls, test.url+"?key=hunter2")
			if !fault.Is(err, test.kind) || !strings.Contains(err.Error(), test.want) || fault.HintOf(err) == "" {
				t.Errorf("got %v (%s), hint %q", err, fault.KindOf(err), fault.HintOf(err))
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the query shows: %v", err)
			}
		})
	}
	for name, settings := range map[string]outbound.TLS{"trusted": {CA: authority}, "insecure": {Insecure: true}} {
		if err := get(t, outbound.Options{}, settings, secure.URL); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/again", http.StatusFound)
	}))
	t.Cleanup(server.Close)
	if err := get(t, outbound.Options{}, outbound.TLS{}, server.URL); err != nil || asked != 1 {
		t.Errorf("asked %d times, %v", asked, err)
	}
}
