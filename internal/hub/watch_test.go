package hub_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/mem"
)

// certificate is a client certificate that ends at a time, and its key, as PEM.
func certificate(t *testing.T, from, until time.Time) (string, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "robot"}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

// TestCredentialsThatEnd is failure mode 45: two replicas share a store for five days, in which a client secret ends. Each day one of
// the two warns, and both count.
func TestCredentialsThatEnd(t *testing.T) {
	keys, err := seal.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		d, began := mem.New(), time.Now()
		var hubs []*hub.Hub
		for range 2 {
			s, err := store.Open(t.Context(), d.Open(), keys)
			if err != nil {
				t.Fatal(err)
			}
			hubs = append(hubs, hub.New(s, hub.Options{}))
		}
		cert, key := certificate(t, began.Add(-80*24*time.Hour), began.Add(10*24*time.Hour)) // of 90 days, it is near from the 18th last on
		document := strings.ReplaceAll(string(carnettest.NewProvider(carnettest.ProviderOptions{}).Document("http://p.example")), "\n", " ")
		m, err := hubs[0].ImportModel(t.Context(), local, api.ModelRequest{Model: []byte(document)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := hubs[0].CreateIntegration(t.Context(), local, api.Integration{Name: "robot", Model: m.Model}); err != nil {
			t.Fatal(err)
		}
		set := func(settings api.Settings) {
			if _, err := hubs[0].SetIntegration(t.Context(), local, "robot", settings); err != nil {
				t.Fatal(err)
			}
		}
		text := func(s string) []byte { return []byte(`"` + strings.ReplaceAll(s, "\n", `\n`) + `"`) }
		set(api.Settings{
			"clientAuth.client_id": text("night"), "clientAuth.client_secret": text("client-secret-2"),
			"clientAuth.client_secret_expires_at": text(began.Add(32 * 24 * time.Hour).Format(time.RFC3339)), // near in two days
			"tls.certificate":                     text(cert), "tls.key": text(key),
		})
		warned, near := map[string]int{}, [2]int{}
		ctx, stop := context.WithCancel(t.Context())
		for i, h := range hubs {
			go h.WatchEndings(ctx, func(all []hub.Ending) { near[i] = len(all) }, func(e hub.Ending) {
				if e.Integration != "robot" || e.Hint == "" || e.Text == "" {
					t.Errorf("warned of %+v", e)
				}
				warned[e.Scheme+" "+e.What]++
			}, func(err error) { t.Error(err) })
		}
		time.Sleep(5*24*time.Hour - time.Minute)
		synctest.Wait()
		stop()
		if warned["clientAuth client_secret"] != 3 || warned[" tls.certificate"] != 5 || len(warned) != 2 || near != [2]int{2, 2} {
			t.Errorf("in five days: %v; near in the end: %v", warned, near)
		}
		e, err := hubs[1].ExplainToken(t.Context(), local, "robot", "clientAuth")
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Advice) != 2 || e.Advice[0].Reason != "client_secret_ends" || !strings.Contains(e.Advice[0].Cause, "27 days") || len(e.Token.Endings) != 2 {
			t.Errorf("explained: %+v, %+v", e.Advice, e.Token.Endings)
		}
		set(api.Settings{"clientAuth.client_secret_expires_at": []byte("0")}) // never
		if e, err = hubs[0].ExplainToken(t.Context(), local, "robot", "clientAuth"); err != nil || len(e.Advice) != 1 {
			t.Errorf("without an end: %+v %v", e.Advice, err)
		}
		for _, h := range hubs {
			h.Close(t.Context())
		}
	})
}
