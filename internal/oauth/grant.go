package oauth

import (
	"slices"
	"strings"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
)

// Grant types as they are sent.
const (
	urnJWTBearer     = "urn:ietf:params:oauth:grant-type:jwt-bearer"     // RFC 7523 2.1
	urnSAMLBearer    = "urn:ietf:params:oauth:grant-type:saml2-bearer"   // RFC 7522 2.1
	urnTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange" // RFC 8693 2.1
	urnDeviceCode    = "urn:ietf:params:oauth:grant-type:device_code"    // RFC 8628 3.4
	urnAccessToken   = "urn:ietf:params:oauth:token-type:access_token"   // RFC 8693 3
)

// grantParams are the standard parameters of a token request (RFC 6749 4.1.3, 4.3.2, 4.4.2).
func (v *env) grantParams() params {
	c := v.config
	switch c.Grant {
	case model.GrantRequest:
		return nil
	case model.GrantPassword:
		return v.standard("password").set("username", plain(c.Username)).set("password", hidden(c.Password))
	case model.GrantClientCredentials:
		return v.standard("client_credentials")
	case model.GrantAuthorizationCode:
		p := params{{"grant_type", plain("authorization_code")}, {"code", hidden(v.ask.With["code"])},
			{"redirect_uri", plain(v.ask.With["redirect_uri"].Reveal())}}
		if verifier := v.ask.With["code_verifier"]; !verifier.IsZero() {
			p = p.set("code_verifier", hidden(verifier))
		}
		return v.resources(p)
	case model.GrantDeviceCode:
		return v.resources(params{{"grant_type", plain(urnDeviceCode)}, {"device_code", hidden(v.ask.With["device_code"])}})
	case model.GrantJWTBearer:
		return v.asserting(urnJWTBearer)
	case model.GrantSAMLBearer:
		return v.asserting(urnSAMLBearer)
	case model.GrantTokenExchange:
		kind := c.SubjectTokenType
		if kind == "" {
			kind = urnAccessToken
		}
		return v.standard(urnTokenExchange).set("subject_token", hidden(c.SubjectToken)).set("subject_token_type", plain(kind))
	}
	return v.standard(c.Grant)
}

// standard has the scope, if there is one (failure mode 5), and the resources.
func (v *env) standard(grantType string) params {
	p := params{{"grant_type", plain(grantType)}}
	if scope := v.config.scope(); scope != "" {
		p = p.set("scope", plain(scope))
	}
	return v.resources(p)
}

// resources adds resource indicators (RFC 8707 2.2).
func (v *env) resources(p params) params {
	if len(v.config.Resource) == 0 {
		return p
	}
	var all []any
	for _, r := range v.config.Resource {
		all = append(all, plain(r))
	}
	return p.set("resource", all)
}

func (v *env) asserting(grantType string) params {
	assertion, _ := v.own("assertion")
	return v.standard(grantType).set("assertion", assertion)
}

func (c Config) scope() string {
	separator := c.ScopeSeparator
	if separator == "" {
		separator = " "
	}
	return strings.Join(c.Scope, separator)
}

// grantCall is the token request.
func (v *env) grantCall() (call, error) {
	c := v.config
	own := recipe.Call{URL: recipe.Template(c.TokenURL), Request: c.Request}
	if own.Format == "" && c.Grant == model.GrantRequest {
		own.Format = "json"
	}
	standard := v.grantParams()
	for name, value := range sorted(c.Parameters) {
		if c.sendsParameter(name) {
			standard = standard.set(name, hidden(value))
		}
	}
	return v.call("token", own, standard, c.Grant != model.GrantRequest)
}

// sendsParameter reports whether a parameter goes with the token request by itself.
func (c Config) sendsParameter(name string) bool {
	_, have := c.Parameters[name]
	return have && !slices.Contains(c.Placed, name)
}

// refreshCall is the refresh request (RFC 6749 6). It has none of the token request's parameters (failure mode 39).
func (v *env) refreshCall() (call, error) {
	c, own := v.config, recipe.Call{}
	if c.Refresh != nil {
		own = c.Refresh.Call
	}
	if own.URL == "" {
		own.URL = recipe.Template(c.RefreshURL)
	}
	if own.URL == "" {
		own.URL = recipe.Template(c.TokenURL)
	}
	var standard params
	if c.Grant != model.GrantRequest {
		standard = v.resources(params{{"grant_type", plain("refresh_token")}, {"refresh_token", hidden(v.ask.RefreshToken)}})
	} else if own.Format == "" {
		own.Format = "json"
	}
	return v.call("refresh", own, standard, c.Grant != model.GrantRequest)
}

// stepCall is a request before the token request.
func (v *env) stepCall(s recipe.Step) (call, error) {
	return v.call("step "+s.Name, s.Call, nil, false)
}

// introspectionCall asks what a token is (RFC 7662 2.1).
func (v *env) introspectionCall(access seal.Secret) (call, error) {
	return v.call("introspection", recipe.Call{URL: recipe.Template(v.config.IntrospectionURL)}, params{{"token", hidden(access)}}, true)
}
