package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"go.yaml.in/yaml/v4"

	"carnet.dev/carnet/fault"
)

// show prints a value in the format that was asked for; table prints it for people.
func (p *program) show(v any, table func(w io.Writer)) error {
	return Show(p.Stdout, p.options.Output, v, table)
}

// Show prints a value in a format; table prints it for people, its columns divided by tabs.
func Show(out io.Writer, format string, v any, table func(w io.Writer)) error {
	switch format {
	case "", "table":
		whole := bufio.NewWriter(printable{out}) // a tabwriter writes each cell by itself, and its padding too
		w := tabwriter.NewWriter(whole, 0, 0, 2, ' ', 0)
		table(w)
		return errors.Join(w.Flush(), whole.Flush())
	case "json", "yaml":
		var data bytes.Buffer
		e := json.NewEncoder(&data)
		e.SetEscapeHTML(false) // it goes to a terminal or a program, where & is no danger
		if err := e.Encode(v); err != nil {
			return fault.Wrap(fault.Internal, err, "the answer can't be written as JSON")
		}
		text, err := formatted(data.Bytes(), format)
		if err == nil {
			_, err = out.Write(text)
		}
		return err
	}
	return fault.New(fault.Invalid, "there is no output format %q", format).WithHint("use table, json or yaml")
}

// printable keeps control characters from a terminal, which obeys them: texts come from documents and servers.
type printable struct{ w io.Writer }

// Write implements io.Writer.
func (p printable) Write(text []byte) (int, error) {
	clean := bytes.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '\uFFFD'
		}
		return r
	}, text)
	if _, err := p.w.Write(clean); err != nil {
		return 0, err
	}
	return len(text), nil
}

// formatted indents JSON, or turns it into YAML; members keep their order and numbers their text.
func formatted(data []byte, format string) ([]byte, error) {
	if format != "yaml" {
		var out bytes.Buffer
		if err := json.Indent(&out, data, "", "  "); err != nil {
			return nil, fault.Wrap(fault.Internal, err, "the answer is not JSON")
		}
		return append(bytes.TrimRight(out.Bytes(), "\n"), '\n'), nil
	}
	var n yaml.Node
	if err := yaml.Unmarshal(data, &n); err != nil { // JSON is YAML
		return nil, fault.Wrap(fault.Internal, err, "the answer can't be written as YAML")
	}
	block(&n)
	return yaml.Marshal(&n)
}

// block gives every node the style that people write.
func block(n *yaml.Node) {
	n.Style = 0
	for _, inner := range n.Content {
		block(inner)
	}
}

// save writes a file whole, or not at all.
func save(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".carnet-*")
	if err != nil {
		return unsaved(path, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return unsaved(path, err)
}

func unsaved(path string, err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(fault.Unavailable, err, "%s can't be written", path)
}

// row prints the cells of a table's line. A line break would tear it.
func row(w io.Writer, cells ...any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = strings.Join(strings.Fields(fmt.Sprint(c)), " ")
	}
	fmt.Fprintln(w, strings.TrimRight(strings.Join(texts, "\t"), "\t "))
}

// short cuts a text for a table.
func short(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

// moment is a time as people read it, "-" if there is none.
func moment(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "-"
	}
	return t.Local().Format(time.DateTime)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
