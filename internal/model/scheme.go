package model

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Types of security schemes (OpenAPI 3.1, 4.8.27). OpenAPI 2.0's "basic" is [TypeHTTP] with the scheme basic.
const (
	TypeAPIKey        = "apiKey"
	TypeHTTP          = "http"
	TypeOAuth2        = "oauth2"
	TypeOpenIDConnect = "openIdConnect"
	TypeMutualTLS     = "mutualTLS"
	// TypeSigV4 is no OpenAPI type: an apiKey with x-amazon-apigateway-authtype awsSigv4 is of it.
	TypeSigV4 = "awsSigv4"
)

// A Scheme is a security scheme: how operations want to be authenticated. Field names in JSON are OpenAPI 3's.
type Scheme struct {
	Key              string `json:"key"`  // its name in securitySchemes
	Type             string `json:"type"` // one of the Type constants; anything else is kept and can't be used
	Description      string `json:"description,omitzero"`
	In               string `json:"in,omitzero"`     // apiKey: header, query or cookie
	Name             string `json:"name,omitzero"`   // apiKey: of the header, query parameter or cookie
	Scheme           string `json:"scheme,omitzero"` // http: in lower case: basic, bearer, ...
	BearerFormat     string `json:"bearerFormat,omitzero"`
	Flows            Flows  `json:"flows,omitzero"`
	OpenIDConnectURL string `json:"openIdConnectUrl,omitzero"`
	// Raw is the entry as it stands in the document, extensions included; nil for a scheme that an integration defines.
	Raw jsontext.Value `json:"raw,omitzero"`
}

// Flows are the OAuth flows of an oauth2 scheme; OpenAPI 2.0's "accessCode" is AuthorizationCode and "application"
// ClientCredentials.
type Flows struct {
	ClientCredentials *Flow `json:"clientCredentials,omitzero"`
	Password          *Flow `json:"password,omitzero"`
	AuthorizationCode *Flow `json:"authorizationCode,omitzero"`
	Implicit          *Flow `json:"implicit,omitzero"`
	DeviceCode        *Flow `json:"deviceAuthorization,omitzero"`
}

// A Flow is one way to get a token. URLs are as they stand in the document, perhaps relative or empty.
type Flow struct {
	AuthorizationURL string            `json:"authorizationUrl,omitzero"`
	DeviceURL        string            `json:"deviceAuthorizationUrl,omitzero"`
	TokenURL         string            `json:"tokenUrl,omitzero"`
	RefreshURL       string            `json:"refreshUrl,omitzero"`
	Scopes           map[string]string `json:"scopes,omitzero"`
}

// Names of flows, which are also the values of an integration's grant_type.
const (
	GrantClientCredentials = "clientCredentials"
	GrantPassword          = "password"
	GrantAuthorizationCode = "authorizationCode"
	GrantImplicit          = "implicit"
	GrantDeviceCode        = "deviceCode" // a flow of OpenAPI 3.2: deviceAuthorization
)

// Values of grant_type that are no flow of OpenAPI. Any other text is sent as grant_type.
const (
	GrantJWTBearer     = "jwtBearer"     // RFC 7523 2.1
	GrantSAMLBearer    = "samlBearer"    // RFC 7522 2.1
	GrantTokenExchange = "tokenExchange" // RFC 8693
	GrantRequest       = "request"       // an endpoint that knows no OAuth
	GrantSigned        = "signed"        // a JWT that is made here is the token
)

// Flow returns the flow of that name, or nil.
func (f Flows) Flow(grant string) *Flow {
	switch grant {
	case GrantClientCredentials:
		return f.ClientCredentials
	case GrantPassword:
		return f.Password
	case GrantAuthorizationCode:
		return f.AuthorizationCode
	case GrantImplicit:
		return f.Implicit
	case GrantDeviceCode:
		return f.DeviceCode
	}
	return nil
}

// Names returns the names of the flows there are, those that work without a person first.
func (f Flows) Names() []string {
	all := []string{GrantClientCredentials, GrantPassword, GrantAuthorizationCode, GrantDeviceCode, GrantImplicit}
	return slices.DeleteFunc(all, func(grant string) bool { return f.Flow(grant) == nil })
}

// Default returns the name of the flow that is used when nobody chooses: one that works without a person comes first.
func (f Flows) Default() string {
	names := f.Names()
	if len(names) == 0 {
		return ""
	}
	return names[0]
}
