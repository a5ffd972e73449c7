package oauth

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

const maxAnswer = 1 << 20 // bytes; failure mode 11

// read makes a token of an answer, and says what decided its life; or an error that says what came instead.
func (v *env) read(d *document, status int, c call, began time.Time) (token.Token, string, error) {
	where := v.config.Response
	if v.config.Refresh != nil && v.config.Refresh.Response != nil && !v.ask.RefreshToken.IsZero() {
		where = *v.config.Refresh.Response
	}
	code, _ := d.first(where.Error, "error").(string)
	refused := code != "" || status/100 != 2 && status/100 != 3 || status/100 == 3 && len(where.AccessToken) == 0
	if refused || !passes(d, where.Success, true) {
		return token.Token{}, "", v.judged(v.refusedAs(d, status, c, code), d, where, refused)
	}
	access, err := v.find(d, where.AccessToken, "access_token")
	if err == nil && !usable(access) { // failure mode 8
		err = v.failed(v.came(d, status, c), token.AskError{InDoubt: true, Permanent: len(v.ask.With) > 0})
	}
	if err != nil {
		return token.Token{}, "", err
	}
	if err := v.checkNonce(d); err != nil {
		return token.Token{}, "", err
	}
	t := token.Token{AccessToken: seal.NewSecret(access), CreatedAt: began} // failure mode 22
	refresh, err := v.find(d, where.RefreshToken, "refresh_token")
	if err != nil {
		return token.Token{}, "", err
	}
	t.RefreshToken = seal.NewSecret(refresh)
	if t.TokenType, _ = v.find(d, where.TokenType, "token_type"); t.TokenType == "" {
		t.TokenType = "Bearer"
	}
	t.Scope = scopeText(d.first(where.Scope, "scope"))
	t.Values = v.keep(d, where)
	rule := ""
	t.ExpiresIn, t.ExpiresAt, rule = v.config.expiry(d, where, access, began)
	t.RefreshExpiresIn, t.RefreshExpiresAt = refreshExpiry(d, began)
	return t, rule, nil
}

// find is the value at the first path that leads to one. A path may be a template, over the answers of steps.
func (v *env) find(d *document, p recipe.Path, standard string) (string, error) {
	if len(p) == 0 {
		text, _ := d.at(standard).(string) // a number under this name is no token
		return text, nil
	}
	for _, path := range p {
		if !strings.Contains(path, "${") {
			if text := textOf(d.at(path)); text != "" {
				return text, nil
			}
			continue
		}
		v.answers["last"] = d
		value, err := v.fill(recipe.Template(path))
		if err != nil {
			return "", v.wrong(err)
		}
		if text := value.Reveal(); text != "" {
			return text, nil
		}
	}
	return "", nil
}

// keep picks the further values that calls want: those that the recipe names, and else by their path in the answer.
func (v *env) keep(d *document, where recipe.Response) map[string]seal.Secret {
	values := map[string]seal.Secret{}
	for _, name := range v.config.Keep {
		if parameter, ok := strings.CutPrefix(name, "redirect."); ok {
			values[name] = v.redirected(parameter)
			continue
		}
		text, _ := v.find(d, where.Values[name], name)
		if text == "" && len(where.Values[name]) == 0 {
			text = textOf(d.at(name))
		}
		values[name] = seal.NewSecret(text)
	}
	maps.DeleteFunc(values, func(_ string, s seal.Secret) bool { return s.IsZero() })
	return values
}

// judged is a refusal as the recipe judges it: one that passes is temporary, and one that only the test of success tells of is as final as a
// 401: accounts are locked after a few wrong passwords.
func (v *env) judged(err error, d *document, where recipe.Response, refused bool) error {
	e, ok := errors.AsType[*token.AskError](err)
	if !ok {
		return err
	}
	e.Permanent = e.Permanent || !refused
	if passes(d, where.Retry, false) {
		e.Permanent, e.InDoubt = false, false
	}
	return e
}

// passes reports whether an answer passes a test of the recipe's; without is the answer where there is none.
func passes(d *document, t *recipe.Test, without bool) bool {
	if t == nil {
		return without
	}
	matches, err := regexp.Compile(t.Matches)
	return err == nil && matches.MatchString(textOf(d.first(t.Path, "body")))
}

// usable reports whether a text can be a token (RFC 6749 A.12: printable characters), and is not what a broken server makes of
// a missing one.
func usable(access string) bool {
	return access != "" && access != "undefined" && access != "null" &&
		!strings.ContainsFunc(access, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// scopeText is a text, or the list that some servers make of it.
func scopeText(v any) string {
	list, ok := v.([]any)
	if !ok {
		return textOf(v)
	}
	var all []string
	for _, s := range list {
		if s, ok := s.(string); ok {
			all = append(all, s)
		}
	}
	return strings.Join(all, " ")
}

const mostPaths = 12

// textPaths lists the paths of the texts in an answer, of those whose names look like names: what stands in a name's place may be a
// token.
func textPaths(tree any, before string) (all []string) {
	object, ok := tree.(map[string]any)
	if !ok || strings.Count(before, ".") > 3 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !wordy(name) {
			continue
		}
		if _, deeper := object[name].(map[string]any); deeper {
			all = append(all, textPaths(object[name], before+name+".")...)
			continue
		}
		all = append(all, before+name)
	}
	return all[:min(len(all), mostPaths)]
}

// names are paths in words.
func names(paths []string) string {
	switch len(paths) {
	case 0:
		return "nothing known"
	case mostPaths:
		return strings.Join(paths, ", ") + ", ..."
	}
	return strings.Join(paths, ", ")
}

// wordy reports whether a text is a word or a few, as members are called.
func wordy(name string) bool {
	return name != "" && len(name) <= 30 && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && r != '-' && (r|0x20 < 'a' || r|0x20 > 'z')
	})
}

// printable shortens a text of the server's, and keeps control characters out.
func printable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unprintable(r) {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return s
}
