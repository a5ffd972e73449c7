package interop_test

import (
	"sync"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// Whoever steals a refresh token and spends it after Carnet has ends the family (RFC 9700 4.14.2): the server refuses Carnet's newest
// one too. Carnet finds out with one request, however many callers there are, and says that a person has to connect again.
func TestCarnetReuseEndsTheFamily(t *testing.T) {
	oidc, fosite := startOIDC(t), startFosite()
	const client = "app-public"
	for name, server := range map[string]struct {
		token string
		owner func(string) string
		signs func() answer
		ask   func(*testing.T, answer) answer
		asked func() int
		want  int
	}{
		"oidc-provider": {oidc.Issuer + "/token", introspect(oidc.Issuer), func() answer { return oidcSignsIn(t, oidc) },
			func(t *testing.T, stolen answer) answer { return oidc.ask(t, refreshing(client, stolen)) },
			func() int { return len(oidc.asked(t, oidc.Issuer, client)) }, 1},
		"fosite": {fosite.Token, fosite.owner(t), func() answer { return fositeSignsIn(t, fosite) },
			func(t *testing.T, stolen answer) answer { return fosite.ask(t, refreshing(client, stolen)) },
			func() int { return len(fosite.asked(client)) }, 0}, // which tells of successes alone
	} {
		t.Run(name, func(t *testing.T) {
			tokens := server.signs()
			c := asking(t, server.token, resource(t, server.owner).URL, settings{
				"grant_type": "authorizationCode", "client_id": client, "token.refresh_token": tokens.text("refresh_token"),
			})
			whoami(t, c)
			renewed(t, c)
			whoami(t, c)
			refused(t, server.ask(t, tokens), 400, "invalid_grant")
			before := server.asked()
			for range 2 {
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() {
						if _, err := c.RunOperation(t.Context(), "it", "whoami", api.Task{}); !fault.Is(err, fault.Reconnect) {
							t.Errorf("ran with %v", err)
						}
					})
				}
				all.Wait()
			}
			if n := server.asked() - before; n != server.want {
				t.Errorf("asked %d times, want %d", n, server.want)
			}
		})
	}
}

// oidcSignsIn gets a person's tokens for a client without secret.
func oidcSignsIn(t *testing.T, s *oidcServer) answer {
	t.Helper()
	verifier := unique() + unique()
	code := browse(t, s.Issuer+"/auth?"+challenged("app-public", verifier).Encode()).Query().Get("code")
	return issued(t, s.ask(t, exchange("app-public", code, "code_verifier", verifier)), "Bearer")
}
