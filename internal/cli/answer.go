package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// maxPretty is how large an answer may be to be indented, which takes memory.
const maxPretty = 16 << 20

// print prints an answer as it comes: untouched if it is raw, else JSON that is not too large indented, and text in UTF-8.
func (p *program) print(result api.Result) error {
	kind, parameters, _ := mime.ParseMediaType(result.Headers["content-type"])
	body := io.Reader(result.Body)
	switch {
	case p.options.Output == "raw" && !p.Terminal:
	case isSequence(kind), kind == "text/event-stream":
	case isText(kind):
		body = inUTF8(body, parameters["charset"])
	default:
		return p.indented(kind, body)
	}
	_, err := io.Copy(p.Stdout, body)
	return err
}

// indented prints JSON, and anything else unless it is no text and goes to a terminal.
func (p *program) indented(kind string, body io.Reader) error {
	begin, err := io.ReadAll(io.LimitReader(body, maxPretty+1))
	if err != nil {
		p.Stdout.Write(begin) // as much as there is
		return err
	}
	begin = bytes.TrimPrefix(begin, []byte("\xef\xbb\xbf"))
	isJSON := kind == "" || kind == "application/json" || strings.HasSuffix(kind, "+json")
	if isJSON && len(begin) <= maxPretty && json.Valid(begin) {
		if p.options.Output == "raw" { // on a terminal
			begin = append(begin, '\n')
		} else if begin, err = formatted(begin, "json"); err != nil {
			return err
		}
	} else if p.Terminal && p.options.Output != "raw" && !utf8.Valid(begin[:min(len(begin), 1<<10)]) {
		return fault.New(fault.Invalid, "the answer is no text (%s)", kind).WithHint("write it to a file: -O FILE")
	}
	if _, err := p.Stdout.Write(begin); err != nil {
		return err
	}
	_, err = io.Copy(p.Stdout, body)
	return err
}

// isSequence: JSON texts one after another.
func isSequence(kind string) bool {
	for _, end := range []string{"jsonl", "jsonlines", "ndjson", "json-seq"} {
		if strings.HasSuffix(kind, end) {
			return true
		}
	}
	return false
}

func isText(kind string) bool {
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "xml") || kind == "application/x-www-form-urlencoded"
}

// inUTF8 reads a text that may be in another encoding.
func inUTF8(r io.Reader, charset string) io.Reader {
	if encoding, err := htmlindex.Get(charset); charset != "" && err == nil {
		return encoding.NewDecoder().Reader(r)
	}
	return r
}

// saveFrom writes what a reader gives to a file whole, or not at all. What is no regular file is written to as it comes.
func saveFrom(path string, r io.Reader) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return unsaved(path, err)
		}
		_, err = io.Copy(f, r)
		if closed := f.Close(); err == nil {
			err = unsaved(path, closed)
		}
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".carnet-*")
	if err != nil {
		return unsaved(path, err)
	}
	defer os.Remove(f.Name())
	_, err = io.Copy(f, r)
	if closed := f.Close(); err == nil {
		err = unsaved(path, closed)
	}
	if err == nil {
		err = unsaved(path, os.Rename(f.Name(), path))
	}
	return err
}

func (p *program) printRequest(result api.Result) error {
	switch p.options.Output {
	case "full":
		p.options.Output = "json"
		return p.show(result, nil)
	case "data", "raw":
		p.options.Output = ""
	}
	return p.show(result.Request, func(w io.Writer) {
		fmt.Fprintf(w, "%s %s\n", result.Request.Method, result.Request.URL)
		for _, name := range sortedNames(result.Request.Headers) {
			for _, value := range result.Request.Headers[name] {
				fmt.Fprintf(w, "%s: %s\n", name, value)
			}
		}
		if result.Request.Body != "" {
			fmt.Fprintf(w, "\n%s\n", result.Request.Body)
		}
	})
}

// rendered is an answer in the format that was asked for.
func (p *program) rendered(r api.Result) ([]byte, error) {
	switch p.options.Output {
	case "full":
		data, err := json.Marshal(r)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err, "the answer can't be written as JSON")
		}
		return formatted(data, "json")
	case "", "data", "table", "json", "raw", "yaml":
	default:
		return nil, fault.New(fault.Invalid, "there is no output format %q", p.options.Output).WithHint("use data, json, yaml, raw or full")
	}
	if len(r.Data) == 0 {
		return nil, nil
	}
	var text string
	isText := json.Unmarshal(r.Data, &text) == nil && !strings.Contains(r.Headers["content-type"], "json")
	switch {
	case r.Encoding == "base64":
		if p.Terminal && p.options.Output != "raw" {
			return nil, fault.New(fault.Invalid, "the answer is no text (%s)", r.Headers["content-type"]).WithHint("write it to a file: -O FILE")
		}
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fault.Wrap(fault.Upstream, err, "the answer is damaged")
		}
		return data, nil
	case isText && p.options.Output != "json" && p.options.Output != "yaml":
		return []byte(text), nil
	case p.options.Output == "raw" || p.options.Output == "json":
		return append([]byte(r.Data), '\n'), nil
	case p.options.Output == "yaml":
		return formatted(r.Data, "yaml")
	}
	return formatted(r.Data, "json")
}
