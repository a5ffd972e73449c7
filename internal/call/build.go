// Package call makes a request of an operation and its arguments, sends it, and reads the answer, also as a page of several. Which credentials go on it,
// and what happens after a 401, is the hub's business.
package call

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/check"
	"carnet.dev/carnet/internal/model"
)

// Arguments of an operation. See api.Task for what callers may write.
type Arguments struct {
	Parameters  map[string]jsontext.Value // by name, or "in.name" where a name occurs in several places
	Payload     jsontext.Value            // the body; empty or null: none
	Bytes       []byte                    // the body as it is, in place of Payload
	Typed       []Typed                   // what a person typed, over Parameters and Payload
	Upload      *Upload                   // files that are the body, or parts of it beside those of Payload; nil: none
	ContentType string                    // chooses the body's media type
	Lookup      Lookup                    // finds the schemas that others refer to; nil: none is known
	NoCheck     bool                      // send what can be sent, whatever the schemas say
	Old         bool                      // schemas are in the dialect of OpenAPI 2.0 and 3.0
}

// A Request can be sent, more than once unless its body is a stream. It holds no credentials.
type Request struct {
	method string
	url    *url.URL
	header http.Header
	body   *content // nil: none
	base   *url.URL // the server's
	path   string   // of the operation, as it is appended to the server's URL

	Warnings []fault.Problem // what is odd about the arguments
	Notes    []fault.Problem // what of them could not be checked, and why
}

// At returns the request to another server.
func (r *Request) At(base *url.URL) (*Request, error) {
	to, err := url.Parse(strings.TrimSuffix(base.String(), "/") + r.path)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the server's URL and the operation's path make no URL")
	}
	moved := *r
	to.RawQuery = r.url.RawQuery
	moved.url, moved.base = to, base
	return &moved, nil
}

// Build makes the request of an operation. base is the server's URL; the operation's path is appended as it stands.
// fault.Invalid with a problem for each argument that is missing, unknown or of the wrong type.
func Build(op *model.Operation, base *url.URL, a Arguments) (*Request, error) {
	b := &builder{op: op, args: a, path: op.Path, header: http.Header{}}
	b.path, _, _ = strings.Cut(op.Path, "#") // some documents tell operations apart by a fragment, which is never sent
	if path, query, found := strings.Cut(b.path, "?"); found {
		b.path, b.query = path, append(b.query, query)
	}
	b.typed()
	b.parameters()
	b.body()
	b.accept()
	to, err := url.Parse(strings.TrimSuffix(base.String(), "/") + b.path)
	if err != nil && len(b.problems) == 0 {
		return nil, fault.New(fault.Invalid, "the path of operation %q makes no URL", op.ID)
	}
	if len(b.problems) > 0 {
		return nil, b.failure()
	}
	if b.failed != nil {
		return nil, b.failed
	}
	to.RawQuery = strings.Join(b.query, "&")
	return &Request{method: op.Method, url: to, header: b.header, body: b.content, base: base, path: b.path, Warnings: b.report.Warnings, Notes: b.report.Notes}, nil
}

// A builder collects the parts of a request, and what is wrong with the arguments.
type builder struct {
	op       *model.Operation
	args     Arguments
	path     string
	query    []string
	header   http.Header
	cookies  []string
	content  *content
	failed   error // the files could not be read
	problems []fault.Problem
	report   check.Report // its problems are among the problems
}

