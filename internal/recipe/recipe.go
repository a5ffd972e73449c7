// Package recipe is the vocabulary in which a configuration says how a service wants its token asked for, read, put on calls and
// given back. It says nothing about the credentials themselves, and does nothing: package integration reads and shows recipes,
// package oauth follows them. The tags are what people are told about a field: help in words, choice the values that it may have.
package recipe

import "github.com/go-json-experiment/json/jsontext"

// A Template is a text that may hold ${...}; see package expand.
type Template string

// A Path leads to a value of an answer; see package oauth's document of an answer. Several are tried in their order.
type Path []string

// Seconds are a duration; fractions count.
type Seconds float64

// Params are a JSON object. Its texts are templates; in the formats form and query a value is a text, a number, a boolean or a list
// of them. Null takes a standard parameter away.
type Params = jsontext.Value

// A Request is how the token endpoint is asked, beside the parameters that the grant type brings along.
type Request struct {
	Method  string              `json:"method,omitzero" choice:"POST GET PUT PATCH DELETE" help:"HTTP method; POST by default"`
	Format  string              `json:"format,omitzero" choice:"form json query xml" help:"where the parameters go: a form by default, JSON if the grant type is request"`
	Params  Params              `json:"params,omitzero" help:"parameters beside the standard ones; null takes one away; texts may hold ${...}; secrets belong in secrets"`
	Query   map[string]Template `json:"query,omitzero" help:"parameters of the URL"`
	Headers map[string]Template `json:"headers,omitzero" help:"headers"`
}

// A Call is a request to a place of its own.
type Call struct {
	URL Template `json:"url,omitzero" help:"where to; relative to token_url"`
	Request
}

// Refresh is how a refresh token is spent. It inherits nothing from the token request but the client authentication (failure mode
// 39).
type Refresh struct {
	Call
	Response *Response `json:"response,omitzero" help:"where this answer has its values, if not where the first one had them"`
}

// A Step is a request before the last one. Later ones find its answer under ${steps.NAME.PATH}.
type Step struct {
	Name string `json:"name" help:"by which later requests call its answer: ${steps.NAME.PATH}"`
	Call
}

// Response says where an answer has its values.
type Response struct {
	AccessToken  Path            `json:"access_token,omitzero" help:"path of the access token; paths are dotted, or header:NAME, cookie:NAME, cookie:* for all, body"`
	RefreshToken Path            `json:"refresh_token,omitzero" help:"path of the refresh token"`
	ExpiresIn    Path            `json:"expires_in,omitzero" help:"path of the token's life"`
	ExpiresAt    Path            `json:"expires_at,omitzero" help:"path of the time at which it expires"`
	Unit         string          `json:"unit,omitzero" choice:"s ms m" help:"unit of expires_in: seconds by default"`
	TokenType    Path            `json:"token_type,omitzero" help:"path of the token type"`
	Scope        Path            `json:"scope,omitzero" help:"path of the scope"`
	Error        Path            `json:"error,omitzero" help:"path of the error code"`
	Success      *Test           `json:"success,omitzero" help:"what tells a success, where the status does not"`
	Retry        *Test           `json:"retry,omitzero" help:"what tells of a refusal that passes, as when all sessions are taken: it is asked again later"`
	Values       map[string]Path `json:"values,omitzero" help:"further values to keep, by the names under which calls find them: ${token.NAME}"`
}

// A Test holds if the value at a path matches a regular expression (RE2).
type Test struct {
	Path    Path   `json:"path,omitzero" help:"path of the value; the whole body if empty"`
	Matches string `json:"matches" help:"regular expression that the value has to match"`
}

// An Injection puts a value on every call.
type Injection struct {
	In     string   `json:"in" choice:"header query cookie body" help:"where it goes; body: a member of a JSON body"`
	Name   string   `json:"name" help:"of the header, query parameter, cookie or member"`
	Format Template `json:"format,omitzero" help:"what is written; ${token.token_type} ${token.access_token} by default"`
}

// Rejection is how the API says that a token is dead (failure mode 36).
type Rejection struct {
	Status []int `json:"status,omitzero" help:"statuses; 401 by default"`
	Body   *Test `json:"body,omitzero" help:"a test on the body of an answer of any other status"`
}

// Signature is a JWT that is made here, to be sent as an assertion or as the token itself.
type Signature struct {
	Alg         string  `json:"alg,omitzero" choice:"RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA HS256 HS384 HS512" help:"algorithm; by the key if empty"`
	KeyEncoding string  `json:"key_encoding,omitzero" choice:"text hex base64" help:"how a secret for HS256 is written"`
	Header      Params  `json:"header,omitzero" help:"further members of the header"`
	Claims      Params  `json:"claims,omitzero" help:"claims; iat and exp are added unless they are null"`
	Lifetime    Seconds `json:"lifetime,omitzero" help:"seconds until exp; 300 by default"`
}

// Authorization is what the authorization request and its redirect have beyond RFC 6749 4.1.
type Authorization struct {
	Params map[string]Template `json:"params,omitzero" help:"further parameters of the authorization request, or of the request for a device's code; an empty one takes a standard one away"`
	Code   string              `json:"code,omitzero" help:"name of the redirect's parameter that holds the code; code by default"`
	PKCE   *bool               `json:"pkce,omitzero" help:"false: no code challenge, for services that refuse one"`
}
