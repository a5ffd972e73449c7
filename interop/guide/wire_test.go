package guide_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// hole is a {name} of a text.
var hole = regexp.MustCompile(`\{([a-z]\w*)\}`)

// values are what holes stand for: given by an answer, or seen in a request.
type values map[string]string

// matches compares a text with a pattern. A hole that is known has its value; another takes what is there, and is known then.
func (v values) matches(pattern, text string) error {
	names, expression := []string{}, "(?s)^"
	rest := pattern
	for _, at := range hole.FindAllStringSubmatchIndex(pattern, -1) {
		name, offset := pattern[at[2]:at[3]], len(pattern)-len(rest)
		expression += regexp.QuoteMeta(rest[:at[0]-offset])
		if value, known := v[name]; known && name != "any" {
			expression += regexp.QuoteMeta(value)
		} else {
			expression += "(.+)"
			names = append(names, name)
		}
		rest = pattern[at[1]:]
	}
	found := regexp.MustCompile(expression + regexp.QuoteMeta(rest) + "$").FindStringSubmatch(text)
	if found == nil {
		return fmt.Errorf("has %q where %q is wanted", text, v.filled(pattern))
	}
	for i, name := range names {
		v[name] = found[i+1]
	}
	return nil
}

func (v values) filled(pattern string) string {
	return hole.ReplaceAllStringFunc(pattern, func(h string) string {
		if value, known := v[h[1:len(h)-1]]; known {
			return value
		}
		return h
	})
}

