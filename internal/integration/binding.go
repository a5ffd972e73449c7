package integration

import (
	"reflect"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
)

// A binding ties the name of a field on the wire to its place, and to what people are told about it. Decoding, showing, the schema
// and asking for what is missing all go by it.
type binding struct {
	name    string
	at      any // a pointer to a text, number, secret, ..., or to a part of package recipe
	help    string
	choices []string
}

// address is a text that has to be a URL, scopes one that may be written as a list, handedOn a secret that is stored elsewhere, so
// that a mask in it is for somebody else to understand, and pem a text of that form.
type (
	address  string
	scopes   string
	handedOn seal.Secret
	pem      string
)

func bindings(a *Authentication) []binding {
	return []binding{
		{"type", &a.Type, "type of the scheme, where the document lacks it or has it wrong", types},
		{"in", &a.In, "place of an API key", []string{"header", "query", "cookie"}},
		{"name", &a.Name, "name of an API key's header, query parameter or cookie", nil},
		{"scheme", &a.Scheme, "HTTP authentication scheme", nil},
		{"flows", &a.Flows, "OAuth flows, as in OpenAPI", nil},
		{"value", &a.Value, "the API key, with its prefix if it has one", nil},
		{"bearer", &a.Bearer, "the bearer token", nil},
		{"format", &a.Format, "how the credential is written: ${value}, ${bearer}, ${username}, ${password} and functions", nil},
		{"accessKeyId", &a.AccessKeyID, "id of the AWS access key", nil},
		{"secretAccessKey", &a.SecretAccessKey, "the AWS secret access key", nil},
		{"sessionToken", &a.SessionToken, "session token of temporary AWS credentials", nil},
		{"region", &a.Region, "AWS region; by the server's host if empty", nil},
		{"service", &a.Service, "AWS service, as in execute-api; by the server's host if empty", nil},
		{"roleArn", &a.RoleARN, "ARN of an AWS role to assume; its temporary credentials sign", nil},
		{"roleSessionName", &a.RoleSessionName, "what AWS's logs call the role's session; carnet by default", nil},
		{"externalId", &a.ExternalID, "external id that the role's trust policy wants", nil},
		{"durationSeconds", &a.DurationSeconds, "how long the role's credentials shall last, 900 to 43200; an hour by default", nil},
		{"webIdentityToken", &a.WebIdentityToken, "token of an OpenID provider that the role trusts, in place of an access key", nil},
		{"stsEndpoint", (*address)(&a.STSEndpoint), "the security token service to ask, if not AWS's own of the region", nil},
		{"ca", (*pem)(&a.CA), "certificates of further authorities that the server's certificate may be of, as PEM", nil},
		{"client_id", &a.ClientID, "id of the client", nil},
		{"client_secret", &a.ClientSecret, "secret of the client", nil},
		{"client_secret_next", &a.ClientSecretNext, "a second secret, tried after invalid_client while the first is being replaced", nil},
		{"client_secret_expires_at", &a.ClientSecretExpiresAt, "when the client secret ends, to be warned in time; 0: never", nil},
		{"username", &a.Username, "name of the account", nil},
		{"password", &a.Password, "password of the account", nil},
		{"grant_type", &a.GrantType, "how a token is got: a flow of the scheme, or any grant type URN", nil},
		{"auth_method", &a.AuthMethod, "client authentication; auto tries and remembers", authMethods},
		{"private_key", &a.PrivateKey, "private key that signs, as PEM or JWK; for HS256 the shared secret", nil},
		{"key_id", &a.KeyID, "id of the private key, sent as kid", nil},
		{"certificate", (*pem)(&a.Certificate), "the client's certificate as PEM; where a private key signs, that key's, sent as x5t#S256", nil},
		{"key", &a.Key, "the client's private key, as PEM", nil},
		{"signing_alg", &a.SigningAlg, "algorithm of client assertions; by the key if empty", nil},
		{"scope", (*scopes)(&a.Scope), "scopes to ask for, as a text with blanks or a list", nil},
		{"scope_separator", &a.ScopeSeparator, "what joins the scopes; a blank by default", nil},
		{"resource", (*scopes)(&a.Resource), "resource indicators (RFC 8707)", nil},
		{"assertion", &a.Assertion, "the assertion to present (RFC 7521)", nil},
		{"subject_token", &a.SubjectToken, "the token to exchange (RFC 8693)", nil},
		{"subject_token_type", &a.SubjectTokenType, "type of the token to exchange; an access token by default", nil},
		{"issuer", (*address)(&a.Issuer), "issuer whose metadata is looked up (OpenID Connect Discovery, RFC 8414)", nil},
		{"openid_connect_url", (*address)(&a.OpenIDConnectURL), "where the issuer's metadata are, if its name does not tell", nil},
		{"authorization_url", (*address)(&a.AuthorizationURL), "the authorization endpoint", nil},
		{"device_url", (*address)(&a.DeviceURL), "the device authorization endpoint (RFC 8628)", nil},
		{"token_url", (*address)(&a.TokenURL), "the token endpoint", nil},
		{"refresh_url", (*address)(&a.RefreshURL), "where a refresh token is spent", nil},
		{"revocation_url", (*address)(&a.RevocationURL), "where tokens are revoked when they are cleared (RFC 7009)", nil},
		{"introspection_url", (*address)(&a.IntrospectionURL), "where the expiry of a token is asked for, if its answer does not say (RFC 7662)", nil},
		{"redirect_uri", (*address)(&a.RedirectURI), "redirect URI that is registered at the service", nil},
		{"parameters", &a.Parameters, "further parameters of the token request, by name", nil},
		{"secrets", &a.Secrets, "further secrets, for templates: ${secrets.NAME}", nil},
		{"request", &a.Request, "how the token request is made", nil},
		{"refresh", &a.Refresh, "how a refresh token is spent", nil},
		{"response", &a.Response, "where the answer has its values", nil},
		{"lifetime", &a.Lifetime, "seconds that a token lives, where the answer does not say", nil},
		{"renew_before", &a.RenewBefore, "seconds before the expiry at which the token is renewed; a fifth of its life by default", nil},
		{"session_lifetime", &a.SessionLifetime, "seconds after which a login ends, however often it was refreshed", nil},
		{"max_refreshes", &a.MaxRefreshes, "how often a login can be refreshed", nil},
		{"inject", &a.Inject, "what is put on every call", nil},
		{"server_url", &a.ServerURL, "base URL of calls, where the service tells it: ${token.instance_url}", nil},
		{"reject_on", &a.RejectOn, "how the API says that a token is dead", nil},
		{"logout", &a.Logout, "request that ends a session when its token is replaced, cleared or deleted", nil},
		{"steps", &a.Steps, "requests before the token request", nil},
		{"sign", &a.Sign, "a JWT to make, sent as ${assertion} or as the token itself", nil},
		{"authorization", &a.Authorization, "what the authorization request has of its own", nil},
		{"dpop", &a.DPoP, "tokens are bound to a key (RFC 9449)", nil},
		{"token", &a.Token, "the token; a person may type one", nil},
	}
}

