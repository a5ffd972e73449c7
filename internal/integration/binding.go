package integration

import (
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
)

// A binding ties the name of a field on the wire to its place. Decoding, showing and asking for what is missing all go by it.
type binding struct {
	name string
	at   any // *string, *seal.Secret, *bool, *int, *float64, *map[string]seal.Secret, *address, *scopes, **model.Flows, *Response, **Token
}

// address is a text that has to be a URL, scopes one that may be written as a list, and handedOn a secret that is stored
// elsewhere, so that a mask in it is for somebody else to understand.
type (
	address  string
	scopes   string
	handedOn seal.Secret
)

func bindings(a *Authentication) []binding {
	return []binding{
		{"type", &a.Type}, {"in", &a.In}, {"name", &a.Name}, {"scheme", &a.Scheme}, {"flows", &a.Flows},
		{"value", &a.Value}, {"bearer", &a.Bearer},
		{"client_id", &a.ClientID}, {"client_secret", &a.ClientSecret},
		{"username", &a.Username}, {"password", &a.Password},
		{"grant_type", &a.GrantType}, {"auth_method", &a.AuthMethod},
		{"scope", (*scopes)(&a.Scope)}, {"scope_separator", &a.ScopeSeparator},
		{"token_url", (*address)(&a.TokenURL)}, {"refresh_url", (*address)(&a.RefreshURL)},
		{"parameters", &a.Parameters}, {"response", &a.Response}, {"lifetime", &a.Lifetime},
		{"token", &a.Token},
	}
}

func serverBindings(s *Server) []binding {
	return []binding{{"protocol", &s.Protocol}, {"host", &s.Host}, {"port", &s.Port}, {"base_path", &s.BasePath}}
}

func tlsBindings(t *TLS) []binding {
	return []binding{{"enabled", &t.Enabled}, {"rejectUnauthorized", &t.RejectUnauthorized},
		{"ca", &t.CA}, {"certificate", &t.Certificate}, {"key", &t.Key}}
}

func responseBindings(r *Response) []binding {
	return []binding{{"expires_in", &r.ExpiresIn}, {"expires_at", &r.ExpiresAt}, {"unit", &r.Unit}}
}

func tokenBindings(t *Token) []binding {
	return []binding{{"access_token", (*handedOn)(&t.AccessToken)}, {"refresh_token", (*handedOn)(&t.RefreshToken)}, {"token_type", &t.TokenType},
		{"expires_in", &t.ExpiresIn}, {"expires_at", &t.ExpiresAt}, {"created_at", &t.CreatedAt}, {"scope", (*scopes)(&t.Scope)}}
}

// empty reports whether nothing is in the place.
func (b binding) empty() bool {
	switch at := b.at.(type) {
	case *string:
		return *at == ""
	case *address:
		return *at == ""
	case *scopes:
		return *at == ""
	case *seal.Secret:
		return at.IsZero()
	case *bool:
		return !*at
	case *int:
		return *at == 0
	case *float64:
		return *at == 0
	case *map[string]seal.Secret:
		return len(*at) == 0
	case **model.Flows:
		return *at == nil
	case *Response:
		return *at == Response{}
	case **Token:
		return *at == nil
	case *map[string]jsontext.Value:
		return len(*at) == 0
	}
	return true
}
