package call

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/credential"
	"carnet.dev/carnet/internal/seal"
)

const (
	maxAnswer    = 64 << 20 // bytes
	maxRedirects = 10
)

// Send sends the request with the credentials on it, and returns the answer, of which nothing but the head is read yet: it has to
// be closed, or read whole. It can be called again. The redirects of a GET or
// HEAD are followed, to another origin without credentials and without the headers of arguments, and never from https to http;
// any other redirect is the answer (failure mode 31). A request that a credential is challenged for is repeated once, with what
// answers the challenge; another origin's challenge is the answer. The client must not follow redirects itself.
func (r *Request) Send(ctx context.Context, client *http.Client, credentials []credential.Credential) (*Answer, error) {
	if err := compatible(credentials); err != nil {
		return nil, err
	}
	at, header, home := r.url, r.header, true
	for redirects := 0; ; redirects++ {
		applied := credentials
		if !home {
			applied = nil
		}
		answer, err := ask(client, func() *http.Request { return r.fresh(ctx, at, header) }, applied, r.body.usable)
		if err != nil {
			return nil, err
		}
		next := r.redirect(answer)
		if next == nil || !r.body.usable() {
			result, err := begun(answer, masked(at, credentials))
			if err == nil {
				result.Away, result.asked, result.at, result.hidden = !home, r, at, inQuery(credentials)
			}
			return result, err
		}
		answer.Body.Close()
		if redirects == maxRedirects {
			return nil, fault.New(fault.Upstream, "%s redirects more than %d times", r.url.Host, maxRedirects)
		}
		if home = home && origin(next) == origin(at); !home {
			header = http.Header{"Accept": r.header["Accept"]}
		}
		at = next
	}
}

// fresh makes the HTTP request of one attempt.
func (r *Request) fresh(ctx context.Context, at *url.URL, header http.Header) *http.Request {
	to := *at
	request := &http.Request{Method: r.method, URL: &to, Host: at.Host, Header: header.Clone(), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if request.Header.Get("Accept-Encoding") == "" {
		request.Header.Set("Accept-Encoding", codings)
	}
	switch {
	case r.body == nil:
	case r.body.repeatable():
		request.ContentLength = r.body.size
		request.GetBody = func() (io.ReadCloser, error) { return r.body.begin(), nil }
		request.Body, _ = request.GetBody()
	default: // whoever refuses the request should do so before the body, which can't be sent again (RFC 9110 10.1.1)
		request.ContentLength = r.body.size
		request.Body = r.body.begin()
		request.Header.Set("Expect", "100-continue")
	}
	return request.WithContext(ctx)
}

// redirect returns where to go on; nil if this is the answer.
func (r *Request) redirect(answer *http.Response) *url.URL {
	switch answer.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}
	next, err := answer.Location()
	safe := err == nil && (next.Scheme == "https" || next.Scheme == "http" && answer.Request.URL.Scheme == "http") && next.Host != ""
	if !safe || r.method != http.MethodGet && r.method != http.MethodHead {
		return nil
	}
	next.User = nil
	return next
}

// origin is scheme, host and port.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return strings.ToLower(u.Scheme + "://" + u.Hostname() + ":" + port)
}

// compatible refuses two credentials for one place.
func compatible(credentials []credential.Credential) error {
	seen := map[string]bool{}
	for _, c := range credentials {
		if seen[c.Place()] {
			return fault.New(fault.Invalid, "two security schemes both set %s", c.Place()).
				WithHint("choose the schemes of every operation (the integration's security)")
		}
		seen[c.Place()] = true
	}
	return nil
}

// inQuery are the names of the credentials in the query.
func inQuery(credentials []credential.Credential) (names []string) {
	for _, c := range credentials {
		if name, ok := strings.CutPrefix(c.Place(), "query "); ok {
			names = append(names, name)
		}
	}
	return names
}

// masked is a URL as it may be shown: without the credentials in its query.
func masked(u *url.URL, credentials []credential.Credential) string {
	shown := *u
	shown.User = nil
	for _, name := range inQuery(credentials) {
		pairs := strings.Split(shown.RawQuery, "&")
		for i, pair := range pairs {
			key, _, _ := strings.Cut(pair, "=")
			if plain, err := url.QueryUnescape(key); err == nil && plain == name {
				pairs[i] = key + "=" + seal.Mask
			}
		}
		shown.RawQuery = strings.Join(pairs, "&")
	}
	return shown.String()
}

// Shown is a request as a dry run shows it.
type Shown struct {
	Method string
	URL    string
	Header http.Header
	Body   string
}

// Show returns what [Request.Send] would send first, the secrets of the credentials masked.
func (r *Request) Show(credentials []credential.Credential) (Shown, error) {
	if err := compatible(credentials); err != nil {
		return Shown{}, err
	}
	request := r.fresh(context.Background(), r.url, r.header)
	if request.Header.Get("Accept-Encoding") == codings { // how it travels is nobody's business
		request.Header.Del("Accept-Encoding")
	}
	request.Header.Del("Expect")
	if err := apply(request, credentials, seal.Secret.String); err != nil {
		return Shown{}, err
	}
	return Shown{Method: r.method, URL: strings.ReplaceAll(request.URL.String(), url.QueryEscape(seal.Mask), seal.Mask), Header: request.Header, Body: r.body.shown()}, nil
}
