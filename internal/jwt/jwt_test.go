package jwt_test

import (
	"crypto"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/jwt"
	"carnet.dev/carnet/internal/seal"
)

const claims = `{"iss":"me","aud":["a","b"],"exp":1893456000,"big":9007199254740993,
 "deep":{"list":[1,[true,null]],"ratio":1.50},"<&>":"é\u2028"}`

// Every algorithm with every sort of key: what is signed can be verified by another library, and by none.
func TestSignedTokensVerify(t *testing.T) {
	secret := []byte("a shared secret which is longer than the sixty-four bytes of a hash")
	for _, signs := range []struct {
		name   string
		key    jwt.Key
		public any
		algs   []string // the first is the default
	}{
		{"RSA", parse(t, pkcs8(rsaKey())), rsaKey().Public(), []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}},
		{"P-256", parse(t, pkcs8(p256())), p256().Public(), []string{"ES256"}},
		{"P-384", parse(t, pkcs8(p384())), p384().Public(), []string{"ES384"}},
		{"P-521", parse(t, pkcs8(p521())), p521().Public(), []string{"ES512"}},
		{"Ed25519", parse(t, pkcs8(ed())), ed().Public(), []string{"EdDSA", "Ed25519"}},
		{"HMAC", must(jwt.HMACKey(seal.NewSecret(string(secret)), "")), secret, []string{"HS256", "HS384", "HS512"}},
	} {
		if got := signs.key.Algorithm(); got != signs.algs[0] {
			t.Errorf("%s: the default algorithm is %s", signs.name, got)
		}
		for _, alg := range append([]string{""}, signs.algs...) {
			token, err := jwt.Sign(signs.key, alg, nil, jsontext.Value(claims))
			if err != nil {
				t.Errorf("%s, %q: %v", signs.name, alg, err)
				continue
			}
			if alg == "" {
				alg = signs.algs[0]
			}
			header, said, err := verify(token.Reveal(), alg, signs.public)
			if err != nil {
				t.Errorf("%s, %s: %v", signs.name, alg, err)
			}
			if string(said) != claims || string(header) != `{"alg":"`+alg+`","typ":"JWT"}` {
				t.Errorf("%s, %s: signed %s with the header %s", signs.name, alg, said, header)
			}
			if alg != "Ed25519" { // which the library does not know
				jws := must(jose.ParseSignedCompact(token.Reveal(), []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)}))
				if said, err := jws.Verify(signs.public); err != nil || string(said) != claims {
					t.Errorf("%s, %s: go-jose reads %s: %v", signs.name, alg, said, err)
				}
			}
		}
	}
}

// The verifier of these tests can say no.
func TestVerifierRefuses(t *testing.T) {
	other := map[string]any{"RS256": rsaKey().Public(), "PS256": rsaKey().Public(), "ES256": p256().Public(), "EdDSA": ed().Public(),
		"HS256": []byte("another secret")}
	for alg, token := range rfcTokens {
		if _, _, err := verify(token, alg, other[alg]); err == nil {
			t.Errorf("%s: a token of RFC 7515 or 8037 verifies with a key that did not sign it", alg)
		}
	}
}

