package call

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/outbound"
)

// An Answer is what the API said.
type Answer struct {
	URL        string // that answered, without secrets
	Status     int
	StatusText string // "Not Found"
	Header     http.Header
	Body       []byte // decompressed
	Away       bool   // a redirect led to another origin, which saw no credentials
}

// readAnswer reads an answer of any status, whole.
func readAnswer(r *http.Response, shown string) (*Answer, error) {
	defer r.Body.Close()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
	if err != nil {
		return nil, outbound.Explain(err, "reading the answer of "+r.Request.URL.Host)
	}
	if len(body) > maxAnswer {
		return nil, fault.New(fault.Upstream, "the answer of %s is larger than %d MiB", r.Request.URL.Host, maxAnswer>>20).
			WithHint("ask for less: most APIs can page or filter")
	}
	return &Answer{URL: shown, Status: r.StatusCode, StatusText: http.StatusText(r.StatusCode), Header: r.Header, Body: body}, nil
}

// Data returns the body as JSON: as it came if it is JSON, else as a text. What is no UTF-8 is a text in the encoding "base64".
func (a *Answer) Data() (data jsontext.Value, encoding string) {
	if len(a.Body) == 0 {
		return nil, ""
	}
	kind := a.Header.Get("Content-Type")
	if (kind == "" || isJSON(kind) || strings.HasPrefix(essence(kind), "text/plain")) && jsontext.Value(a.Body).IsValid(jsontext.AllowDuplicateNames(true)) {
		if essence(kind) != "text/plain" || a.Body[0] == '{' || a.Body[0] == '[' {
			return a.Body, ""
		}
	}
	text := string(a.Body)
	if !utf8.ValidString(text) {
		text, encoding = base64.StdEncoding.EncodeToString(a.Body), "base64"
	}
	quoted, _ := jsontext.AppendQuote(nil, text) // fails on invalid UTF-8 only
	return quoted, encoding
}
