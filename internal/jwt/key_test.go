package jwt_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	stdjson "encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/jwt"
	"carnet.dev/carnet/internal/seal"
)

// Each text is the same key in another dress.
func TestParseKeyReads(t *testing.T) {
	rsaPEM, ecPEM := pkcs8(rsaKey()), pkcs8(p256())
	pkcs1 := armour("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey()))
	sec1 := armour("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(p256())))
	parameters := armour("EC PARAMETERS", []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}) // as openssl ecparam writes
	chain := certificate(t, rsaKey())
	noPrimes := map[string]any{"p": nil, "q": nil, "dp": nil, "dq": nil, "qi": nil}
	others := map[string]any{"use": "sig", "key_ops": []string{"sign"}, "ext": true}
	tests := map[string]struct {
		text string
		alg  string
	}{
		"PKCS #8, RSA":                   {rsaPEM, "RS256"},
		"PKCS #1":                        {pkcs1, "RS256"},
		"PKCS #8, EC":                    {ecPEM, "ES256"},
		"SEC 1":                          {sec1, "ES256"},
		"PKCS #8, Ed25519":               {pkcs8(ed()), "EdDSA"},
		"a label that lies":              {strings.ReplaceAll(pkcs1, "RSA PRIVATE", "PRIVATE"), "RS256"},
		"CR LF":                          {strings.ReplaceAll(rsaPEM, "\n", "\r\n"), "RS256"},
		"line breaks lost":               {strings.ReplaceAll(rsaPEM, "\n", ""), "RS256"},
		"line breaks are blanks":         {strings.ReplaceAll(rsaPEM, "\n", " "), "RS256"},
		"line breaks are doubled":        {strings.ReplaceAll(rsaPEM, "\n", "\n\n"), "RS256"},
		`line breaks are \n`:             {strings.ReplaceAll(rsaPEM, "\n", `\n`), "RS256"},
		`line breaks are \r\n`:           {strings.ReplaceAll(rsaPEM, "\n", `\r\n`), "RS256"},
		`line breaks are \\n`:            {strings.ReplaceAll(rsaPEM, "\n", `\\n`), "RS256"},
		"indented":                       {"  " + strings.ReplaceAll(rsaPEM, "\n", "\n    "), "RS256"},
		"quoted":                         {`"` + strings.ReplaceAll(ecPEM, "\n", `\n`) + `"`, "ES256"},
		"padding lost":                   {strings.ReplaceAll(ecPEM, "=", ""), "ES256"},
		"text around":                    {"Bag Attributes\n  friendlyName: mine\n" + rsaPEM + "end", "RS256"},
		"after its parameters":           {parameters + sec1, "ES256"},
		"after its certificates":         {chain + chain + rsaPEM, "RS256"},
		"before its certificates":        {rsaPEM + chain, "RS256"},
		"the first of two":               {ecPEM + rsaPEM, "ES256"},
		"after half a certificate":       {chain[:len(chain)/2] + rsaPEM, "RS256"},
		"JWK, RSA":                       {jwk(t, rsaKey(), nil), "RS256"},
		"JWK, RSA, with an algorithm":    {jwk(t, rsaKey(), map[string]any{"alg": "PS384"}), "PS384"},
		"JWK, RSA, without primes":       {jwk(t, rsaKey(), noPrimes), "RS256"},
		"JWK, EC":                        {jwk(t, p256(), nil), "ES256"},
		"JWK, Ed25519":                   {jwk(t, ed(), nil), "EdDSA"},
		"JWK, Ed25519, by its new name":  {jwk(t, ed(), map[string]any{"alg": "Ed25519"}), "Ed25519"},
		"JWK, with members that we skip": {jwk(t, p256(), others), "ES256"},
		"JWK, with blanks around":        {" \n" + jwk(t, p256(), nil) + "\n", "ES256"},
	}
	publics := map[string]any{"RS": rsaKey().Public(), "PS": rsaKey().Public(), "ES": p256().Public(), "Ed": ed().Public()}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			key := parse(t, test.text)
			token, err := jwt.Sign(key, "", nil, []byte(`{}`))
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := verify(token.Reveal(), test.alg, publics[test.alg[:2]]); err != nil {
				t.Error(err)
			}
		})
	}
	if key := parse(t, jwk(t, p256(), map[string]any{"kid": "k1"})); key.ID() != "k1" || parse(t, ecPEM).ID() != "" {
		t.Error("the JWK's kid is not the key's id")
	}
	for curve, key := range map[string]*ecdsa.PrivateKey{"ES384": p384(), "ES512": p521()} {
		if got := parse(t, jwk(t, key, nil)).Algorithm(); got != curve {
			t.Errorf("a JWK for %s signs with %s", curve, got)
		}
	}
}

