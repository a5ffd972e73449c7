package hub

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/token"
)

// recordID is the id of an integration's token record for a scheme: the integration's name, which holds no slash, so that the
// record leads to it; and its UID, so that a new integration of an old name finds no old token.
func recordID(i *integration.Integration, scheme string) string {
	return i.Name + "/" + i.UID + "/" + scheme
}

// owner takes a record's id apart.
func owner(id string) (name, uid, scheme string) {
	name, rest, _ := strings.Cut(id, "/")
	uid, scheme, _ = strings.Cut(rest, "/")
	return name, uid, scheme
}

// subject is an integration's token for a scheme, as the keeper wants it: which record, and how to ask.
func (h *Hub) subject(i *integration.Integration, scheme model.Scheme, config oauth.Config, client *http.Client) *token.Subject {
	lacking := config.Validate()
	source := oauth.New(client, h.pace, h.metadata, config)
	var end func(context.Context, token.Token, bool)
	if config.Ends() {
		end = source.End
	}
	return &token.Subject{
		ID:            recordID(i, scheme.Key),
		Configuration: config.Digest(),
		Source:        source,
		End:           end,
		CanGrant:      lacking == nil,
		CanRefresh:    config.CanRefresh(),
		Missing:       missing(i, scheme, lacking),
	}
}

// missing is the error for a token that can't be asked for.
func missing(i *integration.Integration, scheme model.Scheme, lacking error) error {
	if lacking == nil {
		return nil
	}
	err := fault.Wrap(fault.Reconnect, lacking, "scheme %q has no live token, and none can be got", scheme.Key)
	if hint := integration.PersonHint(i.Name, i.Settings.Effective(scheme), scheme); hint != "" {
		return err.WithHint("%s", hint)
	}
	return err.WithHint("carnet integration set %s FIELD=...; or type a token: %s.token.access_token=@-", i.Name, scheme.Key)
}

// oauthConfig is how a scheme's token endpoint is asked.
func oauthConfig(s integration.Settings, scheme model.Scheme) oauth.Config {
	a := s.Effective(scheme)
	c := oauth.Config{
		Grant:            a.GrantType,
		Issuer:           a.Issuer,
		MetadataURL:      a.OpenIDConnectURL,
		TokenURL:         a.TokenURL,
		RefreshURL:       a.RefreshURL,
		DeviceURL:        a.DeviceURL,
		AuthorizationURL: a.AuthorizationURL,
		RevocationURL:    a.RevocationURL,
		IntrospectionURL: a.IntrospectionURL,
		RedirectURI:      a.RedirectURI,
		ClientID:         a.ClientID,
		ClientSecret:     a.ClientSecret,
		ClientSecretNext: a.ClientSecretNext,
		AuthMethod:       a.AuthMethod,
		PrivateKey:       a.PrivateKey,
		KeyID:            a.KeyID,
		Certificate:      a.Certificate,
		SigningAlg:       a.SigningAlg,
		Username:         a.Username,
		Password:         a.Password,
		Assertion:        a.Assertion,
		SubjectToken:     a.SubjectToken,
		SubjectTokenType: a.SubjectTokenType,
		Scope:            strings.Fields(a.Scope),
		ScopeSeparator:   a.ScopeSeparator,
		Resource:         strings.Fields(a.Resource),
		Parameters:       a.Parameters,
		Placed:           a.Placed,
		Secrets:          a.Secrets,
		Variables:        s.Variables,
		Refresh:          a.Refresh,
		Steps:            a.Steps,
		Sign:             a.Sign,
		Logout:           a.Logout,
		DPoP:             a.DPoP,
		Lifetime:         duration(a.Lifetime),
		Limits:           token.Limits{RenewBefore: duration(a.RenewBefore), SessionLifetime: duration(a.SessionLifetime), MaxRefreshes: a.MaxRefreshes},
	}
	if a.Request != nil {
		c.Request = *a.Request
	}
	if a.Response != nil {
		c.Response = *a.Response
	}
	if a.Authorization != nil {
		c.Authorization = *a.Authorization
	}
	c.Keep = c.Kept(slices.Values(a.CallTemplates()))
	return c
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
