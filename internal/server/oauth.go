package server

import (
	"net/http"
	"net/url"
	"reflect"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// An oauthError is an error of the token endpoint (RFC 6749 5.2).
type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// grant is the form of POST /oauth/token (RFC 6749 4.4.2 and 2.3.1).
type grant struct {
	GrantType    string `json:"grant_type"` // client_credentials
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
	Scope        string `json:"scope,omitempty"` // ignored: the account's role decides
}

// accessToken is POST /oauth/token: the client credentials grant for service accounts.
func accessToken() endpoint {
	return endpoint{in: reflect.TypeFor[grant](), out: reflect.TypeFor[api.AccessToken](), serve: serveAccessToken}
}

func serveAccessToken(x *exchange) error {
	if !isType(x.r, "application/x-www-form-urlencoded") {
		refuseAs(x.w, http.StatusUnsupportedMediaType, oauthError{"invalid_request", "send application/x-www-form-urlencoded"})
		return nil
	}
	body, err := x.body()
	if err != nil {
		return err
	}
	id, secret, refusal := credentials(x.r, string(body))
	if refusal != nil {
		reply(x.w, http.StatusBadRequest, refusal)
		return nil
	}
	token, err := x.AccountToken(x.ctx(), id, secret)
	if fault.Is(err, fault.Unauthenticated) {
		x.w.Header().Set("WWW-Authenticate", `Basic realm="carnet"`)
		reply(x.w, http.StatusUnauthorized, oauthError{Code: "invalid_client"})
		return nil
	}
	if err != nil {
		return err
	}
	x.w.Header().Set("Pragma", "no-cache") // RFC 6749 5.1
	return x.answer(token)
}

// credentials reads the client's id and secret from the form or from HTTP Basic, where each is form-encoded first.
func credentials(r *http.Request, body string) (id string, secret seal.Secret, refusal *oauthError) {
	form, err := url.ParseQuery(body)
	if err != nil {
		return "", secret, &oauthError{"invalid_request", "the form is not well formed"}
	}
	for name, values := range form {
		if len(values) > 1 {
			return "", secret, &oauthError{"invalid_request", parameterName(name) + " occurs twice"}
		}
	}
	switch form.Get("grant_type") {
	case "client_credentials":
	case "":
		return "", secret, &oauthError{"invalid_request", "grant_type is missing"}
	default:
		return "", secret, &oauthError{"unsupported_grant_type", "use client_credentials"}
	}
	id, password := form.Get("client_id"), form.Get("client_secret")
	name, basic, ok := r.BasicAuth()
	if !ok {
		return id, seal.NewSecret(password), nil
	}
	if password != "" {
		return "", secret, &oauthError{"invalid_request", "the client authenticates twice"}
	}
	return formDecoded(name), seal.NewSecret(formDecoded(basic)), nil
}

// formDecoded undoes the encoding that RFC 6749 2.3.1 asks for. Our ids and secrets have nothing to encode, so a client that
// does not know of it is understood too.
func formDecoded(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}

// parameterName is a parameter's name, unless the client made it up: it may have put a secret there.
func parameterName(name string) string {
	switch name {
	case "grant_type", "client_id", "client_secret", "scope":
		return name
	}
	return "a parameter"
}
