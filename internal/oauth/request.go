package oauth

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/expand"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// A call is a request that is ready but for the client's authentication and what depends on the finished request.
type call struct {
	purpose string
	method  string
	format  string
	url     *url.URL // with what the recipe puts in the query
	params  params
	own     recipe.Request
	client  bool // it carries the client's authentication
	headers map[string]expand.Value
}

// call makes a call of a recipe over the standard parameters.
func (v *env) call(purpose string, own recipe.Call, standard params, client bool) (call, error) {
	c := call{purpose: purpose, method: own.Method, format: own.Format, own: own.Request, params: standard, client: client, headers: map[string]expand.Value{}}
	if c.method == "" {
		c.method = http.MethodPost
	}
	if c.format == "" {
		c.format = "form"
		if c.method == http.MethodGet {
			c.format = "query"
		}
	}
	var err error
	if c.url, err = v.url(own.URL); err != nil {
		return call{}, err
	}
	for name, t := range sorted(own.Query) {
		value, err := v.fill(t)
		if err != nil {
			return call{}, v.wrong(err)
		}
		addQuery(c.url, url.Values{name: {v.exposed(value)}})
	}
	for name := range c.url.Query() { // nothing is sent twice (RFC 6749 3.2), but what the configuration itself says twice
		if !v.config.sendsParameter(name) {
			c.params = c.params.without(name)
		}
	}
	return c, nil
}

// url fills a URL in. A relative one resolves against the token endpoint.
func (v *env) url(t recipe.Template) (*url.URL, error) {
	value, err := v.fill(t)
	if err != nil {
		return nil, v.wrong(err)
	}
	to, err := url.Parse(v.exposed(value))
	if v.planning && (err != nil || to.Host == "") && value.IsSecret() {
		to, err = url.Parse("https://" + toldLater + "/" + strings.TrimPrefix(v.exposed(value), "/"))
	}
	if err == nil && !to.IsAbs() && string(t) != v.config.TokenURL && v.config.TokenURL != "" {
		base, wrong := v.url(recipe.Template(v.config.TokenURL))
		if wrong != nil {
			return nil, wrong
		}
		to = base.ResolveReference(to)
	}
	if err != nil || to.Host == "" || strings.ContainsFunc(to.Host, unprintable) || to.Scheme != "http" && to.Scheme != "https" || to.User != nil {
		return nil, &token.AskError{Reason: misconfigured, Permanent: true, Err: fault.New(fault.Invalid, "the URL of the token endpoint is not an http or https one").
			WithHint("correct token_url and refresh_url")}
	}
	return to, nil
}

// exposed is the text of a value as it goes into a URL: whoever plans shows that.
func (v *env) exposed(value expand.Value) string {
	if v.planning {
		return value.String()
	}
	return value.Reveal()
}

// misconfigured is the reason of what fails before anything is sent.
const misconfigured = "configuration"

// wrong is the error of a template that can't be filled in.
func (v *env) wrong(err error) error {
	return &token.AskError{Reason: misconfigured, Permanent: true, Err: err}
}

func addQuery(to *url.URL, more url.Values) {
	if len(more) == 0 {
		return
	}
	if to.RawQuery != "" {
		to.RawQuery += "&"
	}
	to.RawQuery += more.Encode()
}

// build makes the HTTP request, with its secrets as show makes texts of them.
func (v *env) build(ctx context.Context, c call, show shower) (*http.Request, string, error) {
	all, err := v.merge(c.params, c.own.Params)
	if err != nil {
		return nil, "", v.wrong(err)
	}
	to, body, kind := *c.url, "", ""
	switch c.format {
	case "query":
		addQuery(&to, all.form(show))
	case "json":
		body, kind = string(all.json(show)), "application/json"
	case "xml":
		if bad := all.noXML(); bad != "" {
			return nil, "", v.wrong(fault.New(fault.Invalid, "an XML element or attribute can't be called %q", printable(bad, 60)))
		}
		body, kind = string(all.xml(show)), "application/xml"
	default:
		body, kind = all.form(show).Encode(), "application/x-www-form-urlencoded"
	}
	if len(all) == 0 {
		body = ""
	}
	r, err := http.NewRequestWithContext(ctx, c.method, to.String(), strings.NewReader(body))
	if err != nil {
		return nil, "", v.wrong(fault.New(fault.Invalid, "the token request has no usable method or URL"))
	}
	if body == "" {
		r.Body, r.GetBody, kind = http.NoBody, nil, ""
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set("Accept", "application/json")
	if c.format == "xml" {
		r.Header.Set("Accept", "application/xml")
	}
	for name, value := range c.headers {
		r.Header.Set(name, show(value))
	}
	v.request = map[string]string{"method": c.method, "url": to.String(), "path": to.EscapedPath(), "body": body}
	for name, t := range sorted(c.own.Headers) {
		value, err := v.fill(t)
		if err != nil {
			return nil, "", v.wrong(err)
		}
		if name == "" || strings.ContainsFunc(name, notOfToken) {
			return nil, "", v.wrong(fault.New(fault.Invalid, "a header of the token request can't be called %q", printable(name, 60)))
		}
		if strings.ContainsAny(value.Reveal(), "\r\n\x00") {
			return nil, "", v.wrong(fault.New(fault.Invalid, "the header %s of the token request holds a line break", name))
		}
		r.Header.Set(name, show(value))
	}
	return r, body, nil
}

// notOfToken reports whether a character can't stand in the name of a header (RFC 9110 5.6.2).
func notOfToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// unprintable reports whether a character, or a byte that is none, is kept out of errors.
func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

// sorted walks over a map by its names.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if !yield(name, m[name]) {
				return
			}
		}
	}
}

func basic(id, secret string) seal.Secret {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(id, secret)
	return seal.NewSecret(r.Header.Get("Authorization"))
}
