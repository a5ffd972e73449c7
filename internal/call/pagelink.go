package call

import (
	"net/url"
	"slices"
	"strings"

	"carnet.dev/carnet/fault"
)

// nextLink finds the target of the relation "next" in Link headers (RFC 8288 3). present: there are relations of that kind, if not this one.
func nextLink(headers []string) (to string, present bool) {
	rest := strings.Join(headers, ",")
	for {
		_, after, found := strings.Cut(rest, "<")
		if !found {
			return "", present
		}
		var uri string
		if uri, rest, found = strings.Cut(after, ">"); !found {
			return "", present
		}
		var relations []string
		anchored := false
		for {
			rest = strings.TrimLeft(rest, " \t")
			if !strings.HasPrefix(rest, ";") {
				break
			}
			var name, value string
			name, value, rest = linkParameter(rest[1:])
			if name == "rel" && relations == nil { // the first counts (3.3)
				relations = strings.Fields(strings.ToLower(value))
			}
			anchored = anchored || name == "anchor" // it is about something else (3.2)
		}
		if anchored {
			continue
		}
		for _, relation := range []string{"prev", "previous", "first", "last"} {
			present = present || slices.Contains(relations, relation)
		}
		if slices.Contains(relations, "next") {
			return strings.TrimSpace(uri), true
		}
	}
}

// linkParameter reads a parameter behind its semicolon: a token, or a quoted string, which may hold what divides links.
func linkParameter(text string) (name, value, rest string) {
	end := strings.IndexAny(text, "=;,")
	if end < 0 {
		return strings.ToLower(strings.TrimSpace(text)), "", ""
	}
	name = strings.ToLower(strings.TrimSpace(text[:end]))
	if text[end] != '=' {
		return name, "", text[end:]
	}
	text = strings.TrimLeft(text[end+1:], " \t")
	if !strings.HasPrefix(text, `"`) {
		if end = strings.IndexAny(text, ";,"); end < 0 {
			end = len(text)
		}
		return name, strings.TrimSpace(text[:end]), text[end:]
	}
	var out strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return name, out.String(), text[i+1:]
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		out.WriteByte(text[i])
	}
	return name, out.String(), ""
}

// follow makes the next page of an address that the answer gave, which may be relative (RFC 3986 5).
func (s *survey) follow(to string) (*Next, error) {
	if to == "" {
		return nil, nil
	}
	path, err := s.answer.within(to)
	if err != nil {
		return nil, err
	}
	return &Next{URL: path}, nil
}

// within is the path and query of an address at the server that was asked. Any other place is refused, for the request that follows has
// credentials on it (failure mode 46); those that the address itself carries in its query are left out.
func (a *Answer) within(to string) (string, error) {
	base := a.asked.base
	u, err := a.at.Parse(to)
	if err != nil {
		return "", fault.New(fault.Upstream, "the address of the next page can't be read")
	}
	// Behind a proxy that ends TLS many services give the address as it was inside. Nothing but the path and the query is used of it.
	inside := u.Scheme == "http" && base.Scheme == "https" && strings.EqualFold(u.Hostname(), base.Hostname()) && (u.Port() == "" || u.Port() == base.Port())
	same := origin(u) == origin(base) || inside || u.Hostname() == "localhost" // which nobody else can mean
	if !same {
		return "", fault.New(fault.Upstream, "the next page is at %s, which is not where the request went; it is not followed", u.Scheme+"://"+u.Host).
			WithHint("if a parameter takes what is in that address: --paginate=/POINTER=PARAMETER")
	}
	// Others leave out what their server's path begins with (Confluence: _links.base).
	if path := u.EscapedPath(); len(path) > 1 && !under(path, base) && strings.HasSuffix(a.asked.url.EscapedPath(), path) {
		u.Path, u.RawPath = a.asked.url.Path, a.asked.url.RawPath
	}
	u.RawQuery = without(u.RawQuery, a.hidden)
	next := u.EscapedPath()
	if u.RawQuery != "" {
		next += "?" + u.RawQuery
	}
	_, err = a.asked.Follow(next)
	return next, err
}

// Follow returns the request for another path and query of the same server, with all else as it is. fault.Invalid if that is not under
// the path of the server's URL.
func (r *Request) Follow(to string) (*Request, error) {
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, "/") || u.Scheme != "" || u.Host != "" || u.User != nil {
		return nil, fault.New(fault.Invalid, "the address of a page is a path and a query, as in /orders?page=2")
	}
	if !under(u.EscapedPath(), r.base) {
		return nil, fault.New(fault.Invalid, "the next page is at %s, which is not under %s; it is not followed", u.Path, r.base.Path).
			WithHint("if that is right, change the path of the server: carnet integration set NAME server.base_path=...")
	}
	moved := *r
	moved.url = &url.URL{Scheme: r.base.Scheme, Host: r.base.Host, Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}
	moved.path = strings.TrimPrefix(u.EscapedPath(), strings.TrimSuffix(r.base.EscapedPath(), "/"))
	return &moved, nil
}

// under reports whether a path is below that of a server's URL. One that climbs, however it is written, is not: servers take the encoded
// form for the plain one (RFC 3986 6.2.2.3).
func under(path string, base *url.URL) bool {
	plain := strings.NewReplacer("%2e", ".", "%2E", ".", "%2f", "/", "%2F", "/", "%5c", "/", "%5C", "/", `\`, "/").Replace(path)
	for segment := range strings.SplitSeq(plain, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	above := strings.TrimSuffix(base.EscapedPath(), "/")
	return path == above || strings.HasPrefix(path, above+"/")
}

// without is a query without some of its names.
func without(query string, names []string) string {
	if len(names) == 0 || query == "" {
		return query
	}
	kept := slices.DeleteFunc(strings.Split(query, "&"), func(pair string) bool {
		key, _, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(key)
		return err == nil && slices.Contains(names, plain)
	})
	return strings.Join(kept, "&")
}
