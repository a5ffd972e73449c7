package credential

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/expand"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
)

// Inject returns the credentials of a recipe (failure mode 13). Templates are filled in by lookup, and by what the request is:
// request.method, .url, .host, .path, .query and .body. uuid and now are the same in all of them.
func Inject(all []recipe.Injection, lookup func(path string) (expand.Value, bool)) ([]Credential, error) {
	scope := expand.Scope{Now: time.Now(), UUID: newUUID(), Lookup: lookup}
	credentials := make([]Credential, len(all))
	for n, i := range all {
		format := i.Format
		if format == "" {
			format = "${token.token_type} ${token.access_token}"
		}
		t, err := expand.Parse(string(format))
		if err != nil {
			return nil, err
		}
		credentials[n] = injected{i.In, i.Name, t, scope}
	}
	return credentials, nil
}

// newUUID draws a UUID of version 4 (RFC 9562 5.4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

type injected struct {
	in, name string
	template expand.Template
	scope    expand.Scope
}

func (i injected) Place() string {
	if i.in == "header" {
		return http.CanonicalHeaderKey(i.name)
	}
	return i.in + " " + i.name
}

func (i injected) Apply(r *http.Request, show func(seal.Secret) string) error {
	scope := i.scope
	scope.Lookup = func(path string) (expand.Value, bool) {
		if v, ok, mine := ofRequest(r, path); mine {
			return v, ok
		}
		return i.scope.Lookup(path)
	}
	value, err := i.template.Expand(scope)
	if err != nil {
		return err
	}
	if i.in != "body" && i.in != "query" && !sendable(seal.NewSecret(value.Reveal())) {
		return unsendable(i.in + " " + i.name)
	}
	return i.put(r, value.Show(show))
}

func (i injected) put(r *http.Request, text string) error {
	switch i.in {
	case "header":
		if strings.EqualFold(i.name, "Host") {
			r.Host = text
			return nil
		}
		if strings.EqualFold(i.name, "Cookie") { // beside those of arguments
			addCookie(r, text)
			return nil
		}
		r.Header.Set(i.name, text)
	case "query":
		if !r.URL.Query().Has(i.name) {
			addQuery(r.URL, i.name, text)
		}
	case "cookie":
		addCookie(r, i.name+"="+text)
	case "body":
		return putBody(r, i.name, text)
	}
	return nil
}

func addCookie(r *http.Request, pair string) {
	if others := r.Header.Get("Cookie"); others != "" {
		pair = others + "; " + pair
	}
	r.Header.Set("Cookie", pair)
}

func addQuery(u *url.URL, name, text string) {
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += url.QueryEscape(name) + "=" + url.QueryEscape(text)
}

// putBody sets a member of a JSON object, which is the body.
func putBody(r *http.Request, name, text string) error {
	body, err := bodyOf(r)
	if err != nil {
		return err
	}
	members := map[string]jsontext.Value{}
	if len(bytes.TrimSpace(body)) > 0 && json.Unmarshal(body, &members) != nil {
		return fault.New(fault.Invalid, "the credential goes into the member %s of a JSON object, and the body is none", name)
	}
	members[name], _ = jsontext.AppendQuote(nil, strings.ToValidUTF8(text, "\uFFFD")) // valid text, which can be quoted
	raw, err := json.Marshal(members, json.Deterministic(true))
	if err != nil {
		return fault.Wrap(fault.Internal, err, "writing the body")
	}
	if r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.ContentLength = int64(len(raw))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }
	r.Body, err = r.GetBody()
	return err
}

func bodyOf(r *http.Request) ([]byte, error) {
	if r.GetBody == nil {
		if r.Body != nil && r.Body != http.NoBody {
			return nil, fault.New(fault.Invalid, "the credential depends on the body, which is a file too large to be read before it is sent")
		}
		return nil, nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// ofRequest is a part of the request; mine: the path means one.
func ofRequest(r *http.Request, path string) (v expand.Value, ok, mine bool) {
	name, mine := strings.CutPrefix(path, "request.")
	if !mine {
		return v, false, false
	}
	switch name {
	case "method":
		return expand.Plain(r.Method), true, true
	case "url":
		return expand.Plain(r.URL.String()), true, true
	case "host":
		return expand.Plain(r.URL.Host), true, true
	case "path":
		return expand.Plain(r.URL.EscapedPath()), true, true
	case "query":
		return expand.Plain(r.URL.RawQuery), true, true
	case "body":
		body, err := bodyOf(r)
		return expand.Plain(string(body)), err == nil, true
	}
	return v, false, true
}
