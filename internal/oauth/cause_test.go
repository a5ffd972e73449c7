package oauth

import (
	"os"
	"strings"
	"testing"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/outbound"
)

// noAnswer is the trouble of a request that nobody answered.
func noAnswer(r outbound.Reason) trouble {
	return trouble{purpose: "token", noAnswer: r, err: fault.New(fault.Unavailable, "asking for a token at a.example: no answer in time")}
}

// answered is the trouble of one that was refused with an OAuth error code.
func answered(code, grant string, tried ...string) trouble {
	return trouble{purpose: "token", host: "a.example", status: 400, came: "400 Bad Request", code: code, grant: grant, tried: tried}
}

func withStatus(status int, came string) trouble {
	return trouble{purpose: "token", host: "a.example", status: status, came: came, answer: html, shape: "a page of HTML"}
}

func refreshing(canGrant bool) trouble {
	t := answered("invalid_grant", model.GrantAuthorizationCode)
	t.purpose, t.canGrant = "refresh", canGrant
	return t
}

func came(k kind, shape string, members ...string) trouble {
	return trouble{purpose: "token", host: "a.example", status: 200, came: "200 OK", answer: k, shape: shape, members: members}
}

func behind(t trouble, by time.Duration) trouble {
	t.signs, t.skew = true, by
	return t
}