func TestParseKeyRefuses(t *testing.T) {
	weak := must(rsa.GenerateKey(rand.Reader, 1024))
	other, ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), jwk(t, p256(), nil)
	otherD := object(jwk(t, other, nil))["d"]
	p224 := must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))
	rsaPEM := pkcs8(rsaKey())
	public := must(x509.MarshalPKIXPublicKey(rsaKey().Public()))
	old := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey()),
		Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00112233445566778899AABBCCDDEEFF"}}))
	const (
		damaged   = "the private key is damaged, or of a sort that is not known"
		encrypted = "the private key is encrypted"
		noRSA     = "the JWK is damaged: its members don't make an RSA key"
		noEC      = "the JWK is damaged: its members don't make an EC key"
		noOKP     = "the JWK is damaged: its members don't make an OKP key"
		notJSON   = "the JWK is not the JSON of one key"
		unfit     = "a JWK of this sort can't sign a JWT"
		noKey     = "there is no private key"
		badSize   = "an RSA key to sign with has 2048 to 16384 bits, and this one "
		isPublic  = "this is a public key, and only the private key signs"
		publicJWK = "this JWK is a public key, and only the private key signs"
		badAlg    = "the JWK's alg is not one that its key signs with"
		neither   = "the private key is neither PEM nor a JWK"
		badSort   = "a private key of this sort can't sign a JWT"
	)
	bare := func(more map[string]any) string { // RSA of n, e and d
		all := map[string]any{"p": nil, "q": nil, "dp": nil, "dq": nil, "qi": nil}
		for name, value := range more {
			all[name] = value
		}
		return jwk(t, rsaKey(), all)
	}
	tests := map[string]struct{ text, want string }{
		"empty":                          {"", noKey},
		"blank":                          {" \n", noKey},
		"a password":                     {"hunter2-hunter2-hunter2", neither},
		"base64 without PEM":             {strings.Join(strings.Split(rsaPEM, "\n")[1:20], ""), neither},
		"too long":                       {strings.Repeat("a", 33<<10), "the private key is longer than 32768 bytes"},
		"PKCS #8, encrypted":             {armour("ENCRYPTED PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey())), encrypted},
		"PKCS #1, encrypted":             {old, encrypted},
		"encrypted, line breaks lost":    {strings.ReplaceAll(old, "\n", ""), encrypted},
		"encrypted, before a plain one":  {old + rsaPEM, encrypted},
		"a public key":                   {armour("PUBLIC KEY", public), isPublic},
		"a public key of PKCS #1":        {armour("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey)), isPublic},
		"a certificate":                  {certificate(t, rsaKey()), "this is a certificate, and only its private key signs"},
		"a request for a certificate":    {armour("CERTIFICATE REQUEST", public), "the PEM text holds no private key"},
		"OpenSSH":                        {armour("OPENSSH PRIVATE KEY", public), "the private key is in OpenSSH's format"},
		"DSA":                            {armour("DSA PRIVATE KEY", public), damaged},
		"PEM of nothing":                 {"-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----", damaged},
		"half a PEM":                     {rsaPEM[:len(rsaPEM)/2], damaged},
		"half a PEM, before a whole one": {rsaPEM[:len(rsaPEM)/2] + rsaPEM, damaged},
		"PEM with a line missing":        {rsaPEM[:300] + rsaPEM[365:], damaged},
		"PEM with letters that are none": {strings.Replace(rsaPEM, "MII", "M*I", 1), damaged},
		"PEM that ends as another":       {strings.Replace(rsaPEM, "END PRIVATE", "END RSA PRIVATE", 1), damaged},
		"weak RSA":                       {pkcs8(weak), badSize + "1024"},
		"weak RSA as a JWK":              {jwk(t, weak, nil), badSize + "1024"},
		"RSA of too many bits":           {large(16400), badSize + "16400"},
		"P-224":                          {pkcs8(p224), badSort},
		"X25519":                         {pkcs8(must(ecdh.X25519().GenerateKey(rand.Reader))), badSort},

		"half a JWK":                       {ec[:len(ec)/2], notJSON},
		"JWK and more":                     {ec + ec, notJSON},
		"JWK with a member twice":          {`{"kty":"EC","kty":"EC"}`, notJSON},
		"JWK with a number as kid":         {jwk(t, p256(), map[string]any{"kid": 7}), notJSON},
		"JWK of nothing":                   {`{}`, "the JWK has no kty"},
		"a set of JWKs":                    {`{"keys":[` + ec + `]}`, "this is a set of JWKs"},
		"a service account":                {`{"private_key":"-----BEGIN"}`, "this is a service account's key file"},
		"JWK, shared":                      {`{"kty":"oct","k":"` + rfcSecret + `"}`, "this JWK is a shared secret, not a private key"},
		"JWK of a sort nobody knows":       {`{"kty":"secret-of-sorts"}`, unfit},
		"JWK on secp256k1":                 {jwk(t, p256(), map[string]any{"crv": "secp256k1"}), unfit},
		"JWK, X25519":                      {jwk(t, ed(), map[string]any{"crv": "X25519"}), unfit},
		"JWK, public RSA":                  {jwk(t, rsaKey(), map[string]any{"d": nil}), publicJWK},
		"JWK, public EC":                   {jwk(t, p256(), map[string]any{"d": nil}), publicJWK},
		"JWK, public Ed25519":              {jwk(t, ed(), map[string]any{"d": nil}), publicJWK},
		"JWK, EC without a point":          {jwk(t, p256(), map[string]any{"x": nil, "y": nil}), "the JWK lacks x"},
		"JWK, EC without y":                {jwk(t, p256(), map[string]any{"y": nil}), "the JWK lacks y"},
		"JWK, RSA without a modulus":       {jwk(t, rsaKey(), map[string]any{"n": nil}), "the JWK lacks n"},
		"JWK, Ed25519 without x":           {jwk(t, ed(), map[string]any{"x": nil}), "the JWK lacks x"},
		"JWK, EC with another's d":         {jwk(t, p256(), map[string]any{"d": otherD}), noEC},
		"JWK, EC, d is 0":                  {jwk(t, p256(), map[string]any{"d": strings.Repeat("A", 43)}), noEC},
		"JWK, EC, d is too large":          {jwk(t, p256(), map[string]any{"d": strings.Repeat("_", 42) + "8"}), noEC},
		"JWK, EC, d is short":              {jwk(t, p256(), map[string]any{"d": "AQAB"}), noEC},
		"JWK, EC, off the curve":           {jwk(t, p256(), map[string]any{"x": otherD}), noEC},
		"JWK, EC, on another curve":        {jwk(t, p256(), map[string]any{"crv": "P-384"}), noEC},
		"JWK, Ed25519 with another's d":    {jwk(t, ed(), map[string]any{"d": otherD}), noOKP},
		"JWK, RSA, without q":              {jwk(t, rsaKey(), map[string]any{"q": nil}), noRSA},
		"JWK, RSA, p is not prime's":       {jwk(t, rsaKey(), map[string]any{"p": otherD}), noRSA},
		"JWK, RSA, not base64":             {jwk(t, rsaKey(), map[string]any{"d": "secret secret!"}), noRSA},
		"JWK, RSA, too large":              {jwk(t, rsaKey(), map[string]any{"n": strings.Repeat("_", 800)}), noRSA},
		"JWK, bare RSA, another's d":       {bare(map[string]any{"d": otherD}), noRSA},
		"JWK, bare RSA, not base64":        {bare(map[string]any{"d": "secret secret!"}), noRSA},
		"JWK, bare RSA, even":              {bare(map[string]any{"n": strings.Repeat("_", 341) + "w"}), noRSA},
		"JWK, bare RSA, d is 0":            {bare(map[string]any{"d": "AA"}), noRSA},
		"JWK, bare RSA, n is 0":            {bare(map[string]any{"n": "AA"}), noRSA},
		"JWK, bare RSA, n is even, d is 0": {bare(map[string]any{"n": "Qg", "d": "AA"}), noRSA},
		"JWK, bare RSA, 11 times 19":       {bare(map[string]any{"n": "0Q", "e": "Bw", "d": "Zw"}), badSize + "8"}, // 2 leads to -1
		"JWK, bare RSA, three primes":      {bare(map[string]any{"n": "aQ", "e": "BQ", "d": "BQ"}), noRSA},
		"JWK, bare RSA, e is 0":            {bare(map[string]any{"e": "AA"}), noRSA},
		"JWK, bare RSA, e and d are 1":     {bare(map[string]any{"e": "AQ", "d": "AQ"}), noRSA},
		"JWK, bare RSA, e is too large":    {bare(map[string]any{"e": "_________w"}), noRSA},
		"JWK, bare RSA, d is beyond n":     {bare(map[string]any{"d": strings.Repeat("_", 342) + "8"}), noRSA},
		"JWK, bare RSA, n is prime":        {bare(map[string]any{"n": "Qw", "e": "BQ", "d": "NQ"}), noRSA},
		"JWK, bare RSA, too large":         {bare(map[string]any{"n": strings.Repeat("_", 800)}), noRSA},
		"JWK for encryption":               {jwk(t, rsaKey(), map[string]any{"alg": "RSA-OAEP"}), badAlg},
		"JWK, RSA with an algorithm of EC": {jwk(t, rsaKey(), map[string]any{"alg": "ES256"}), badAlg},
		"JWK, alg none":                    {jwk(t, rsaKey(), map[string]any{"alg": "none"}), badAlg},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			key, err := jwt.ParseKey(seal.NewSecret(test.text))
			if err == nil || err.Error() != test.want {
				t.Errorf("the error is %v, want %s", err, test.want)
			}
			if !fault.Is(err, fault.Invalid) || fault.HintOf(err) == "" || key != (jwt.Key{}) {
				t.Errorf("it is %s with the hint %q and the key %v", fault.KindOf(err), fault.HintOf(err), key)
			}
			if quoted := quotes(err, test.text); quoted != "" {
				t.Errorf("%v (%s) quotes %q", err, fault.HintOf(err), quoted)
			}
		})
	}
}

// large is an RSA key that is consistent, though its factors are not prime: those would take minutes to find.
func large(bits int) string {
	one, e := big.NewInt(1), big.NewInt(65537)
	for {
		p := must(rand.Int(rand.Reader, new(big.Int).Lsh(one, uint(bits/2))))
		p.SetBit(p, bits/2-1, 1).SetBit(p, bits/2-2, 1).SetBit(p, bits/2-3, 1).SetBit(p, 0, 1)
		q := new(big.Int).SetBit(p, bits/2-3, 0) // no factor in common
		p1, q1 := new(big.Int).Sub(p, one), new(big.Int).Sub(q, one)
		d := new(big.Int).ModInverse(e, new(big.Int).Mul(p1, q1))
		if d == nil {
			continue
		}
		n, inverse := new(big.Int).Mul(p, q), new(big.Int).ModInverse(q, p)
		return armour("RSA PRIVATE KEY", must(asn1.Marshal(struct{ Version, N, E, D, P, Q, DP, DQ, Inverse *big.Int }{
			new(big.Int), n, e, d, p, q, new(big.Int).Mod(d, p1), new(big.Int).Mod(d, q1), inverse})))
	}
}

// quotes returns eight letters of a text in a row that an error shows in any way, or "".
func quotes(err error, text string) string {
	shown := fmt.Sprintf("%v %+v %#v %s", err, err, err, fault.HintOf(err))
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !strings.ContainsRune(letters, r) }) {
		for i := range max(len(word)-7, 0) {
			if strings.Contains(shown, word[i:i+8]) {
				return word[i : i+8]
			}
		}
	}
	return ""
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" // not those of private_key

