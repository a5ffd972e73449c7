package call

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/encoding/htmlindex"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/outbound"
)

// An Answer is what the API said.
type Answer struct {
	URL        string // that answered, without secrets
	Status     int
	StatusText string // "Not Found"
	Header     http.Header
	Body       []byte        // decompressed; only its beginning if there is a Rest
	Rest       io.ReadCloser // what follows Body, of an answer that is read as it comes; nil: Body is whole
	Away       bool          // a redirect led to another origin, which saw no credentials

	asked  *Request // that it answers
	at     *url.URL // that answered
	hidden []string // names of credentials in its query
}

// begun is an answer of which nothing but the head was read.
func begun(r *http.Response, shown string) (*Answer, error) {
	body, err := decompressed(r)
	if err != nil {
		r.Body.Close()
		return nil, err
	}
	return &Answer{URL: shown, Status: r.StatusCode, StatusText: http.StatusText(r.StatusCode), Header: r.Header, Rest: explained{body, r.Request.URL.Host}}, nil
}

// explained is a body whose failures are faults.
type explained struct {
	io.ReadCloser
	host string
}

// Read implements io.Reader.
func (e explained) Read(p []byte) (int, error) {
	n, err := e.ReadCloser.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // readers return it as it is
		err = outbound.Explain(err, "reading the answer of "+e.host)
	}
	return n, err
}

// host is who answered.
func (a *Answer) host() string {
	u, err := url.Parse(a.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// Whole reads what is left.
func (a *Answer) Whole() error {
	if a.Rest == nil {
		return nil
	}
	defer a.Close()
	body, err := io.ReadAll(io.LimitReader(a.Rest, maxAnswer+1))
	if err != nil {
		return err
	}
	if len(body) > maxAnswer {
		return fault.New(fault.Upstream, "the answer is larger than %d MiB", maxAnswer>>20).
			WithHint("have it as a stream (carnet run -O FILE), or ask for less: most APIs can page or filter")
	}
	a.Body = append(a.Body, body...)
	return nil
}

// Begin reads the first bytes of an answer that does not come bit by bit, and leaves the others.
func (a *Answer) Begin(most int) error {
	if kind := a.Header.Get("Content-Type"); a.Rest == nil || isSequence(kind) || essence(kind) == "text/event-stream" {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(a.Rest, int64(most)))
	a.Body = append(a.Body, body...)
	return err
}

// Stream is the body from its beginning, as it comes.
func (a *Answer) Stream() io.ReadCloser {
	if a.Rest == nil {
		return io.NopCloser(bytes.NewReader(a.Body))
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(a.Body), a.Rest), a.Rest}
}

// Close gives up what was not read.
func (a *Answer) Close() {
	if a != nil && a.Rest != nil {
		a.Rest.Close()
		a.Rest = nil
	}
}

// Data returns the body as JSON: as it came if it is JSON, a form as an object, JSON texts in a sequence as an array, and all
// else as a text. What is no text is one in the encoding "base64".
func (a *Answer) Data() (data jsontext.Value, encoding string) {
	if len(a.Body) == 0 {
		return nil, ""
	}
	kind := a.Header.Get("Content-Type")
	body := inUTF8(kind, a.Body)
	if (kind == "" || isJSON(kind) || essence(kind) == "text/plain") && jsontext.Value(body).IsValid(jsontext.AllowDuplicateNames(true)) {
		if essence(kind) != "text/plain" || body[0] == '{' || body[0] == '[' {
			return body, ""
		}
	}
	if isSequence(kind) {
		if all, ok := collected(body); ok {
			return all, ""
		}
	}
	if isForm(kind) {
		if values, err := url.ParseQuery(strings.TrimSpace(string(body))); err == nil {
			return formData(values), ""
		}
	}
	text := string(body)
	if !utf8.ValidString(text) {
		text, encoding = base64.StdEncoding.EncodeToString(a.Body), "base64"
	}
	quoted, _ := jsontext.AppendQuote(nil, text) // fails on invalid UTF-8 only
	return quoted, encoding
}

// inUTF8 is a text in UTF-8, if its media type says that it is in another encoding (RFC 9110 8.3.2), and JSON without the byte
// order mark that some send (RFC 8259 8.1).
func inUTF8(kind string, body []byte) []byte {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	_, parameters, err := mime.ParseMediaType(kind)
	charset := strings.ToLower(parameters["charset"])
	if err != nil || charset == "" || charset == "utf-8" || charset == "utf8" || isJSON(kind) && jsontext.Value(body).IsValid(jsontext.AllowDuplicateNames(true)) {
		return body
	}
	encoding, err := htmlindex.Get(charset)
	if err != nil {
		return body
	}
	text, err := encoding.NewDecoder().Bytes(body)
	if err != nil {
		return body
	}
	return text
}

// collected is a sequence of JSON texts as an array.
func collected(body []byte) (jsontext.Value, bool) {
	d := jsontext.NewDecoder(bytes.NewReader(bytes.ReplaceAll(body, []byte{0x1e}, []byte{' '})), jsontext.AllowDuplicateNames(true))
	var out bytes.Buffer
	for mark := byte('['); ; mark = ',' {
		v, err := d.ReadValue()
		if err == io.EOF { //nolint:errorlint // the decoder returns it as it is
			if mark == '[' {
				out.WriteByte('[')
			}
			out.WriteByte(']')
			return out.Bytes(), true
		}
		if err != nil {
			return nil, false
		}
		out.WriteByte(mark)
		out.Write(v)
	}
}

// formData is a form as an object; a name that occurs several times has an array.
func formData(values url.Values) jsontext.Value {
	object := make(map[string]any, len(values))
	for name, texts := range values {
		if object[name] = texts; len(texts) == 1 {
			object[name] = texts[0]
		}
	}
	raw, err := json.Marshal(object, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil
	}
	return raw
}
