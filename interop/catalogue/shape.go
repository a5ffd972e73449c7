package catalogue

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The kinds of entries.
const (
	modeCode   = "OAUTH2"    // authorization code
	modeClient = "OAUTH2_CC" // client credentials
	modeAny    = "TWO_STEP"  // any request that yields a token
	modeBill   = "BILL"      // one service's own
	modeJWT    = "JWT"       // the token is a JWT that the client makes
	modeSigned = "SIGNATURE" // the token is another signed text that the client makes
)

// A shape is one kind of request that is accepted, exactly. Its texts are templates.
type shape struct {
	name     string // how refusals call it
	method   string
	url      string // with its query, rewritten
	query    Object // besides that in the URL
	headers  Object
	format   string // of the body: form, json, xml; "query" puts the params there; "either" is form or json; "" is no body
	params   Object
	optional []string // params that may be missing
	browser  bool     // any header is fine, and no certificate is wanted

	pick    func(*state) []candidate           // what the state knows that the request may build on; nil: nothing needed
	without string                             // the refusal if pick finds nothing
	chosen  func(c candidate) map[string]check // what the client chooses, by name, and what is required of it
	accept  func(*deed) (answer, error)
}

// check says what is wrong with a value that the client chose; nil if nothing is.
type check func(got string) error

// candidate is a code, a refresh token or a token that the request may be about.
type candidate struct {
	values map[string]string
	at     int // its place in the state
}

// deed is an accepted request: what the shape's accept works with.
type deed struct {
	state  *state
	chosen candidate
	values map[string]string // what the client chose
	now    time.Time
}

// answer is what is answered.
type answer struct {
	status  int
	format  string // json, text, xml; "" is no body
	body    []byte
	headers http.Header
}

// pathAndQuery splits the shape's URL (of which the names have values) into the path on the wire and the wanted query, whose
// values are templates still: a value with & in it is one value.
func (s *shape) pathAndQuery(base string, value func(string) (string, bool)) (string, Object, error) {
	at, rest, _ := strings.Cut(s.url, "?")
	parsed, err := parse(at)
	if err != nil {
		return "", nil, err
	}
	at, err = parsed.eval(value)
	if err != nil {
		return "", nil, err
	}
	query := Object{}
	for pair := range strings.SplitSeq(rest, "&") {
		if name, v, is := strings.Cut(pair, "="); is {
			query = append(query, Member{name, v})
		}
	}
	query = query.merged(s.query)
	if s.format == "query" {
		query = query.merged(s.params)
	}
	return (&url.URL{Path: strings.TrimPrefix(at, base)}).EscapedPath(), query, nil
}
