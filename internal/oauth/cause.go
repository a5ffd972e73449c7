package oauth

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/outbound"
)

// A cause is a row of the table: what is likely behind a trouble, and what to change, in the words of the integration's fields. The
// part of its name before a slash is what programs know it by.
type cause struct {
	name   string
	fits   func(trouble) bool
	likely string // empty: what came says it all
	change string
}

// farOff is how far a clock may be off before what it signs is refused: services allow for a minute or more.
const farOff = time.Minute

// causes is the one place where troubles become advice (RFC 6749 5.2 and 4.1.2.1, RFC 8628 3.5, RFC 8693 2.2.2, RFC 8707 2, RFC 9449 5
// and 8). The first row that fits counts. {field} is the setting that says where the request went, {tried} the styles of client
// authentication that were tried.
var causes = []cause{
	{"no_host", nobody(outbound.NoHost), "", "correct the host in {field}; if it is right, the name server (DNS) of this machine does not know it"},
	{"name_not_resolved", nobody(outbound.NotResolved), "", "check the network and the name server (DNS) of this machine, then the host in {field}"},
	{"time_out", nobody(outbound.TimedOut), "", "the service is slow or a firewall drops the request; it is asked again later. Check the host and port in {field}, and whether this machine may reach it"},
	{"connection_refused", nobody(outbound.Refused), "", "nobody listens there: check the host and port in {field}, and that the service runs"},
	{"network_unreachable", nobody(outbound.Unreachable), "", "check the network of this machine, and the host and port in {field}"},
	{"connection_closed", nobody(outbound.Closed), "", "it is asked again later; if it goes on, check the port and protocol in {field}, and what stands between: a proxy, a firewall"},
	{"no_tls", nobody(outbound.NoTLS), "", "{field} says https where the service speaks http, or names another port"},
	{"certificate_of_unknown_authority", nobody(outbound.UnknownAuthority), "", "give the certificate of the authority that signed it: tls.ca=@ca.pem"},
	{"certificate_for_another_name", nobody(outbound.OtherName), "", "use the name in {field} that the certificate is for, not an address or an alias"},
	{"certificate_expired", nobody(outbound.CertificateExpired), "", "the service has to replace its certificate; check the clock of this machine too"},
	{"certificate_invalid", nobody(outbound.CertificateInvalid), "", "the service has to replace its certificate"},
	{"tls_handshake_ended", nobody(outbound.HandshakeEnded), "", "it may want a client certificate: tls.certificate and tls.key; or the one that is there has expired or is not known to it"},
	{"egress_denied", nobody(outbound.NotAllowed), "", ""}, // the policy says it
	{"interrupted", nobody(outbound.Interrupted), "", ""},
	{"no_answer", func(t trouble) bool { return t.noAnswer != "" }, "", "it is asked again later; if it goes on, check {field}, the proxy and the TLS settings"},

	{"clock", clockIsOff, "this machine's clock is {clock} the service's, so what it signs is not accepted", "set the clock of this machine (NTP); nothing else may be wrong"},
	{"metadata", func(t trouble) bool { return t.purpose == "discovery" }, "these are not the issuer's metadata", "check issuer; or fill in token_url and the other URLs yourself"},
	{"redirect", func(t trouble) bool { return t.location != "" },
		"no credentials are sent to another place", "set {field} to the endpoint itself; a redirect to a page where people sign in means that it is not the token endpoint"},
	{"too_many_requests", status(http.StatusTooManyRequests), "it wants to be asked less often", "it is asked again later, when it allows that; nothing has to be changed, unless others ask it with the same client"},
	{"authorization_pending", code("authorization_pending", "slow_down"), "nobody has consented yet", "open the page, enter the code and consent; it is asked again until then"},
	{"service_down", func(t trouble) bool { return t.status/100 == 5 || slices.Contains(passing, t.code) },
		"the service has a problem", "it is asked again later; if it goes on, look at the service's status page, or ask its support"},

	{"invalid_client/none", both(code("invalid_client"), tried(MethodNone)),
		"it wants the client to authenticate, and no client_secret is filled in", "fill in client_secret, or private_key; and check client_id"},
	{"invalid_client/assertion", both(code("invalid_client"), assertion), "it does not accept the client's signature (tried {tried})",
		"check client_id, and that private_key, key_id and signing_alg are those of the key that is registered at the service"},
	{"invalid_client/tls", both(code("invalid_client"), tried(MethodTLS)), "it does not know the client by its certificate",
		"check client_id, and that tls.certificate is the one that is registered at the service, and has not expired"},
	{"invalid_client", code("invalid_client"), "it does not know this client (tried {tried})",
		"check client_id and client_secret: copied whole, for this host, not expired or replaced; and auth_method if the service wants a certain one"},

	{"invalid_grant/refresh", func(t trouble) bool { return t.code == "invalid_grant" && t.purpose == "refresh" && t.canGrant },
		"the refresh token is no longer accepted", "nothing has to be done: the credentials get a new token in place of the refresh token"},
	{"invalid_grant/connect", func(t trouble) bool { return t.code == "invalid_grant" && t.purpose == "refresh" },
		"the refresh token is no longer accepted: it has expired, was revoked, or somebody else has spent it", "a person has to connect again: carnet integration connect NAME; or type a new token"},
	{"invalid_grant/password", grant("invalid_grant", model.GrantPassword), "it does not accept the username and password",
		"check username and password: by signing in at the service with them; the password may have expired, the account may be locked or want a second factor"},
	{"invalid_grant/code", grant("invalid_grant", model.GrantAuthorizationCode), "the code was spent, is too old, or was given for another redirect_uri or client",
		"connect again: carnet integration connect NAME; redirect_uri has to be as it is registered at the service"},
	{"invalid_grant/device", grant("invalid_grant", model.GrantDeviceCode), "the device code was spent or is too old", "connect again: carnet integration connect NAME"},
	{"invalid_grant/assertion", grant("invalid_grant", model.GrantJWTBearer, model.GrantSAMLBearer), "it does not accept the assertion",
		"check issuer, subject and audience in sign.claims, and that the service knows the key; a given assertion may have expired"},
	{"invalid_grant/exchange", grant("invalid_grant", model.GrantTokenExchange), "it does not accept the subject token", "give a new subject_token, and check subject_token_type"},
	{"invalid_grant", code("invalid_grant"), "it does not accept what the token is asked for with", "check the credentials in request.params, parameters and secrets"},

	{"unauthorized_client", code("unauthorized_client"), "the client is not allowed this grant ({grant})",
		"allow it at the service, in the client's registration; or check client_id, client_secret and grant_type"},
	{"unsupported_grant_type", code("unsupported_grant_type", "unsupported_response_type"), "the endpoint does not know this grant ({grant})",
		"check grant_type; and token_url, which may be the one of another kind of token"},
	{"invalid_scope", code("invalid_scope"), "it does not give this scope to this client",
		"check scope: spelling, scope_separator, and what the client may have; without a scope many services give their default"},
	{"invalid_target", code("invalid_target"), "it does not give tokens for this resource", "check resource, or the audience among parameters"},
	{"access_denied", code("access_denied"), "a person or a rule of the service has refused",
		"ask the service's administrator what the client and the account may; then connect again if a person has to consent"},
	{"interaction_required", code("interaction_required", "login_required", "consent_required", "account_selection_required", "mfa_required"),
		"the service wants to see a person: a new consent, another password, a second factor", "connect again: carnet integration connect NAME; or use an account that needs no person"},
	{"expired_token", code("expired_token"), "nobody has consented in time", "connect again: carnet integration connect NAME"},
	{"use_dpop_nonce", code("use_dpop_nonce"), "it wants a nonce in the proof, and gives none that it accepts", "set dpop=true if it is not; otherwise the service has a problem: ask its support"},
	{"invalid_dpop_proof", code("invalid_dpop_proof"), "it does not accept the proof of the key", "check that the host and path of {field} are those that the service knows itself by"},
	{"invalid_request", code("invalid_request", "unsupported_media_type"), "it misses something in the request, or does not understand it",
		"compare carnet token explain with the service's documentation: parameters, scope, request.format, auth_method"},

	{"unauthorized", status(http.StatusUnauthorized), "it does not know this client or account (tried {tried})", "check client_id and client_secret, username and password, and auth_method if the service wants a certain one; and {field}: some services answer so whatever is not there"},
	{"forbidden", func(t trouble) bool { return t.status == http.StatusForbidden && t.code == "" },
		"it knows who asks and refuses, or a firewall does", "ask the service's administrator what the client may, and from which addresses; check {field}"},
	{"not_found", status(http.StatusNotFound, http.StatusGone), "there is no token endpoint", "correct {field}: its path, and the tenant or realm in it"},
	{"method_not_allowed", status(http.StatusMethodNotAllowed), "this is not how the token endpoint is asked", "correct {field}; or set request.method if the service wants another than POST"},
	{"unsupported_format", status(http.StatusNotAcceptable, http.StatusUnsupportedMediaType), "it wants the request in another form", "set request.format: form, json, query or xml"},
	{"other_code", func(t trouble) bool { return t.code != "" }, "the service says so in its own words", "see what the service's documentation says about this error"},
	{"refused", func(t trouble) bool { return t.status/100 == 4 }, "it refuses the request",
		"compare carnet token explain with what the service's documentation asks for; check {field}"},

	{"html", body(html), "is that the token URL?", "check {field}: a page for people came, where a token endpoint answers JSON. If it is right, a proxy or a sign-in page stands in front"},
	{"no_token", func(t trouble) bool { return len(t.members) > 0 }, "none of them is access_token",
		`if one of them is the token, say which: response={"access_token":"{candidate}"}; if not, check {field}`},
	{"whole_body", body(plainText), "the token may be all of it", `if the whole answer is the token, say so: response={"access_token":"body"}; if not, check {field}`},
	{"too_large", body(large), "no token is that long", "check {field}, which has to be the token endpoint itself"},
	{"empty", body(empty), "the token may be in a header or a cookie", `check {field}; if the token comes in a header, say so: response={"access_token":"header:NAME"}`},
	{"no_token/unknown", func(trouble) bool { return true }, "no token is in it", "check {field}, which has to be the token endpoint itself, and response.access_token if the token is in another place"},
}