// TestCauses has a trouble for each row of the table, by the row's name, with words that its sentence and its hint have to hold.
func TestCauses(t *testing.T) {
	discovering := withStatus(404, "404 Not Found")
	discovering.purpose = "discovery"
	redirected := withStatus(302, "302 Found")
	redirected.location = "https://b.example"
	step := withStatus(404, "404 Not Found")
	step.purpose = "step login"
	bare := withStatus(400, "400 Bad Request")
	tests := map[string]struct {
		trouble    trouble
		says, hint string
	}{
		"no_host":                          {noAnswer(outbound.NoHost), "asking for a token", "host in token_url"},
		"name_not_resolved":                {noAnswer(outbound.NotResolved), "asking for a token", "DNS"},
		"time_out":                         {noAnswer(outbound.TimedOut), "no answer in time", "firewall"},
		"connection_refused":               {noAnswer(outbound.Refused), "asking for a token", "host and port in token_url"},
		"network_unreachable":              {noAnswer(outbound.Unreachable), "asking for a token", "network of this machine"},
		"connection_closed":                {noAnswer(outbound.Closed), "asking for a token", "proxy"},
		"no_tls":                           {noAnswer(outbound.NoTLS), "asking for a token", "says https"},
		"certificate_of_unknown_authority": {noAnswer(outbound.UnknownAuthority), "asking for a token", "tls.ca=@ca.pem"},
		"certificate_for_another_name":     {noAnswer(outbound.OtherName), "asking for a token", "use the name"},
		"certificate_expired":              {noAnswer(outbound.CertificateExpired), "asking for a token", "clock"},
		"certificate_invalid":              {noAnswer(outbound.CertificateInvalid), "asking for a token", "has to replace"},
		"tls_handshake_ended":              {noAnswer(outbound.HandshakeEnded), "asking for a token", "tls.certificate and tls.key"},
		"egress_denied":                    {noAnswer(outbound.NotAllowed), "asking for a token", ""},
		"interrupted":                      {noAnswer(outbound.Interrupted), "asking for a token", ""},
		"no_answer":                        {noAnswer(outbound.Failed), "asking for a token", "TLS settings"},

		"clock":                 {behind(answered("invalid_client", "", MethodPrivateKeyJWT), 7*time.Minute), "clock is 7 minutes behind the service's", "NTP"},
		"metadata":              {discovering, "404 Not Found", "check issuer"},
		"redirect":              {redirected, "a redirect to https://b.example", "set token_url"},
		"too_many_requests":     {withStatus(429, "429 Too Many Requests"), "less often", "asked again later"},
		"authorization_pending": {answered("authorization_pending", model.GrantDeviceCode), "nobody has consented yet", "enter the code"},
		"service_down":          {withStatus(502, "502 Bad Gateway"), "502 Bad Gateway", "status page"},

		"invalid_client/none":      {answered("invalid_client", "", MethodNone), "no client_secret is filled in", "fill in client_secret"},
		"invalid_client/assertion": {answered("invalid_client", "", MethodSecretJWT), "tried client_secret_jwt", "key_id"},
		"invalid_client/tls":       {answered("invalid_client", "", MethodTLS), "certificate", "tls.certificate"},
		"invalid_client":           {answered("invalid_client", "", MethodBasic, MethodRaw, MethodPost), "tried client_secret_basic, client_secret_basic_raw and client_secret_post", "client_id and client_secret"},
		"invalid_grant/refresh":    {refreshing(true), "refresh: a.example answered", "credentials get a new token"},
		"invalid_grant/connect":    {refreshing(false), "somebody else has spent it", "carnet integration connect"},
		"invalid_grant/password":   {answered("invalid_grant", model.GrantPassword), "username and password", "second factor"},
		"invalid_grant/code":       {answered("invalid_grant", model.GrantAuthorizationCode), "redirect_uri", "connect again"},
		"invalid_grant/device":     {answered("invalid_grant", model.GrantDeviceCode), "device code", "connect again"},
		"invalid_grant/assertion":  {answered("invalid_grant", model.GrantJWTBearer), "assertion", "sign.claims"},
		"invalid_grant/exchange":   {answered("invalid_grant", model.GrantTokenExchange), "subject token", "subject_token_type"},
		"invalid_grant":            {answered("invalid_grant", model.GrantRequest), "does not accept", "request.params"},
		"unauthorized_client":      {answered("unauthorized_client", model.GrantPassword), "not allowed this grant (password)", "grant_type"},
		"unsupported_grant_type":   {answered("unsupported_grant_type", model.GrantPassword), "this grant (password)", "grant_type"},
		"invalid_scope":            {answered("invalid_scope", ""), "this scope", "scope_separator"},
		"invalid_target":           {answered("invalid_target", ""), "this resource", "resource"},
		"access_denied":            {answered("access_denied", ""), "has refused", "administrator"},
		"interaction_required":     {answered("login_required", ""), "wants to see a person", "connect again"},
		"expired_token":            {answered("expired_token", ""), "in time", "connect again"},
		"use_dpop_nonce":           {answered("use_dpop_nonce", ""), "nonce", "dpop=true"},
		"invalid_dpop_proof":       {answered("invalid_dpop_proof", ""), "proof", "token_url"},
		"invalid_request":          {answered("invalid_request", ""), "misses something", "carnet token explain"},
		"unauthorized":             {withStatus(401, "401 Unauthorized"), "does not know this client or account (tried none)", "auth_method"},
		"forbidden":                {withStatus(403, "403 Forbidden"), "firewall", "administrator"},
		"not_found":                {step, "step login: a.example answered 404", "the URL of step login"},
		"method_not_allowed":       {withStatus(405, "405 Method Not Allowed"), "405", "request.method"},
		"unsupported_format":       {withStatus(415, "415 Unsupported Media Type"), "another form", "request.format"},
		"other_code":               {answered("app_suspended", ""), "app_suspended", "documentation"},
		"refused":                  {bare, "refuses", "carnet token explain"},
		"html":                     {came(html, "a page of HTML"), "is that the token URL?", "check token_url"},
		"no_token":                 {came(jsonValue, "a JSON object; it has: data.type, data.jwt", "data.type", "data.jwt"), "it has: data.type, data.jwt", `response={"access_token":"data.jwt"}`},
		"whole_body":               {came(plainText, "plain text"), "may be all of it", `"body"`},
		"too_large":                {came(large, "more than 1 MiB"), "more than 1 MiB", "token_url"},
		"empty":                    {came(empty, "an empty answer"), "header", "header:NAME"},
		"no_token/unknown":         {came(noJSON, "text that begins like JSON and is not"), "no token", "token_url"},
	}
	for _, c := range causes {
		test, ok := tests[c.name]
		if !ok {
			t.Errorf("the row %s has no test", c.name)
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			reason, sentence, hint := test.trouble.diagnose()
			first, _, _ := strings.Cut(c.name, "/")
			if reason != first || !strings.Contains(sentence, test.says) || !strings.Contains(hint, test.hint) {
				t.Errorf("%s: %s\nhint: %s\nwant %q and a hint with %q", reason, sentence, hint, test.says, test.hint)
			}
			if c.likely != "" && !strings.HasSuffix(sentence, test.trouble.fill(c.likely)) {
				t.Errorf("another row was faster: %s", sentence)
			}
			for _, name := range []string{"{host}", "{field}", "{tried}", "{members}", "{candidate}", "{clock}", "{grant}"} {
				if strings.Contains(sentence+hint, name) {
					t.Errorf("%s was not filled in", name)
				}
			}
			if strings.HasSuffix(hint, ".") || strings.Contains(sentence, ": :") {
				t.Errorf("%s\nhint: %s", sentence, hint)
			}
		})
		delete(tests, c.name)
	}
	for name := range tests {
		t.Errorf("there is no row %s", name)
	}
}