// same compares values of JSON.
func (v values) same(want, got any) error {
	switch want := want.(type) {
	case string:
		text, ok := got.(string)
		if !ok {
			return fmt.Errorf("has %v where the text %q is wanted", got, want)
		}
		return v.matches(want, text)
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok || len(object) != len(want) {
			return fmt.Errorf("has %v where %v is wanted", got, want)
		}
		for name, inner := range want {
			if err := v.same(inner, object[name]); err != nil {
				return fmt.Errorf("%s %w", name, err)
			}
		}
		return nil
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Errorf("has %v where %v is wanted", got, want)
		}
		for i, inner := range want {
			if err := v.same(inner, list[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Errorf("has %v where %v is wanted", got, want)
	}
	return nil
}

// pairs compares parameters, whose order means nothing.
func (v values) pairs(want, got string) error {
	wanted, err := url.ParseQuery(strings.ReplaceAll(strings.ReplaceAll(want, "{", "%7B"), "}", "%7D"))
	if err != nil {
		return err
	}
	came, err := url.ParseQuery(got)
	if err != nil {
		return err
	}
	for name, values := range came {
		if len(values) != len(wanted[name]) {
			return fmt.Errorf("has %s %d times, and not %d", name, len(values), len(wanted[name]))
		}
		for i := range values {
			if err := v.matches(wanted[name][i], values[i]); err != nil {
				return fmt.Errorf("%s %w", name, err)
			}
		}
	}
	for name := range wanted {
		if !came.Has(name) {
			return fmt.Errorf("lacks %s", name)
		}
	}
	return nil
}

// ordinary are the headers of every request. What a body is, is told by the body.
var ordinary = []string{"User-Agent", "Accept", "Accept-Encoding", "Content-Length"}

// accepts compares a request with the exchange's, and returns what requests have shown so far; an error says what is other than wanted.
func (x exchange) accepts(r *http.Request, body string, given, seen values) (values, error) {
	v := values{}
	maps.Copy(v, given)
	maps.Copy(v, seen)
	place, query, _ := strings.Cut(x.url, "?")
	if err := v.matches(x.method+" "+place, r.Method+" https://"+r.Host+r.URL.EscapedPath()); err != nil {
		return nil, err
	}
	if err := v.pairs(query, r.URL.RawQuery); err != nil {
		return nil, fmt.Errorf("the query %w", err)
	}
	if x.certificate && len(r.TLS.PeerCertificates) == 0 {
		return nil, fmt.Errorf("comes without a client certificate")
	}
	if err := v.headers(x, r.Header); err != nil {
		return nil, err
	}
	if err := v.body(x.body, body); err != nil {
		return nil, fmt.Errorf("the body %w", err)
	}
	for name, rule := range x.signed {
		if err := rule.check(v[name], v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	maps.DeleteFunc(v, func(name, value string) bool { return given[name] == value || name == "any" })
	return v, errors.Join(v.challenge(), v.digest(r.Header.Get("Authorization")))
}

// headers compares the headers: those of the exchange, and the ordinary ones.
func (v values) headers(x exchange, got http.Header) error {
	kind := map[bool]string{true: "application/x-www-form-urlencoded"}[x.body != ""]
	switch {
	case strings.HasPrefix(x.body, "{") || strings.HasPrefix(x.body, "["):
		kind = "application/json"
	case strings.HasPrefix(x.body, "<"):
		kind = "application/xml"
	}
	wanted := []string{"Content-Type"}
	if have, _, _ := strings.Cut(got.Get("Content-Type"), ";"); have != kind {
		return fmt.Errorf("the body is called %q, and not %q", have, kind)
	}
	for _, h := range x.headers {
		if err := v.matches(h[1], got.Get(h[0])); err != nil {
			return fmt.Errorf("the header %s %w", h[0], err)
		}
		wanted = append(wanted, http.CanonicalHeaderKey(h[0]))
	}
	for name := range got {
		if !slices.Contains(wanted, name) && !slices.Contains(ordinary, name) {
			return fmt.Errorf("has the header %s: %s", name, got.Get(name))
		}
	}
	return nil
}

func (v values) body(want, got string) error {
	switch {
	case strings.HasPrefix(want, "{") || strings.HasPrefix(want, "["):
		var wanted, came any
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(got), &came); err != nil {
			return err
		}
		return v.same(wanted, came)
	case strings.HasPrefix(want, "<"):
		return v.matches(want, got)
	}
	return v.pairs(strings.ReplaceAll(want, "\n", ""), got)
}

// challenge compares the verifier of PKCE with its challenge (RFC 7636 4.6).
func (v values) challenge() error {
	sum := sha256.Sum256([]byte(v["verifier"]))
	if v["verifier"] != "" && base64.RawURLEncoding.EncodeToString(sum[:]) != v["challenge"] {
		return fmt.Errorf("the code verifier is not that of the challenge")
	}
	return nil
}

// check verifies a JWT with the keys that are registered, and reads what is in it. A number of claims may be {now}, with seconds added.
func (rule jwtRule) check(text string, v values) error {
	signed, err := jose.ParseSigned(text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(rule.alg)})
	if err != nil {
		return err
	}
	key := registered().verify[rule.alg]
	if embedded := signed.Signatures[0].Protected.JSONWebKey; embedded != nil { // of a proof, which brings its own
		key = embedded.Key
	}
	claims, err := signed.Verify(key)
	if err != nil {
		return err
	}
	protected, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[0])
	if err != nil {
		return err
	}
	if err := v.body(numbers(rule.header), string(protected)); err != nil {
		return fmt.Errorf("its header %w", err)
	}
	if err := v.body(numbers(rule.claims), string(claims)); err != nil {
		return fmt.Errorf("its claims %w", err)
	}
	return nil
}

var moments = regexp.MustCompile(`"\{now(\+\d+)?\}"`)

// numbers puts seconds since 1970 in the place of {now}.
func numbers(text string) string {
	return moments.ReplaceAllStringFunc(text, func(m string) string {
		more, _ := strconv.Atoi(strings.Trim(m, `"{now}`))
		return strconv.FormatInt(time.Now().Unix()+int64(more), 10)
	})
}

var count = regexp.MustCompile(`nc=(\w+)`)

// digest computes the answer to a challenge of HTTP digest (RFC 7616 3.4.1).
func (v values) digest(header string) error {
	nc := count.FindStringSubmatch(header)
	if nc == nil {
		return nil
	}
	hash := func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
	want := hash(hash("ada:things:pa55word") + ":n0nce:" + nc[1] + ":" + v["cnonce"] + ":auth:" + hash("GET:/things"))
	if v["response"] != want {
		return fmt.Errorf("the response is %s, and not %s", v["response"], want)
	}
	return nil
}
