package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/openapi"
)

// A document is what an argument names: a URL, standard input, or a file with those that it refers to.
type document struct {
	request api.ModelRequest
	source  string // the argument
	root    string // the directory that the names of files start from; "" if there are none
}

// withDocument reads the document that an argument names.
func (p *program) withDocument(cmd *cobra.Command, source, origin string, f func(context.Context, *client.Client, *document) error) error {
	d := &document{source: source, request: api.ModelRequest{Origin: origin}}
	if isURL(source) {
		d.request.URL = source
	} else {
		data, err := p.read(source)
		if err != nil {
			return err
		}
		if len(data) == 0 {
			return fault.New(fault.Invalid, "%s is empty", source)
		}
		if data, err = openapi.Text(data); err != nil {
			return err
		}
		if d.request.Model = data; data[0] != '{' || !json.Valid(data) {
			d.request.Model = quoted(string(data)) // YAML, or what only the server can say something about
		}
		if source != "-" {
			if err := d.gather(data, p.Stderr); err != nil {
				return err
			}
		}
	}
	return p.connect(cmd, func(ctx context.Context, c *client.Client) error { return f(ctx, c, d) })
}

func isURL(source string) bool {
	return strings.HasPrefix(source, "http://") || strings.HasPrefix(source, "https://")
}

const maxFiles = 128 << 20 // bytes of all files that a document refers to

// gather names the document, and reads what it refers to on this machine: below the working directory if the document is there, or
// else below its own. A document from elsewhere can't have files read that have nothing to do with it.
func (d *document) gather(text []byte, complain io.Writer) error {
	file, err := filepath.Abs(d.source)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "%s has no place", d.source)
	}
	below, err := os.Getwd()
	name := ""
	if err == nil {
		name, err = filepath.Rel(below, file)
	}
	if err != nil || !filepath.IsLocal(name) {
		below, name = filepath.Dir(file), filepath.Base(file)
		d.root = filepath.Dir(d.source)
	}
	d.request.Name = filepath.ToSlash(name)
	root, err := os.OpenRoot(below)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "%s can't be opened", below)
	}
	defer root.Close()
	size := 0
	found := map[string]string{}
	for queue := []named{{d.request.Name, text}}; len(queue) > 0; queue = queue[1:] {
		for _, ref := range openapi.References(queue[0].text) {
			name, ok := beside(queue[0].name, ref)
			if _, known := found[name]; !ok || known || name == d.request.Name {
				continue
			}
			if !filepath.IsLocal(name) {
				fmt.Fprintf(printable{complain}, "carnet: %s refers to %s, which is outside of %s and is not read: run this from a directory above both\n", queue[0].name, ref, below)
				continue
			}
			data, err := root.ReadFile(filepath.FromSlash(name))
			if err == nil {
				data, err = openapi.Text(data)
			}
			if err != nil {
				continue // the server says where it is missed
			}
			if size += len(data); size > maxFiles {
				return fault.New(fault.Invalid, "the files that %s refers to are larger than %d MiB together", d.source, maxFiles>>20)
			}
			found[name] = string(data)
			queue = append(queue, named{name, data})
		}
	}
	d.request.Documents = found
	return nil
}

// A named is a file that was read.
type named struct {
	name string
	text []byte
}

// beside is the file that a reference in another one leads to.
func beside(name, ref string) (string, bool) {
	u, err := url.Parse(ref)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" || strings.HasPrefix(u.Path, "/") {
		return "", false
	}
	return path.Join(path.Dir(name), u.Path), true
}

// file is the name of one of the document's files as a person would type it.
func (d *document) file(name string) string {
	switch {
	case name == "" && d.source == "-":
		return "<stdin>"
	case name == "", name == d.request.Name, name == d.source:
		return d.source
	case isURL(name):
		return name
	}
	return filepath.Join(d.root, filepath.FromSlash(name))
}