// A clock that is a little off, or that nothing depends on, is no cause.
func TestClockIsNoCause(t *testing.T) {
	for name, trouble := range map[string]trouble{
		"half a minute":          behind(answered("invalid_client", "", MethodPrivateKeyJWT), 30*time.Second),
		"another complaint":      behind(answered("invalid_scope", ""), time.Hour),
		"the service is down":    behind(withStatus(503, "503 Service Unavailable"), time.Hour),
		"nothing is signed":      {purpose: "token", status: 401, came: "401 Unauthorized", skew: time.Hour},
		"it was asked too often": behind(withStatus(429, "429 Too Many Requests"), time.Hour),
	} {
		if reason, sentence, _ := trouble.diagnose(); reason == "clock" {
			t.Errorf("%s: %s", name, sentence)
		}
	}
}

func TestClock(t *testing.T) {
	for skew, want := range map[time.Duration]string{
		7 * time.Minute: "7 minutes behind", -90 * time.Second: "2 minutes ahead of", 40 * time.Second: "40 seconds behind",
		-time.Hour: "1 hour ahead of", 25 * time.Hour: "1 day behind", 58 * time.Second: "1 minute behind",
	} {
		if got := Clock(skew); got != want {
			t.Errorf("%s: %s, want %s", skew, got, want)
		}
	}
}

// TestHintsNameTheIntegration: a command in a hint can be copied as it is.
func TestHintsNameTheIntegration(t *testing.T) {
	for _, code := range []string{"login_required", "expired_token"} {
		known := trouble{purpose: "token", host: "a.example", status: 400, code: code, named: "shop --scheme login"}
		if _, _, hint := known.diagnose(); !strings.Contains(hint, "carnet integration connect shop --scheme login") {
			t.Errorf("%s: %s", code, hint)
		}
	}
	again := trouble{purpose: "refresh", host: "a.example", status: 400, code: "invalid_grant", named: "shop --scheme login"}
	if _, _, hint := again.diagnose(); !strings.Contains(hint, "carnet integration connect shop --scheme login;") {
		t.Error(hint)
	}
}

// TestThePageHasEveryCause: docs/tokens.md has the rows of the table, in their order.
func TestThePageHasEveryCause(t *testing.T) {
	data, err := os.ReadFile("../../docs/tokens.md")
	if err != nil {
		t.Fatal(err)
	}
	some := trouble{purpose: "token", tried: []string{MethodBasic, MethodPost}, skew: 7 * time.Minute, grant: model.GrantPassword}
	var rows []string
	for _, c := range causes {
		reason, _, _ := strings.Cut(c.name, "/")
		what, change := some.fill(c.likely), some.fill(c.change)
		if what == "" {
			what = "the connection: " + strings.ReplaceAll(reason, "_", " ")
		}
		if change == "" {
			change = "what the message says"
		}
		rows = append(rows, "| `"+reason+"` | "+what+" | "+change+" |\n")
	}
	if !strings.Contains(string(data), "| name | likely | what to change |\n| --- | --- | --- |\n"+strings.Join(rows, "")) {
		t.Errorf("the table of docs/tokens.md should be\n%s", strings.Join(rows, ""))
	}
}
