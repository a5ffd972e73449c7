package oauth

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/token"
)

// What auto finds out besides the client's authentication is marked on the style that worked: the parameters are JSON, or in the
// URL (failure mode 3), and the scopes have commas between them (failure mode 5).
const (
	asJSON     = "+json"
	asQuery    = "+query"
	withCommas = "+commas"
)

// format splits a style from its marks.
func format(style string) (bare, marks string) {
	style, commas := strings.CutSuffix(style, withCommas)
	if commas {
		marks = withCommas
	}
	for _, mark := range []string{asJSON, asQuery} {
		if bare, is := strings.CutSuffix(style, mark); is {
			return bare, mark + marks
		}
	}
	return style, marks
}

// anotherFormat reports whether two styles put the parameters in different places.
func anotherFormat(one, other string) bool {
	_, first := format(one)
	_, second := format(other)
	return strings.TrimSuffix(first, withCommas) != strings.TrimSuffix(second, withCommas)
}

// tries are the styles of client authentication in the formats that may be wanted, what worked last first, and what is like it next.
func (c Config) tries(worked string) []string {
	worked, commas := strings.CutSuffix(worked, withCommas)
	all := c.methods(worked)
	if c.formatIsOpen() && slices.Contains(all, MethodPost) {
		all = append(all, c.otherFormats()...)
	}
	i := slices.Index(all, worked)
	if i < 0 {
		return all
	}
	all = append([]string{worked}, slices.Delete(all, i, i+1)...)
	slices.SortStableFunc(all, func(one, other string) int {
		return boolInt(anotherFormat(worked, one)) - boolInt(anotherFormat(worked, other))
	})
	if commas && c.separatorIsOpen() {
		all[0] += withCommas
	}
	return all
}

// otherFormats are JSON, mostly with the secret in the body, and the query of the URL, where no secret can stand: URLs are logged.
func (c Config) otherFormats() (all []string) {
	styles := c.styles() // with the body last
	secrets := []string{""}
	if !c.ClientSecretNext.IsZero() {
		secrets = append(secrets, next)
	}
	bare := c.Grant == model.GrantClientCredentials && len(c.Parameters) == 0 && len(c.Request.Params) == 0
	var inQuery []string
	for _, secret := range secrets {
		all = append(all, styles[len(styles)-1]+secret+asJSON)
		for _, style := range styles[:len(styles)-1] {
			all = append(all, style+secret+asJSON)
			if bare {
				inQuery = append(inQuery, style+secret+asQuery)
			}
		}
	}
	return append(all, inQuery...)
}

// formatIsOpen reports whether it is auto's to find out the format: nothing says it, and no request spends anything.
func (c Config) formatIsOpen() bool {
	return c.Request.Format == "" && c.Request.Method == "" && (c.AuthMethod == "" || c.AuthMethod == MethodAuto) && c.asksAgain()
}

// separatorIsOpen is the same for what stands between scopes.
func (c Config) separatorIsOpen() bool {
	return c.ScopeSeparator == "" && len(c.Scope) > 1 && c.asksAgain()
}

// asksAgain reports whether a refused request has spent nothing.
func (c Config) asksAgain() bool {
	return c.Grant == model.GrantClientCredentials || c.Grant == model.GrantPassword
}

// formatRefused reports whether the format may be what the server complains of: one that knows the client's name has understood it.
func formatRefused(status int, err error, ask token.Ask) bool {
	e, ok := errors.AsType[*token.AskError](err)
	return ok && ask.RefreshToken.IsZero() && status != http.StatusUnauthorized && e.Code != "invalid_client"
}

// commasMayHelp reports whether several scopes were refused, as they are where they have to be joined by commas.
func (a *attempt) commasMayHelp(c call, method string, err error) bool {
	e, ok := errors.AsType[*token.AskError](err)
	return ok && e.Code == "invalid_scope" && e.Permanent && c.purpose == "token" && a.env.config.separatorIsOpen() &&
		!strings.HasSuffix(method, withCommas)
}

// shape does what the marks of a style say to a call, and returns the style without them. A refresh is JSON where the token request
// was, unless it says its own format.
func (v *env) shape(c *call, style string) string {
	style, marks := format(style)
	marks, commas := strings.CutSuffix(marks, withCommas)
	switch {
	case marks == asJSON && (c.purpose == "token" || c.purpose == "refresh" && c.own.Format == "" && c.own.Method == ""):
		c.format = "json"
	case marks == asQuery && c.purpose == "token":
		c.format = "query"
	}
	if commas && c.purpose == "token" {
		c.params = c.params.set("scope", plain(strings.Join(v.config.Scope, ",")))
	}
	return style
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