func serverBindings(s *Server) []binding {
	return []binding{
		{"protocol", &s.Protocol, "https or http", []string{"https", "http"}},
		{"host", &s.Host, "name or address of the host", nil},
		{"port", &s.Port, "port, if it is not the protocol's", nil},
		{"base_path", &s.BasePath, "path before the path of every operation", nil},
		{"operation_hosts", (*scopes)(&s.OperationHosts), "further hosts, to which single operations may go, where the document gives them servers of their own", nil},
	}
}

func tlsBindings(t *TLS) []binding {
	return []binding{
		{"enabled", &t.Enabled, "whether the server speaks TLS, for compatible clients; server.protocol decides, and the fields beside count all the same", nil},
		{"rejectUnauthorized", &t.RejectUnauthorized, "whether the server's certificate has to be valid", nil},
		{"ca", (*pem)(&t.CA), "certificates of further authorities, as PEM", nil},
		{"certificate", (*pem)(&t.Certificate), "the client's certificate, as PEM", nil},
		{"key", &t.Key, "the client's private key, as PEM", nil},
	}
}

func tokenBindings(t *Token) []binding {
	return []binding{
		{"access_token", (*handedOn)(&t.AccessToken), "the access token", nil},
		{"refresh_token", (*handedOn)(&t.RefreshToken), "the refresh token", nil},
		{"token_type", &t.TokenType, "its type; Bearer by default", nil},
		{"expires_in", &t.ExpiresIn, "seconds that it lives", nil},
		{"expires_at", &t.ExpiresAt, "when it expires", nil},
		{"created_at", &t.CreatedAt, "when it was made", nil},
		{"scope", (*scopes)(&t.Scope), "its scope", nil},
	}
}

// empty reports whether nothing is in the place.
func (b binding) empty() bool {
	switch at := b.at.(type) {
	case *map[string]seal.Secret:
		return len(*at) == 0
	case *map[string]jsontext.Value:
		return len(*at) == 0
	case **model.Flows:
		return *at == nil
	}
	place := reflect.ValueOf(b.at).Elem()
	return place.IsZero() || place.Kind() == reflect.Slice && place.Len() == 0
}
