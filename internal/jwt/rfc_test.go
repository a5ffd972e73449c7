package jwt_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/internal/jwt"
	"carnet.dev/carnet/internal/seal"
)

// The keys and tokens of RFC 7515 A.1 to A.3 and RFC 8037 A.1 and A.4.
const (
	rfcSecret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
	rfcRSA    = `{"kty":"RSA",
 "n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_` +
		`YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxv` +
		`b3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
 "e":"AQAB",
 "d":"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTG` +
		`oVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb` +
		`1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
 "p":"4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t` +
		`7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
 "q":"uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njb` +
		`glfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc"}`
	rfcEC = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
 "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}`
	rfcEd = `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
 "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`

	rfcClaims        = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
	rfcClaimsEncoded = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)

var rfcTokens = map[string]string{
	"HS256": "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + rfcClaimsEncoded + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
	"RS256": "eyJhbGciOiJSUzI1NiJ9." + rfcClaimsEncoded +
		".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1d" +
		"nZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwus" +
		"C-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
	"ES256": "eyJhbGciOiJFUzI1NiJ9." + rfcClaimsEncoded +
		".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
	"EdDSA": "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc." +
		"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
}

func rfcKey(t *testing.T, alg string) (signs jwt.Key, public any) {
	t.Helper()
	switch alg {
	case "HS256":
		return must(jwt.HMACKey(seal.NewSecret(rfcSecret), "base64")), must(base64.RawURLEncoding.DecodeString(rfcSecret))
	case "RS256":
		return parse(t, rfcRSA), publicOf(t, rfcRSA).(*rsa.PublicKey)
	case "ES256":
		return parse(t, rfcEC), publicOf(t, rfcEC).(*ecdsa.PublicKey)
	default:
		return parse(t, rfcEd), publicOf(t, rfcEd).(ed25519.PublicKey)
	}
}

func publicOf(t *testing.T, text string) any {
	t.Helper()
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return key.Public().Key
}

// The RFCs' tokens verify with the RFCs' keys, and so do ours. RS256 gives the same signature every time, and A.2's header is one
// that we make: the token is the same to the last letter.
func TestTokensOfRFC7515AndRFC8037(t *testing.T) {
	for alg, theirs := range rfcTokens {
		key, public := rfcKey(t, alg)
		if _, _, err := verify(theirs, alg, public); err != nil {
			t.Errorf("%s: the RFC's token: %v", alg, err)
		}
		ours, err := jwt.Sign(key, "", jsontext.Value(`{"typ":null}`), jsontext.Value(rfcClaims))
		if err != nil {
			t.Fatal(err)
		}
		if _, claims, err := verify(ours.Reveal(), alg, public); err != nil || string(claims) != rfcClaims {
			t.Errorf("%s: ours: %s: %v", alg, claims, err)
		}
		if alg == "RS256" && ours.Reveal() != theirs {
			t.Errorf("the token of RFC 7515 A.2 is %s", ours.Reveal())
		}
	}
}

// A JWK that lacks the primes is the same key. For this one the first three bases lead to no factor.
func TestKeyOfRFC7515WithoutPrimes(t *testing.T) {
	all := object(rfcRSA)
	delete(all, "p")
	delete(all, "q")
	token, err := jwt.Sign(parse(t, string(must(json.Marshal(all)))), "", jsontext.Value(`{"typ":null}`), jsontext.Value(rfcClaims))
	if err != nil || token.Reveal() != rfcTokens["RS256"] {
		t.Errorf("the token of RFC 7515 A.2 is %s: %v", token.Reveal(), err)
	}
}

// The key is RFC 7517 A.2's, whose public half is that of RFC 7638 3.1; and RFC 8037 A.1 to A.3.
func TestThumbprintsOfRFC7638AndRFC8037(t *testing.T) {
	const key7517 = `{"kty":"RSA","kid":"2011-04-29","alg":"RS256","e":"AQAB",
 "n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3ok` +
		`njhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5` +
		`hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
 "d":"X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLWY2vv7B6NqXSzUvxT0_` +
		`YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy_nHNKroADIkJ46pRUohsXywbReAdYaMwFs9tv8d_cPVY3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu` +
		`4sbg1U2jx4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL-Us2lGVkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q"}`
	for name, test := range map[string]struct{ key, thumbprint, public string }{
		"RFC 7638 3.1": {key: key7517, thumbprint: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		"RFC 8037 A.3": {key: rfcEd, thumbprint: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
			public: `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`},
	} {
		key := parse(t, test.key)
		if got, err := jwt.Thumbprint(key); err != nil || got != test.thumbprint {
			t.Errorf("%s: the thumbprint is %s: %v", name, got, err)
		}
		public, err := jwt.PublicJWK(key)
		if err != nil {
			t.Fatal(err)
		}
		if test.public == "" {
			all := object(test.key)
			test.public = string(must(json.Marshal(map[string]any{"kty": "RSA", "n": all["n"], "e": all["e"]})))
		}
		if diff := cmp.Diff(object(test.public), object(string(public))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
