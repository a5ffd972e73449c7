package aws

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"carnet.dev/carnet/fault"
)

const unsignedPayload = "UNSIGNED-PAYLOAD"

// escapesOnce reports whether the service takes the path as it is sent. All others see each percent sign encoded once more, and
// the path without empty and dot segments.
func escapesOnce(service string) bool {
	return service == "s3" || strings.HasPrefix(service, "s3-") || service == "s3express"
}

// wantsPayloadHash reports whether the service refuses a request without the header X-Amz-Content-Sha256.
func wantsPayloadHash(service string) bool {
	return escapesOnce(service) || service == "aoss" || service == "glacier"
}

// payloadHash is of the body, which stays unread. One that can be read only once goes unsigned where that is allowed and TLS
// protects it.
func payloadHash(r *http.Request, service string) (string, error) {
	sum := sha256.New()
	switch {
	case r.Body == nil || r.Body == http.NoBody:
	case r.GetBody != nil:
		body, err := r.GetBody()
		if err != nil {
			return "", fault.Wrap(fault.Internal, err, "reading the request's body")
		}
		defer body.Close()
		if _, err := io.Copy(sum, body); err != nil {
			return "", fault.Wrap(fault.Internal, err, "reading the request's body")
		}
	case escapesOnce(service) && r.URL.Scheme == "https":
		return unsignedPayload, nil
	default:
		return "", fault.New(fault.Invalid, "the body can't be read twice, so it can't be signed")
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// normalize writes the request so that what is sent can be taken in one way only.
func normalize(r *http.Request, service string) {
	r.Host = withoutDefaultPort(cmp.Or(r.Host, r.URL.Host), r.URL.Scheme)
	r.URL.RawQuery = normalQuery(r.URL.RawQuery)
	if escapesOnce(service) && r.URL.Opaque == "" {
		r.URL.RawPath = escaped(r.URL.EscapedPath(), "/")
	}
}

func withoutDefaultPort(host, scheme string) string {
	name, port, err := net.SplitHostPort(host)
	if err != nil || port != map[string]string{"http": "80", "https": "443"}[scheme] {
		return host
	}
	if strings.Contains(name, ":") {
		return "[" + name + "]"
	}
	return name
}

// normalQuery encodes a query as AWS does. Its order stays: parameters of one name may mean another thing in another order.
func normalQuery(query string) string {
	var pairs []string
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(strings.ReplaceAll(pair, "+", "%20"), "=")
		pairs = append(pairs, escaped(name, "")+"="+escaped(value, ""))
	}
	return strings.Join(pairs, "&")
}

// escaped percent-encodes all but the unreserved characters (RFC 3986 2.3) and those to keep. What is encoded stays as it is.
func escaped(text, keep string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		c, plain := text[i], strings.IndexByte(keep, text[i]) >= 0
		if c == '%' && i+2 < len(text) {
			if b, err := hex.DecodeString(text[i+1 : i+3]); err == nil {
				c, plain = b[0], false
				i += 2
			}
		}
		if plain || isUnreserved(c) {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

func isUnreserved(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// unsigned are headers that proxies or net/http may change on the way, beside those that the SDK leaves out itself.
var unsigned = []string{
	"Accept-Encoding", "Connection", "Cookie", "Forwarded", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer",
	"Upgrade", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
}

// signable is the request as it is to be signed.
func signable(r *http.Request, service string) *http.Request {
	draft := &http.Request{Method: cmp.Or(r.Method, http.MethodGet), Host: r.Host, Header: http.Header{}}
	for name, values := range r.Header {
		if len(values) > 0 && !slices.Contains(unsigned, http.CanonicalHeaderKey(name)) {
			draft.Header[name] = slices.Clone(values)
		}
	}
	to := *r.URL
	draft.URL = &to
	if !escapesOnce(service) {
		to.Opaque = "//" + r.Host + normalPath(pathOf(r))
	}
	return draft
}

// pathOf is the path as it is sent.
func pathOf(r *http.Request) string {
	if r.URL.Opaque == "" {
		return r.URL.EscapedPath()
	}
	rest, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Opaque, "//"), "?")
	_, path, _ := strings.Cut(rest, "/")
	return "/" + path
}

// normalPath leaves out empty and dot segments.
func normalPath(path string) string {
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch {
		case segment == "" || segment == ".":
		case segment == ".." && len(kept) > 0:
			kept = kept[:len(kept)-1]
		case segment != "..":
			kept = append(kept, segment)
		}
	}
	normal := "/" + strings.Join(kept, "/")
	if strings.HasSuffix(path, "/") && len(kept) > 0 {
		normal += "/"
	}
	return normal
}