// A key prints nowhere, neither itself nor inside others.
func TestAKeyPrintsNowhere(t *testing.T) {
	secret := "a shared secret that nobody sees"
	keys := map[string]jwt.Key{
		"RSA": parse(t, jwk(t, rsaKey(), map[string]any{"kid": "name-of-the-key"})), "EC": parse(t, pkcs8(p256())),
		"Ed25519": parse(t, pkcs8(ed())), "HMAC": must(jwt.HMACKey(seal.NewSecret(secret), "")),
	}
	for name, key := range keys {
		holder := struct {
			Public jwt.Key `json:"public"`
			hidden jwt.Key
			list   []any
		}{key, key, []any{key, &key}}
		var out bytes.Buffer
		for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %o %b %c %U %T %p %t %e %08.3f") {
			fmt.Fprintf(&out, verb+verb+verb+verb+"\n", key, &key, holder, &holder)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("said", "key", key, "holder", holder)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("said", "key", key, "holder", holder)
		for _, marshal := range []func(any) ([]byte, error){stdjson.Marshal, func(v any) ([]byte, error) { return json.Marshal(v) }} {
			if b, err := marshal(holder); err != nil || string(b) != `{"public":"********"}` {
				t.Errorf("%s: the JSON is %s: %v", name, b, err)
			}
		}
		shown := out.String()
		for _, content := range [][]byte{[]byte(secret), ed().Seed(), ed(), rsaKey().D.Bytes(), must(p256().Bytes()),
			[]byte("name-of-the-key")} {
			for _, form := range []string{"%s", "%x", "%X", "%d", "%v"} {
				if text := strings.Trim(fmt.Sprintf(form, content), "[]"); strings.Contains(shown, text) {
					t.Errorf("%s: %s is shown in\n%s", name, form, shown)
				}
			}
		}
		if !strings.Contains(shown, seal.Mask) {
			t.Errorf("%s: no mask is shown in\n%s", name, shown)
		}
	}
	if shown := fmt.Sprintf("%v", jwt.Key{}); shown != "" {
		t.Errorf("no key is shown as %q", shown)
	}
}
