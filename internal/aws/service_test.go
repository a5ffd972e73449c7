package aws_test

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A wire is a transport without a network: the request is written, read again, and handled. What was written last stays.
type wire struct {
	handler http.Handler
	change  func(*http.Request) // on the way; may be nil
	written string
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.change != nil {
		r = r.Clone(r.Context())
		w.change(r)
	}
	var out bytes.Buffer
	if err := r.Write(&out); err != nil {
		return nil, err
	}
	w.written = out.String()
	read, err := http.ReadRequest(bufio.NewReader(&out))
	if err != nil {
		return nil, err
	}
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, read)
	answer := recorder.Result()
	if answer.Header.Get("Date") == "" {
		answer.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	answer.Request = r
	return answer, nil
}

// A service is one of AWS's that knows one access key. It computes signatures by the documentation, and shares nothing with the
// SDK.
type service struct {
	name, region       string
	id, secret, token  string
	single             bool   // S3's way with paths
	wantsHash, streams bool   // X-Amz-Content-Sha256 has to be there; may say UNSIGNED-PAYLOAD
	host               string // that it has
}

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/,]+)/([^/,]+)/aws4_request, ` +
	`SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$`)

// refusal says what is wrong with a request as it came over the wire; "" if nothing is.
func (s service) refusal(r *http.Request) string {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err.Error()
	}
	part := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	date, dateErr := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	switch {
	case part == nil:
		return "the Authorization header is " + r.Header.Get("Authorization")
	case dateErr != nil || r.Header.Get("X-Amz-Date")[:8] != part[2]:
		return "the date is " + r.Header.Get("X-Amz-Date")
	case time.Since(date).Abs() > 5*time.Minute:
		return "the signature has expired"
	case part[1] != s.id:
		return "the key is " + part[1]
	case part[3] != s.region || part[4] != s.name:
		return "the scope is " + part[3] + " " + part[4]
	case r.Host != s.host:
		return "the host is " + r.Host
	case r.Header.Get("X-Amz-Security-Token") != s.token:
		return "the session token is another one"
	}
	names := strings.Split(part[5], ";")
	if wrong := s.unsigned(r, names); wrong != "" {
		return wrong
	}
	hash, wrong := s.payload(r, body)
	if wrong != "" {
		return wrong
	}
	canonical := strings.Join([]string{r.Method, s.path(r), query(r), headers(r, names), part[5], hash}, "\n")
	scope := strings.Join([]string{part[2], s.region, s.name, "aws4_request"}, "/")
	text := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), scope, sha(canonical)}, "\n")
	key := []byte("AWS4" + s.secret)
	for step := range strings.SplitSeq(scope, "/") {
		key = mac(key, step)
	}
	if want := hex.EncodeToString(mac(key, text)); want != part[6] {
		return "the signature does not match the canonical request\n" + canonical
	}
	return ""
}

// unsigned finds a header that has to be signed and is not, or is signed and does not come along, as those that proxies change.
func (s service) unsigned(r *http.Request, names []string) string {
	if !slices.IsSorted(names) || !slices.Contains(names, "host") {
		return "the signed headers are " + strings.Join(names, ";")
	}
	for _, name := range names {
		_, came := r.Header[http.CanonicalHeaderKey(name)]
		if !came && name != "host" || slices.Contains([]string{"connection", "cookie", "accept-encoding", "user-agent"}, name) {
			return name + " gets lost on the way"
		}
	}
	for name := range r.Header {
		name = strings.ToLower(name)
		if (strings.HasPrefix(name, "x-amz-") || name == "content-type") && !slices.Contains(names, name) {
			return name + " is not signed"
		}
	}
	return ""
}

func (s service) payload(r *http.Request, body []byte) (hash, wrong string) {
	hash, claimed := sha(string(body)), r.Header.Get("X-Amz-Content-Sha256")
	switch {
	case claimed == "UNSIGNED-PAYLOAD" && s.streams:
		return claimed, ""
	case claimed == "" && s.wantsHash, claimed != "" && claimed != hash:
		return "", "the payload's hash is said to be " + claimed
	}
	return hash, ""
}

// path is the canonical URI.
func (s service) path(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if s.single {
		plain, err := url.PathUnescape(strings.ReplaceAll(path, "%2F", "%252F"))
		if err != nil {
			return err.Error()
		}
		return strings.ReplaceAll(strings.ReplaceAll(encode(plain), "%2F", "/"), "%252F", "%2F")
	}
	slash := strings.HasSuffix(path, "/")
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	u, _ := url.Parse("http://x/")
	if path = u.ResolveReference(&url.URL{Path: path}).Path; slash && !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return strings.ReplaceAll(encode(path), "%2F", "/")
}

// query is the canonical query string. A plus sign is refused: whether it means a blank depends on who reads it.
func query(r *http.Request) string {
	_, raw, _ := strings.Cut(r.RequestURI, "?")
	if raw == "" {
		return ""
	}
	pairs := strings.Split(raw, "&")
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.PathUnescape(name)
		value, err2 := url.PathUnescape(value)
		if err != nil || err2 != nil || strings.ContainsAny(pair, "+;") {
			return "the query is " + raw
		}
		pairs[i] = encode(name) + "=" + encode(value)
	}
	slices.SortFunc(pairs, func(a, b string) int { // by the name, then by the value
		return strings.Compare(strings.Replace(a, "=", "\x00", 1), strings.Replace(b, "=", "\x00", 1))
	})
	return strings.Join(pairs, "&")
}

// headers are the canonical headers, with the empty line after them.
func headers(r *http.Request, names []string) string {
	var out strings.Builder
	for _, name := range names {
		values := slices.Clone(r.Header.Values(name))
		if name == "host" {
			values = []string{r.Host}
		}
		for i, v := range values {
			values[i] = strings.Join(strings.Fields(v), " ")
		}
		fmt.Fprintf(&out, "%s:%s\n", name, strings.Join(values, ","))
	}
	return out.String()
}

// encode is AWS's UriEncode, the slash included.
func encode(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	io.WriteString(h, text)
	return h.Sum(nil)
}
