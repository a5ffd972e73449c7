package interop_test

import (
	"crypto/ecdsa"
	"net/http"
	"testing"
	"time"
)

// bound asks for a token of the client that is bound to the key, and answers the server's wish for a nonce.
func boundToKey(t *testing.T, s *oidcServer, client string, key *ecdsa.PrivateKey) answer {
	t.Helper()
	p := proof{key: key, method: http.MethodPost, url: s.Issuer + "/token"}
	got := post(t, http.DefaultClient, p.url, clientCredentials, basic(client, secretOf(client)), proven(t, p))
	if got.text("error") == "use_dpop_nonce" {
		p.nonce = got.Header.Get("DPoP-Nonce")
		got = post(t, http.DefaultClient, p.url, clientCredentials, basic(client, secretOf(client)), proven(t, p))
	}
	return issued(t, got, "DPoP")
}

func TestOIDCDPoP(t *testing.T) {
	s := startOIDC(t)
	key := newProofKey()
	token := boundToKey(t, s, "robot-dpop", key).text("access_token")
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		p := proof{key: key, method: method, url: s.Issuer + "/api/ping", token: token}
		got := send(t, http.DefaultClient, method, p.url+"?n=1", nil, proven(t, p)) // htu has no query (RFC 9449 4.2)
		if got.Status != http.StatusOK || got.text("name") != "robot-dpop" || got.text("method") != method {
			t.Errorf("the API answered %d %v", got.Status, got.Body)
		}
	}
}

func TestOIDCWithoutAProof(t *testing.T) {
	s := startOIDC(t)
	refused(t, s.ask(t, clientCredentials, basic("robot-dpop", secretOf("robot-dpop"))), 400, "invalid_grant")
	token := boundToKey(t, s, "robot-dpop", newProofKey()).text("access_token")
	refused(t, s.ping(t, bearer(token)), 401, "invalid_token")
	refused(t, s.ping(t, header("Authorization", "DPoP "+token)), 401, "invalid_dpop_proof")
	plain := issued(t, s.ask(t, clientCredentials, basic(robotID, robotSecret)), "Bearer").text("access_token")
	p := proof{key: newProofKey(), method: http.MethodGet, url: s.Issuer + "/api/ping", token: plain}
	refused(t, get(t, http.DefaultClient, p.url, proven(t, p)), 401, "invalid_token")
}

func TestOIDCWrongProofs(t *testing.T) {
	s := startOIDC(t)
	key := newProofKey()
	token := boundToKey(t, s, "robot-dpop", key).text("access_token")
	seen := unique()
	good := proof{key: key, method: http.MethodGet, url: s.Issuer + "/api/ping", token: token}
	once := good
	once.wrong = map[string]any{"jti": seen}
	if got := get(t, http.DefaultClient, once.url, proven(t, once)); got.Status != http.StatusOK {
		t.Fatalf("a good proof got %d %v", got.Status, got.Body)
	}
	for name, wrong := range map[string]map[string]any{
		"another method": {"htm": "POST"},
		"another place":  {"htu": s.Issuer + "/api/stock/ping"},
		"a query":        {"htu": s.Issuer + "/api/ping?n=1"},
		"another token":  {"ath": hash("another")},
		"no token":       {"ath": nil},
		"old":            {"iat": time.Now().Add(-time.Hour).Unix()},
		"seen before":    {"jti": seen},
	} {
		t.Run(name, func(t *testing.T) {
			p := good
			p.wrong = wrong
			refused(t, get(t, http.DefaultClient, p.url, proven(t, p)), 401, "invalid_dpop_proof")
		})
	}
	t.Run("another key", func(t *testing.T) {
		p := good
		p.key = newProofKey()
		refused(t, get(t, http.DefaultClient, p.url, proven(t, p)), 401, "invalid_dpop_proof")
	})
	for name, wrong := range map[string]map[string]any{
		"another method at the token endpoint": {"htm": "GET"},
		"another place at the token endpoint":  {"htu": s.Issuer + "/api/ping"},
	} {
		t.Run(name, func(t *testing.T) {
			p := proof{key: key, method: http.MethodPost, url: s.Issuer + "/token", wrong: wrong}
			got := post(t, http.DefaultClient, p.url, clientCredentials, basic("robot-dpop", secretOf("robot-dpop")), proven(t, p))
			refused(t, got, 400, "invalid_dpop_proof")
		})
	}
}

// Nonces (RFC 9449 8 and 9): the token endpoint has one, and the API another, which may end at any time.
func TestOIDCNonces(t *testing.T) {
	s := startOIDC(t)
	key := newProofKey()
	first := proof{key: key, method: http.MethodPost, url: s.Issuer + "/token"}
	wanting := s.ask(t, clientCredentials, basic("robot-dpop-nonce", secretOf("robot-dpop-nonce")), proven(t, first))
	refused(t, wanting, 400, "use_dpop_nonce")
	theirs := wanting.Header.Get("DPoP-Nonce")
	token := boundToKey(t, s, "robot-dpop-nonce", key).text("access_token")
	call := func(nonce string) answer {
		p := proof{key: key, method: http.MethodGet, url: s.Issuer + "/api/ping", token: token, nonce: nonce}
		return get(t, http.DefaultClient, p.url, proven(t, p))
	}
	for _, nonce := range []string{"", theirs} {
		got := call(nonce)
		refused(t, got, 401, "use_dpop_nonce")
		if theirs == "" || got.Header.Get("DPoP-Nonce") == theirs || got.Header.Get("DPoP-Nonce") == "" {
			t.Errorf("nonces %q and %q", theirs, got.Header.Get("DPoP-Nonce"))
		}
		if next := call(got.Header.Get("DPoP-Nonce")); next.Status != http.StatusOK {
			t.Errorf("with the nonce the API answered %d %v", next.Status, next.Body)
		}
		s.renounce(t, s.Issuer)
		refused(t, call(got.Header.Get("DPoP-Nonce")), 401, "use_dpop_nonce")
	}
}

// A public client's refresh token is bound to the key too (RFC 9449 5).
func TestOIDCBoundRefreshToken(t *testing.T) {
	s := startOIDC(t)
	key, verifier := newProofKey(), unique()+unique()
	p := proof{key: key, method: http.MethodPost, url: s.Issuer + "/token"}
	asked := challenged("app-public-dpop", verifier)
	code := browse(t, s.Issuer+"/auth?"+asked.Encode()).Query().Get("code")
	first := issued(t, s.ask(t, exchange("app-public-dpop", code, "code_verifier", verifier), proven(t, p)), "DPoP")
	other := p
	other.key = newProofKey()
	refused(t, s.ask(t, refreshing("app-public-dpop", first), proven(t, other)), 400, "invalid_grant")
	second := issued(t, s.ask(t, refreshing("app-public-dpop", first), proven(t, p)), "DPoP")
	call := proof{key: key, method: http.MethodGet, url: s.Issuer + "/api/ping", token: second.text("access_token")}
	if got := get(t, http.DefaultClient, call.url, proven(t, call)); got.text("subject") != person {
		t.Errorf("the API answered %d %v", got.Status, got.Body)
	}
}
