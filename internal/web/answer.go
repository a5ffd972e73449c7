package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"carnet.dev/carnet/api"
)

// An answer is what came back. It is shown as text, whatever it is: nothing that an API sends is rendered.
type answer struct {
	api.Result
	Ms          int // until the answer was there
	Pretty, Raw string
	Size        int // in bytes
	Cut         bool
	Names       []string     // of the headers
	File        string       // what it is called when it is kept
	Href        template.URL // of its content, if a page can carry it
}

// Bounds of an answer, in bytes: of what a page shows, of what it carries along to be kept, and of an error's that came as a stream.
const (
	mostAnswer  = 256 << 10
	mostCarried = 1 << 20
	mostError   = 8 << 20
)

func newAnswer(r api.Result, operation string, took time.Duration) *answer {
	a := &answer{Result: r, Ms: int(took.Milliseconds()), Names: slices.Sorted(maps.Keys(r.Headers)), File: answerName(r.Headers, operation)}
	content := []byte(r.Data)
	var s string
	if json.Unmarshal(r.Data, &s) == nil {
		content = []byte(s)
		if raw, err := base64.StdEncoding.DecodeString(s); r.Encoding == "base64" && err == nil {
			content = raw
		}
	} else if len(r.Data) <= mostAnswer {
		a.Pretty, _ = cut(pretty(r.Data))
	}
	a.Size = len(content)
	if r.Encoding != "base64" {
		a.Raw, a.Cut = cut(string(content))
	}
	if a.Size > 0 && a.Size <= mostCarried && (a.Cut || r.Encoding == "base64") {
		a.Href = template.URL("data:application/octet-stream;base64," + base64.StdEncoding.EncodeToString(content)) // nothing but letters that a URL takes
	}
	return a
}

func cut(text string) (string, bool) {
	if len(text) <= mostAnswer {
		return text, false
	}
	return strings.ToValidUTF8(text[:mostAnswer], ""), true
}

// answerName is what an answer is called as a file: as the service says (RFC 6266), or after the operation.
func answerName(headers map[string]string, operation string) string {
	_, parameters, _ := mime.ParseMediaType(headers["content-disposition"]) // what can't be read names nothing
	name := path.Base(strings.ReplaceAll(parameters["filename"], `\`, "/"))
	if name = strings.TrimLeft(fileName(name), "."); strings.Trim(name, "-") != "" {
		return name
	}
	kind, _, _ := mime.ParseMediaType(headers["content-type"]) // the same
	return fileName(operation) + extension(kind)
}

// extension is what files of a media type end in. HTML is kept as a text: nobody opens it by mistake.
func extension(kind string) string {
	known := map[string]string{
		"application/json": ".json", "application/xml": ".xml", "text/xml": ".xml", "text/csv": ".csv", "application/pdf": ".pdf", "application/zip": ".zip",
		"application/yaml": ".yaml", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "application/gzip": ".gz",
	}
	switch {
	case known[kind] != "":
		return known[kind]
	case strings.HasSuffix(kind, "+json"):
		return ".json"
	case strings.HasPrefix(kind, "text/"):
		return ".txt"
	}
	return ".bin"
}

// readWhole reads an answer that comes as a stream, as one that came whole.
func readWhole(r *api.Result) error {
	data, err := io.ReadAll(io.LimitReader(r.Body, mostError))
	if err != nil {
		return err
	}
	kind := r.Headers["content-type"]
	switch {
	case len(data) == 0:
	case strings.Contains(kind, "json") && json.Valid(data):
		r.Data = data
	case utf8.Valid(data):
		r.Data = quoted(string(data))
	default:
		r.Data, r.Encoding = quoted(base64.StdEncoding.EncodeToString(data)), "base64"
	}
	return nil
}

// passOn sends an answer to be kept as a file, as it comes. If it breaks off so does the connection, that nobody takes a part for the
// whole.
func (v *visit) passOn(result api.Result, name string) {
	v.attachment("application/octet-stream", name)
	v.w.WriteHeader(http.StatusOK)
	if _, err := io.Copy(v.w, result.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// attachment sets the headers of what a browser keeps, and never shows.
func (v *visit) attachment(kind, name string) {
	header := v.w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Disposition", `attachment; filename="`+name+`"; filename*=UTF-8''`+url.PathEscape(name))
	header.Set("Content-Security-Policy", policy+"; sandbox")
}

// pretty is JSON to be read.
func pretty(raw []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, raw, "", "  ") != nil {
		return string(raw)
	}
	return out.String()
}
