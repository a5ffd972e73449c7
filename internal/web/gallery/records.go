package gallery

import (
	"time"

	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// A tokened is an integration of the shop, and the record of its token.
type tokened struct {
	name, title string
	settings    map[string]any
	record      token.Record
}

const (
	tokenHost = "login.shop.example"
	life      = 50 * time.Minute
)

// granted is an exchange that brought a token.
func granted(at time.Time, purpose string) token.Exchange {
	return token.Exchange{At: at, Seconds: 0.182, Purpose: purpose, Method: "POST", Host: tokenHost, AuthMethod: "client_secret_basic", Status: 200,
		Outcome: "a token", Rule: "expires_in", Expires: at.Add(life)}
}

// refusal is one that failed.
func refusal(at time.Time, status int, code, outcome string) token.Exchange {
	return token.Exchange{At: at, Seconds: 0.094, Purpose: "token", Method: "POST", Host: tokenHost, AuthMethod: "client_secret_basic", Status: status, Code: code, Outcome: outcome}
}

// by401 says that the API refused a token.
func by401(at time.Time) token.Exchange {
	return token.Exchange{At: at, Purpose: token.PurposeRefused, Outcome: "the API refused the token", Status: 401}
}

// live is a record with a token that was got at a moment and lives for a while.
func live(at time.Time, lasts time.Duration, history ...token.Exchange) token.Record {
	return token.Record{
		Generation: int64(len(history)), Rule: "expires_in", Used: true, AuthMethod: "client_secret_basic", History: history,
		Token: token.Token{AccessToken: seal.NewSecret("a token"), TokenType: "Bearer", Scope: "pets:read pets:write", ExpiresIn: lasts.Seconds(), CreatedAt: at, ExpiresAt: at.Add(lasts)},
	}
}

// failed is a record whose last attempts failed.
func failed(count int, permanent bool, next time.Time, reason, cause, hint string, history ...token.Exchange) token.Record {
	return token.Record{Generation: 3, Used: true, History: history,
		Failure: token.Failure{Count: count, Permanent: permanent, Next: next, Reason: reason, Cause: cause, Hint: hint}}
}

// tokens are the states that a token has, as of now; of broken and waiting, one for each kind of cause.
func tokens(now time.Time) []tokened {
	renewals := func(n int) (all []token.Exchange) {
		for ; n > 0; n-- {
			all = append(all, granted(now.Add(-10*time.Minute-time.Duration(n-1)*40*time.Minute), "token"))
		}
		return all
	}
	with := func(r token.Record, change func(*token.Record)) token.Record { change(&r); return r }
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	all := []tokened{
		{"token-fresh", "a live token, renewed several times", nil, live(ago(10*time.Minute), life, renewals(7)...)},
		{"token-fresh-first", "the first token", nil, live(ago(10*time.Second), life, granted(ago(10*time.Second), "token"))},
		{"token-fresh-unknown", "a token of which nobody knows when it expires", nil, with(live(ago(3*time.Hour), 0, granted(ago(3*time.Hour), "token")), func(r *token.Record) {
			r.Token.ExpiresAt, r.Token.ExpiresIn, r.Rule, r.History[0].Expires = time.Time{}, 0, "", time.Time{}
		})},
		{"token-fresh-typed", "a token that a person typed", nil, with(live(ago(20*time.Minute), 8*time.Hour), func(r *token.Record) { r.Token.Manual, r.Rule, r.Generation = true, token.RuleTyped, 1 })},
		{"token-due", "a token whose renewal is due", nil, live(ago(45*time.Minute), life, granted(ago(45*time.Minute), "token"))},
		{"token-expired", "a token that has expired, and nobody has wanted since", nil, live(ago(26*time.Hour), life, granted(ago(26*time.Hour), "token"))},
		{"token-refused", "tokens that the API has refused", nil, with(live(ago(4*time.Minute), life,
			granted(ago(70*time.Minute), "token"), by401(ago(30*time.Minute)), granted(ago(30*time.Minute), "token"), by401(ago(4*time.Minute)), granted(ago(4*time.Minute), "token")),
			func(r *token.Record) { r.TrustedUntil = now.Add(time.Minute) })},
		{"token-claimed", "a renewal under way", nil, with(live(ago(49*time.Minute), life, granted(ago(49*time.Minute), "token")), func(r *token.Record) {
			r.Claim = token.Claim{ID: "another replica", Seconds: 60, At: ago(2 * time.Second)}
		})},
		{"token-clock", "a service whose clock is off", nil, live(ago(time.Minute), life, with2(granted(ago(time.Minute), "token"), func(e *token.Exchange) { e.Skew = -95 }))},
		{"token-refresh", "a token with a refresh token, which ends soon", map[string]any{"grant_type": "authorizationCode"}, with(live(ago(15*time.Minute), life,
			granted(ago(2*time.Hour), "token"), granted(ago(58*time.Minute), "refresh"), granted(ago(15*time.Minute), "refresh")), func(r *token.Record) {
			r.Token.RefreshToken, r.Token.RefreshExpiresAt, r.Token.RefreshExpiresIn = seal.NewSecret("a refresh token"), now.Add(20*time.Hour), (14 * 24 * time.Hour).Seconds()
			r.Login = token.Login{At: ago(2 * time.Hour), Refreshes: 2}
		})},
		{"token-secret-ends", "a client secret that has ended", map[string]any{"authentication.login.client_secret_expires_at": ago(24 * time.Hour).Format(time.RFC3339)}, live(ago(10*time.Minute), life, renewals(2)...)},
		{"token-connect", "nobody has consented yet", map[string]any{"grant_type": "authorizationCode"}, token.Record{}},
		{"token-device", "nobody has entered the device's code yet", map[string]any{"grant_type": "deviceCode", "authentication.login.device_url": "https://login.shop.example/device"}, token.Record{}},
		{"token-empty", "no token yet, and all that it takes", nil, token.Record{}},
		{"token-cleared", "a token that was cleared", nil, token.Record{Generation: 5, History: renewals(4)}},
	}
	for _, f := range []struct {
		name, cause, hint string
		status            int
		code              string
	}{
		{"service_down", "login.shop.example answered 503 Service Unavailable, a page for people: the service has a problem", "it is asked again later; if it goes on, look at the service's status page, or ask its support", 503, ""},
		{"too_many_requests", "login.shop.example answered 429 Too Many Requests: it wants to be asked less often", "it is asked again later, when it allows that; nothing has to be changed, unless others ask it with the same client", 429, ""},
		{"time_out", "login.shop.example did not answer within 15 s", "the service is slow or a firewall drops the request; it is asked again later. Check the host and port in token_url, and whether this machine may reach it", 0, ""},
	} {
		all = append(all, tokened{"token-waiting-" + f.name, "a passing failure: " + f.name, nil, failed(3, false, now.Add(90*time.Second), f.name, f.cause, f.hint,
			granted(ago(2*time.Hour), "token"), refusal(ago(6*time.Minute), f.status, f.code, f.cause), refusal(ago(4*time.Minute), f.status, f.code, f.cause), refusal(ago(time.Minute), f.status, f.code, f.cause))})
	}
	for _, f := range []struct {
		name, cause, hint string
		status            int
		code              string
	}{
		{"invalid_client", "login.shop.example answered 401 Unauthorized, invalid_client: it does not know this client (tried client_secret_basic, client_secret_post)", "check client_id and client_secret: copied whole, for this host, not expired or replaced; and auth_method if the service wants a certain one", 401, "invalid_client"},
		{"invalid_grant", "login.shop.example answered 400 Bad Request, invalid_grant: the refresh token is no longer accepted: it has expired, was revoked, or somebody else has spent it", "a person has to connect again: carnet integration connect token-broken-invalid_grant; or type a new token", 400, "invalid_grant"},
		{"interaction_required", "login.shop.example answered 400 Bad Request, interaction_required: the service wants to see a person: a new consent, another password, a second factor", "connect again: carnet integration connect token-broken-interaction_required; or use an account that needs no person", 400, "interaction_required"},
		{"invalid_scope", "login.shop.example answered 400 Bad Request, invalid_scope (pets:write is not granted): it does not give this scope to this client", "check scope: spelling, scope_separator, and what the client may have; without a scope many services give their default", 400, "invalid_scope"},
		{"html", "login.shop.example answered 200 OK, a page for people (Sign in to Pet Shop): is that the token URL?", "check token_url: a page for people came, where a token endpoint answers JSON. If it is right, a proxy or a sign-in page stands in front", 200, ""},
		{"no_token", "login.shop.example answered 200 OK, JSON with data.token and data.ttl: none of them is access_token", `if one of them is the token, say which: response={"access_token":"data.token"}; if not, check token_url`, 200, ""},
		{"not_found", "login.shop.example answered 404 Not Found: there is no token endpoint", "correct token_url: its path, and the tenant or realm in it", 404, ""},
		{"no_host", "there is no host login.shop.example", "correct the host in token_url; if it is right, the name server (DNS) of this machine does not know it", 0, ""},
		{"certificate_of_unknown_authority", "the certificate of login.shop.example is signed by an authority that this machine does not know (Shop Internal CA)", "give the certificate of the authority that signed it: tls.ca=@ca.pem", 0, ""},
		{"egress_denied", "login.shop.example is not among the hosts that may be asked", "ask whoever runs the server to allow it", 0, ""},
	} {
		all = append(all, tokened{"token-broken-" + f.name, "broken: " + f.name, nil, failed(1, true, time.Time{}, f.name, f.cause, f.hint,
			granted(ago(70*time.Minute), "token"), refusal(ago(20*time.Minute), f.status, f.code, f.cause))})
	}
	all = append(all, tokened{"token-broken-alive", "a token that is live and can't be renewed", nil, with(live(ago(41*time.Minute), life, granted(ago(41*time.Minute), "token")), func(r *token.Record) {
		r.Failure = failed(1, true, time.Time{}, "invalid_client", "login.shop.example answered 401 Unauthorized, invalid_client: it does not know this client (tried client_secret_basic)",
			"check client_id and client_secret: copied whole, for this host, not expired or replaced").Failure
		r.History = append(r.History, refusal(ago(time.Minute), 401, "invalid_client", "it does not know this client"))
	})})
	return all
}

func with2(e token.Exchange, change func(*token.Exchange)) token.Exchange {
	change(&e)
	return e
}