func nobody(r outbound.Reason) func(trouble) bool {
	return func(t trouble) bool { return t.noAnswer == r }
}

func status(all ...int) func(trouble) bool {
	return func(t trouble) bool { return slices.Contains(all, t.status) }
}

func code(all ...string) func(trouble) bool {
	return func(t trouble) bool { return slices.Contains(all, t.code) }
}

func body(k kind) func(trouble) bool {
	return func(t trouble) bool { return t.answer == k }
}

func tried(method string) func(trouble) bool {
	return func(t trouble) bool { return slices.Equal(t.tried, []string{method}) }
}

func assertion(t trouble) bool {
	return len(t.tried) > 0 && (strings.HasPrefix(t.tried[0], MethodPrivateKeyJWT) || strings.HasPrefix(t.tried[0], MethodSecretJWT))
}

func grant(c string, grants ...string) func(trouble) bool {
	return both(code(c), func(t trouble) bool { return slices.Contains(grants, t.grant) })
}

func both(a, b func(trouble) bool) func(trouble) bool {
	return func(t trouble) bool { return a(t) && b(t) }
}

// clockIsOff reports whether a refusal may be the clock's fault.
func clockIsOff(t trouble) bool {
	return t.signs && t.skew.Abs() >= farOff && t.status/100 == 4 && t.status != http.StatusTooManyRequests &&
		slices.Contains([]string{"", "invalid_client", "invalid_grant", "invalid_request", "invalid_dpop_proof", "unauthorized_client", "access_denied"}, t.code)
}
