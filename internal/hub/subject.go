package hub

import (
	"strings"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/token"
)

// keepsToken reports whether a scheme's credential is a token of the keeper's.
func keepsToken(s model.Scheme) bool {
	return s.Type == model.TypeOAuth2 || s.Type == model.TypeOpenIDConnect
}

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
func (h *Hub) subject(i *integration.Integration, scheme model.Scheme) (*token.Subject, error) {
	client, err := h.clients.Client(outboundTLS(i.Settings.TLS))
	if err != nil {
		return nil, err
	}
	config := oauthConfig(i.Settings.Authentication[scheme.Key], scheme)
	lacking := config.Validate()
	return &token.Subject{
		ID:            recordID(i, scheme.Key),
		Configuration: config.Digest(),
		Source:        oauth.New(client, h.pace, config),
		CanGrant:      lacking == nil,
		CanRefresh:    config.RefreshURL != "",
		Missing:       missing(i.Name, scheme.Key, lacking),
	}, nil
}

// missing is the error for a token that can't be asked for.
func missing(name, scheme string, lacking error) error {
	if lacking == nil {
		return nil
	}
	return fault.Wrap(fault.Reconnect, lacking, "scheme %q has no live token, and none can be got", scheme).
		WithHint("carnet integration set %s FIELD=...; or type a token: %s.token.access_token=@-", name, scheme)
}

// oauthConfig is how a scheme's token endpoint is asked.
func oauthConfig(a integration.Authentication, scheme model.Scheme) oauth.Config {
	grant := a.GrantType
	if grant == "" {
		grant = scheme.Flows.Default()
	}
	return oauth.Config{
		Grant:          grant,
		TokenURL:       a.TokenURL,
		RefreshURL:     a.RefreshURL,
		ClientID:       a.ClientID,
		ClientSecret:   a.ClientSecret,
		Username:       a.Username,
		Password:       a.Password,
		AuthMethod:     a.AuthMethod,
		Scope:          strings.Fields(a.Scope),
		ScopeSeparator: a.ScopeSeparator,
		Parameters:     a.Parameters,
		Response:       oauth.Response(a.Response),
		Lifetime:       time.Duration(a.Lifetime * float64(time.Second)),
	}
}