func (b *builder) problem(pointer, format string, args ...any) {
	b.problems = append(b.problems, fault.Problem{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

func (b *builder) failure() error {
	err := fault.New(fault.Invalid, "operation %q: %s", b.op.ID, b.problems[0].Message).
		WithHint("carnet operation show INTEGRATION %s tells what it takes", b.op.ID)
	if more := len(b.problems) - 1; more > 0 {
		err.Message += fmt.Sprintf(" (and %d more)", more)
	}
	err.Problems = b.problems
	if len(b.report.Problems) > 0 {
		err.Hint += "; --no-check (noCheck) sends what its schemas refuse"
	}
	return err
}

// parameters puts every argument where it belongs.
func (b *builder) parameters() {
	used := map[string]bool{}
	for i := range b.op.Parameters {
		p := &b.op.Parameters[i]
		key, raw := b.argument(p)
		used[key] = true
		pointer := "/parameters/" + key
		if p.In == model.InHeader && (ownHeader(p.Name) && len(raw) == 0 || chosenHeader(p.Name) && b.sent(p, raw) == nil) {
			continue
		}
		if raw = b.sent(p, raw); raw != nil {
			b.place(p, pointer, raw)
		} else if p.Required && (!b.args.NoCheck || p.In == model.InPath) {
			b.problem(pointer, "%s (%s) is missing", p.Name, p.In)
		}
	}
	if len(b.cookies) > 0 {
		b.header.Set("Cookie", strings.Join(b.cookies, "; "))
	}
	b.unknown(used)
	b.dots()
}

// sent is what goes out for an argument; nil: nothing. An empty text leaves an argument out where that is possible, and null
// always. In place of a required one its default is sent, as far as there is one; any other default is the server's business.
func (b *builder) sent(p *model.Parameter, raw jsontext.Value) jsontext.Value {
	raw = jsontext.Value(bytes.TrimSpace(raw))
	empty := string(raw) == `""`
	switch {
	case len(raw) > 0 && !empty && raw.Kind() != 'n':
		return raw
	case len(raw) > 0 && p.AllowEmpty && p.In == model.InQuery:
		return jsontext.Value(`""`)
	case p.Required && len(p.Default) > 0 && p.Default.Kind() != 'n':
		return p.Default
	case empty && p.Required && (p.In == model.InQuery || p.In == model.InPath && (p.Style == styleLabel || p.Style == styleMatrix)):
		return raw
	}
	return nil
}

// argument finds the argument of a parameter, and the name that it was given by.
func (b *builder) argument(p *model.Parameter) (string, jsontext.Value) {
	qualified := p.In + "." + p.Name
	if raw, ok := b.args.Parameters[qualified]; ok {
		return qualified, raw
	}
	if b.ambiguous(p) {
		return qualified, nil
	}
	return p.Name, b.args.Parameters[p.Name]
}

// ambiguous reports whether another parameter has the same name elsewhere.
func (b *builder) ambiguous(p *model.Parameter) bool {
	return slices.ContainsFunc(b.op.Parameters, func(other model.Parameter) bool { return other.Name == p.Name && other.In != p.In })
}

// unknown names the arguments that are no parameters, and the parameters that they are like.
func (b *builder) unknown(used map[string]bool) {
	names := make([]string, len(b.op.Parameters))
	for i := range b.op.Parameters {
		p := &b.op.Parameters[i]
		if names[i] = p.Name; b.ambiguous(p) {
			names[i] = p.In + "." + p.Name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.args.Parameters)) {
		if used[name] {
			continue
		}
		switch like := fault.Nearest(name, names); {
		case slices.ContainsFunc(b.op.Parameters, func(p model.Parameter) bool { return p.Name == name }):
			b.problem("/parameters/"+name, "%s occurs in several places: write in.%s, as in query.%s", name, name, name)
		case like != "":
			b.problem("/parameters/"+name, "there is no parameter %s; did you mean %s?", name, like)
		default:
			b.problem("/parameters/"+name, "there is no parameter %s", name)
		}
	}
}

// dots refuses what would climb in the path: servers take the encoded form for the plain one (RFC 3986 6.2.2.3).
func (b *builder) dots() {
	template := strings.Split(b.op.Path, "/")
	for segment := range strings.SplitSeq(b.path, "/") {
		plain := strings.NewReplacer("%2e", ".", "%2E", ".").Replace(segment)
		if (plain == "." || plain == "..") && !slices.Contains(template, segment) {
			b.problem("/parameters", "%q can't be a part of the path", segment)
		}
	}
}

// accept asks for what the document says that the operation answers, JSON before all else.
func (b *builder) accept() {
	var types []string
	for _, r := range b.op.Responses {
		for _, t := range r.Types {
			if strings.HasPrefix(r.Status, "2") && t != "*/*" && !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
	}
	if len(types) == 0 {
		types = []string{"application/json"}
	}
	slices.SortStableFunc(types, func(x, y string) int {
		switch {
		case isJSON(x) == isJSON(y):
			return 0
		case isJSON(x):
			return -1
		}
		return 1
	})
	if b.header.Get("Accept") != "" { // an argument chose
		return
	}
	b.header.Set("Accept", strings.Join(append(types, "*/*;q=0.8"), ", "))
}