func TestHeader(t *testing.T) {
	plain, named := parse(t, pkcs8(p256())), parse(t, jwk(t, p256(), map[string]any{"kid": "k1"}))
	tests := map[string]struct {
		key    jwt.Key
		alg    string
		header string
		want   string
	}{
		"none":                     {key: plain, want: `{"alg":"ES256","typ":"JWT"}`},
		"empty":                    {key: plain, header: `{}`, want: `{"alg":"ES256","typ":"JWT"}`},
		"its own type":             {key: plain, header: `{"typ":"at+jwt"}`, want: `{"alg":"ES256","typ":"at+jwt"}`},
		"no type":                  {key: plain, header: `{"typ":null}`, want: `{"alg":"ES256"}`},
		"the key's id":             {key: named, want: `{"alg":"ES256","kid":"k1","typ":"JWT"}`},
		"another id":               {key: named, header: `{"kid":"k2"}`, want: `{"alg":"ES256","kid":"k2","typ":"JWT"}`},
		"no id":                    {key: named, header: `{"kid":null}`, want: `{"alg":"ES256","typ":"JWT"}`},
		"an algorithm":             {key: plain, header: `{"alg":"ES256"}`, want: `{"alg":"ES256","typ":"JWT"}`},
		"the same algorithm twice": {key: plain, alg: "ES256", header: `{"alg":"ES256"}`, want: `{"alg":"ES256","typ":"JWT"}`},
		"values survive": {key: plain, header: `{"x5c":["a"],"n":9007199254740993,"o":{"a":[1.50,null,"<&>é"]},"nonce":"n"}`,
			want: `{"alg":"ES256","n":9007199254740993,"nonce":"n","o":{"a":[1.50,null,"<&>é"]},"typ":"JWT","x5c":["a"]}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			token, err := jwt.Sign(test.key, test.alg, jsontext.Value(test.header), jsontext.Value(`{}`))
			if err != nil {
				t.Fatal(err)
			}
			header, _, err := verify(token.Reveal(), "ES256", p256().Public())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(object(test.want), object(string(header))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// object is a JSON object whose numbers keep their text.
func object(text string) (o map[string]any) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&o); err != nil {
		panic(err)
	}
	return o
}

func TestSignRefuses(t *testing.T) {
	const (
		otherAlg = "the header's alg is not the algorithm that the JWT is signed with"
		noHeader = "the header of a JWT is not a JSON object"
		noClaims = "the claims of a JWT are not a JSON object"
		noB64    = "the header of a JWT has no b64 (RFC 7797 7)"
	)
	key := parse(t, pkcs8(p256()))
	tests := map[string]struct {
		key                 jwt.Key
		alg, header, claims string
		want                string
	}{
		"no key":                       {claims: `{}`, want: "there is no private key"},
		"an algorithm of RSA":          {key: key, alg: "RS256", claims: `{}`, want: `the key can't sign with "RS256"`},
		"an algorithm of HMAC":         {key: key, alg: "HS256", claims: `{}`, want: `the key can't sign with "HS256"`},
		"none":                         {key: key, alg: "none", claims: `{}`, want: `the key can't sign with "none"`},
		"an algorithm in lower case":   {key: key, alg: "es256", claims: `{}`, want: `the key can't sign with "es256"`},
		"none in the header":           {key: key, header: `{"alg":"none"}`, claims: `{}`, want: `the key can't sign with "none"`},
		"two algorithms":               {key: key, alg: "ES256", header: `{"alg":"ES384"}`, claims: `{}`, want: otherAlg},
		"an algorithm that is no text": {key: key, header: `{"alg":7}`, claims: `{}`, want: otherAlg},
		"b64":                          {key: key, header: `{"b64":false,"crit":["b64"]}`, claims: `{}`, want: noB64},
		"a list as header":             {key: key, header: `[]`, claims: `{}`, want: noHeader},
		"null as header":               {key: key, header: `null`, claims: `{}`, want: noHeader},
		"a field twice":                {key: key, header: `{"kid":"a","kid":"b"}`, claims: `{}`, want: noHeader},
		"no claims":                    {key: key, want: noClaims},
		"a text as claims":             {key: key, claims: `"a"`, want: noClaims},
		"a claim twice":                {key: key, claims: `{"sub":"a","sub":"b"}`, want: noClaims},
		"half an object":               {key: key, claims: `{"sub":"a"`, want: noClaims},
		"two objects":                  {key: key, claims: `{}{}`, want: noClaims},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			token, err := jwt.Sign(test.key, test.alg, jsontext.Value(test.header), jsontext.Value(test.claims))
			if err == nil || err.Error() != test.want || !fault.Is(err, fault.Invalid) || fault.HintOf(err) == "" || !token.IsZero() {
				t.Errorf("the error is %v (%s), with the hint %q", err, fault.KindOf(err), fault.HintOf(err))
			}
		})
	}
}

func TestSupports(t *testing.T) {
	key := parse(t, pkcs8(rsaKey()))
	for alg, want := range map[string]bool{"": true, "RS256": true, "PS512": true, "ES256": false, "RS1": false, "none": false} {
		err := key.Supports(alg)
		if (err == nil) != want {
			t.Errorf("%q: %v", alg, err)
		}
		if !want && fault.HintOf(err) != "it can with RS256, RS384, RS512, PS256, PS384, PS512" {
			t.Errorf("%q: the hint is %q", alg, fault.HintOf(err))
		}
	}
	if err := (jwt.Key{}).Supports(""); !fault.Is(err, fault.Invalid) {
		t.Errorf("no key: %v", err)
	}
}

// jwk is a key as the library writes it, with further members.
func jwk(t *testing.T, key crypto.Signer, more map[string]any) string {
	t.Helper()
	all := object(string(must(jose.JSONWebKey{Key: key}.MarshalJSON())))
	for name, value := range more {
		all[name] = value
		if value == nil {
			delete(all, name)
		}
	}
	return string(must(json.Marshal(all)))
}
