package integration

import (
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
)

// PersonHint says what a person has to do for a token of the scheme; "" if none is needed.
func PersonHint(name string, a Authentication, s model.Scheme) string {
	switch a.GrantType {
	case model.GrantAuthorizationCode, model.GrantDeviceCode:
		return "a person has to connect it: carnet integration connect " + name + " --scheme " + s.Key
	case model.GrantImplicit:
		return "if the service has the authorization code flow: " + withCode(name, a, s) + "; otherwise type a token: " + typedToken(name, s)
	}
	return ""
}

// withCode is the command that makes an authorization code scheme of an implicit one, with what the document has said already.
func withCode(name string, a Authentication, s model.Scheme) string {
	command := "carnet integration set " + name + " " + s.Key + ".grant_type=authorizationCode"
	for _, field := range []struct{ name, value string }{{"authorization_url", a.AuthorizationURL}, {"token_url", a.TokenURL}, {"client_id", a.ClientID}} {
		if field.value == "" && (a.Issuer == "" || field.name == "client_id") {
			command += " " + s.Key + "." + field.name + "=..."
		}
	}
	return command
}

func typedToken(name string, s model.Scheme) string {
	return "carnet integration set " + name + " " + s.Key + ".token.access_token=@-"
}

// Connects returns nil if a person can connect the scheme, else fault.Invalid, which says what to do instead.
func Connects(name string, settings Settings, s model.Scheme) error {
	a := settings.Effective(s)
	switch a.GrantType {
	case model.GrantAuthorizationCode, model.GrantDeviceCode:
		return nil
	case model.GrantImplicit:
		return fault.New(fault.Invalid, "scheme %q has only the implicit flow, which is no longer used (RFC 9700 2.1.2)", s.Key).
			WithHint("%s", PersonHint(name, a, s))
	case "":
		return fault.New(fault.Invalid, "scheme %q does not say how a person connects it", s.Key).
			WithHint("carnet integration set %s %s.grant_type=authorizationCode, or deviceCode, and fill in its URLs", name, s.Key)
	}
	return fault.New(fault.Invalid, "scheme %q gets its tokens without a person (grant_type %s)", s.Key, strings.TrimSpace(a.GrantType)).
		WithHint("run an operation; or set grant_type to authorizationCode or deviceCode if a person has to consent")
}
