package mongo

import (
	"crypto/tls"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// TestWhyNoServerCanBeReached asks servers of another protocol, which is enough for how a connection begins.
func TestWhyNoServerCanBeReached(t *testing.T) {
	start := func(config *tls.Config, begin func(*httptest.Server)) string {
		s := httptest.NewUnstartedServer(nil)
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.TLS = config
		begin(s)
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	for name, test := range map[string]struct{ address, options, message, hint string }{
		"closed":         {closed.Listener.Addr().String(), "", "nothing listens", "the port"},
		"no such host":   {"nowhere.invalid", "", "not known", "DNS"},
		"untrusted":      {start(nil, (*httptest.Server).StartTLS), "&tls=true", "not trusted", "tlsCAFile"},
		"no certificate": {start(&tls.Config{ClientAuth: tls.RequireAnyClientCert}, (*httptest.Server).StartTLS), "&tls=true&tlsInsecure=true", "the database", "tlsCertificateKeyFile"},
		"TLS to plain":   {start(nil, (*httptest.Server).Start), "&tls=true", "hangs up", "tls"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			uri := "mongodb://somebody:hidden@" + test.address + "/carnet?serverSelectionTimeoutMS=500" + test.options
			d, err := Open(t.Context(), seal.NewSecret(uri))
			if err == nil {
				d.Close()
			}
			hint := fault.HintOf(err)
			if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), test.message) || !strings.Contains(hint, test.hint) {
				t.Errorf("got %v (%s)", err, hint)
			}
			for _, part := range []string{"somebody", "hidden", test.address} {
				if strings.Contains(err.Error()+hint, part) {
					t.Errorf("%q is told in %v (%s)", part, err, hint)
				}
			}
		})
	}
}
