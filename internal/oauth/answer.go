package oauth

import (
	"bytes"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/outbound"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

const maxAnswer = 1 << 20 // bytes; failure mode 11

// read makes a token of an answer, or an error that says what came instead.
func (c Config) read(answer *http.Response, began time.Time, ask token.Ask) (token.Token, error) {
	host := answer.Request.URL.Host
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return token.Token{}, &token.AskError{InDoubt: true, Err: outbound.Explain(err, "reading the token endpoint's answer from "+host)}
	}
	fields, shape := parse(body, answer.Header.Get("Content-Type"))
	if len(body) > maxAnswer {
		fields, shape = nil, "more than 1 MiB"
	}
	if code := fields.text("error"); code != "" || answer.StatusCode/100 != 2 {
		return token.Token{}, c.refused(answer, fields, shape, ask)
	}
	access := fields.text("access_token")
	if !usable(access) { // failure mode 8
		return token.Token{}, &token.AskError{InDoubt: true, Err: fault.New(fault.Upstream, "%s answered %s instead of a token: %s",
			host, c.quote(answer.Status, 60, ask), shape).
			WithHint("check token_url: it has to be the token endpoint itself")}
	}
	t := token.Token{
		AccessToken:  seal.NewSecret(access),
		RefreshToken: seal.NewSecret(fields.text("refresh_token")),
		TokenType:    fields.text("token_type"),
		Scope:        fields.scope(),
		CreatedAt:    began, // failure mode 22
	}
	if t.TokenType == "" {
		t.TokenType = "Bearer"
	}
	t.ExpiresIn, t.ExpiresAt = c.expiry(fields, access, began)
	return t, nil
}

// usable reports whether a text can be a token (RFC 6749 A.12: printable characters), and is not what a broken server makes of
// a missing one.
func usable(access string) bool {
	return access != "" && access != "undefined" && access != "null" &&
		!strings.ContainsFunc(access, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// A document is the members of an answer.
type document map[string]any

// text is the member as a text; "" if it is missing or something else.
func (d document) text(name string) string {
	s, _ := d[name].(string)
	return s
}

// scope is a text, or the list that some servers make of it.
func (d document) scope() string {
	list, ok := d["scope"].([]any)
	if !ok {
		return d.text("scope")
	}
	var all []string
	for _, s := range list {
		if s, ok := s.(string); ok {
			all = append(all, s)
		}
	}
	return strings.Join(all, " ")
}

// parse reads a JSON object whatever the content type, or a form (failure mode 8). shape says in words what the body is, for
// people; it quotes no values.
func parse(body []byte, contentType string) (fields document, shape string) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 {
		return nil, "an empty answer"
	}
	switch body[0] {
	case '{':
		if err := json.Unmarshal(body, &fields, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil {
			return nil, "text that begins like JSON and is not"
		}
		return fields, "a JSON object without a usable access_token; it has: " + names(fields)
	case '<':
		return nil, "a page of HTML or XML"
	case '[', '"':
		return nil, "JSON that is no object"
	}
	kind, _, _ := mime.ParseMediaType(contentType)
	form, err := url.ParseQuery(string(body))
	if err != nil || kind != "application/x-www-form-urlencoded" && !form.Has("access_token") && !form.Has("error") {
		return nil, "plain text"
	}
	fields = document{}
	for name := range form {
		fields[name] = form.Get(name)
	}
	return fields, "a form without a usable access_token; it has: " + names(fields)
}

// names lists the members whose names look like names: what stands in a name's place may be a token.
func names(d document) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(d)) {
		if plain(name) {
			all = append(all, name)
		}
	}
	switch {
	case len(all) == 0:
		return "nothing known"
	case len(all) > 12:
		all = append(all[:12], "...")
	}
	return strings.Join(all, ", ")
}

// plain reports whether a text is a word or a few, as members are called.
func plain(name string) bool {
	return name != "" && len(name) <= 30 && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && r != '-' && (r|0x20 < 'a' || r|0x20 > 'z')
	})
}

// printable shortens a text of the server's, and keeps control characters out.
func printable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return s
}
