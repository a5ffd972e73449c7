package jwt_test

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/jwt"
	"carnet.dev/carnet/internal/seal"
)

// The proof of RFC 9449 7.1, with the access token and the ath of the RFC, and another key.
func TestProof(t *testing.T) {
	request := jwt.ProofFor{Method: "GET", URL: must(url.Parse("https://resource.example.org/protectedresource?page=2#top")),
		Now: time.Unix(1562262618, 999), ID: "e1j3V_bKic8-LAEB"}
	atResource, again := request, request
	atResource.AccessToken = seal.NewSecret("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU")
	again.Nonce = "eyJ7S_zG.eyJH0-Z.HX4w-7v"
	const common = `"jti":"e1j3V_bKic8-LAEB","htm":"GET","htu":"https://resource.example.org/protectedresource","iat":1562262618`
	for name, test := range map[string]struct {
		request jwt.ProofFor
		want    string
	}{
		"at the token endpoint": {request, `{` + common + `}`},
		"with a token":          {atResource, `{` + common + `,"ath":"fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"}`},
		"with a nonce":          {again, `{` + common + `,"nonce":"eyJ7S_zG.eyJH0-Z.HX4w-7v"}`},
	} {
		proof, err := jwt.Proof(parse(t, jwk(t, p256(), map[string]any{"kid": "k1"})), test.request)
		if err != nil {
			t.Fatal(err)
		}
		header, claims, err := verify(proof.Reveal(), "ES256", p256().Public())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		public := object(jwk(t, p256(), map[string]any{"d": nil}))
		if diff := cmp.Diff(map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": public}, object(string(header))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(object(test.want), object(string(claims))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// RFC 9449 4.2: neither query nor fragment; RFC 3986 6.2: one way to write a URL.
func TestProofNamesTheTarget(t *testing.T) {
	for address, want := range map[string]string{
		"https://a.example/token":              "https://a.example/token",
		"https://a.example":                    "https://a.example/",
		"https://a.example?x=1":                "https://a.example/",
		"HTTPS://A.Example:443/Token":          "https://a.example/Token",
		"http://a.example:80/":                 "http://a.example/",
		"http://a.example:443/":                "http://a.example:443/",
		"https://a.example:8443/t?x#y":         "https://a.example:8443/t",
		"https://[::1]:443/t":                  "https://[::1]/t",
		"https://[::1]/t":                      "https://[::1]/t",
		"https://user:password@a.example/t":    "https://a.example/t",
		"https://a.example/a%2Fb/c%20d?":       "https://a.example/a%2Fb/c%20d",
		"https://a.example/%E4%BD%A0//x;v=1/.": "https://a.example/%E4%BD%A0//x;v=1/.",
	} {
		var claims struct{ HTU string }
		readProof(t, jwt.ProofFor{Method: "POST", URL: must(url.Parse(address)), Now: time.Unix(1, 0)}, &claims)
		if claims.HTU != want {
			t.Errorf("%s: htu is %s, want %s", address, claims.HTU, want)
		}
	}
}

// Proofs without an id of the caller's get one each (RFC 9449 4.2: at least 96 bits).
func TestProofsDiffer(t *testing.T) {
	ids := map[string]bool{}
	for range 100 {
		var claims struct{ JTI string }
		readProof(t, jwt.ProofFor{Method: "POST", URL: must(url.Parse("https://a.example/")), Now: time.Unix(1, 0)}, &claims)
		if len(claims.JTI) < 20 {
			t.Fatalf("the id %q is short", claims.JTI)
		}
		ids[claims.JTI] = true
	}
	if len(ids) != 100 {
		t.Errorf("100 proofs have %d ids", len(ids))
	}
}

// What a server sent as a nonce may be anything.
func TestProofRefusesANonceThatIsNoText(t *testing.T) {
	request := jwt.ProofFor{Method: "POST", URL: must(url.Parse("https://a.example/t")), Nonce: "\xff"}
	if proof, err := jwt.Proof(parse(t, pkcs8(p256())), request); !fault.Is(err, fault.Invalid) || !proof.IsZero() {
		t.Errorf("the error is %v", err)
	}
}

func readProof(t *testing.T, p jwt.ProofFor, into any) {
	t.Helper()
	proof, err := jwt.Proof(parse(t, pkcs8(p256())), p)
	if err != nil {
		t.Fatal(err)
	}
	_, claims, err := verify(proof.Reveal(), "ES256", p256().Public())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(claims, into); err != nil {
		t.Fatal(err)
	}
}

// Fresh keys are for proofs, differ, and keep their identity as text.
func TestNewProofKey(t *testing.T) {
	text := jwt.NewProofKey()
	key, same, other := parse(t, text.Reveal()), parse(t, text.Reveal()), parse(t, jwt.NewProofKey().Reveal())
	if key.Algorithm() != "ES256" || key.ID() != "" {
		t.Errorf("the key signs with %s and is called %q", key.Algorithm(), key.ID())
	}
	prints := map[string]bool{}
	for _, k := range []jwt.Key{key, same, other} {
		prints[must(jwt.Thumbprint(k))] = true
	}
	if len(prints) != 2 {
		t.Errorf("two keys, one of them read twice, have %d thumbprints", len(prints))
	}
	proof := must(jwt.Proof(key, jwt.ProofFor{Method: "POST", URL: must(url.Parse("https://a.example/t")), Now: time.Unix(1, 0)}))
	if _, _, err := verify(proof.Reveal(), "ES256", publicOf(t, text.Reveal())); err != nil {
		t.Error(err)
	}
}
