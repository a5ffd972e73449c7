// Package reference reads what references in settings name: ${env:NAME} a variable of the environment, ${file:/path} a file. It
// reads nothing but what the operator of the process allowed, for whoever may edit settings may not therefore read the machine.
// Where references may stand, and when they are read, is others' business.
package reference

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode/utf8"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// Allowed is what references may name. The zero Allowed: nothing.
type Allowed struct {
	Env   []string // names of variables; one that ends with * stands for all that begin so
	Files []string // directories, absolute; the files in them and below
}

// own are the names of Carnet's own variables, which hold its own secrets: nobody can allow them.
const own = "CARNET_"

// Check returns fault.Invalid if something can't be allowed.
func (a Allowed) Check() error {
	for _, name := range a.Env {
		prefix, _ := strings.CutSuffix(name, "*")
		if prefix == "" || strings.Contains(prefix, "*") || strings.HasPrefix(prefix, own) {
			return fault.New(fault.Invalid, "references can't be allowed the variables %q", name).
				WithHint("write NAME or PREFIX_*; those that begin with %s are Carnet's own", own)
		}
	}
	for _, dir := range a.Files {
		if !filepath.IsAbs(dir) || filepath.Clean(dir) == filepath.Dir(filepath.Clean(dir)) {
			return fault.New(fault.Invalid, "references can't be allowed the directory %q", dir).
				WithHint("write an absolute path, and not that of everything")
		}
	}
	return nil
}

// Covers reports whether a file is among those allowed, or would be if it were there.
func (a Allowed) Covers(file string) bool {
	path, err := filepath.Abs(file)
	if err != nil || a.within(path) {
		return true
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil && a.home(filepath.Join(dir, filepath.Base(path))) != "" {
		return true
	}
	real, err := filepath.EvalSymlinks(path)
	return err == nil && a.home(real) != ""
}

// Is reports whether a text is a reference.
func Is(text string) bool {
	_, _, ok := parse(text)
	return ok
}

func parse(text string) (kind, name string, ok bool) {
	inner, braced := strings.CutPrefix(text, "${")
	inner, closed := strings.CutSuffix(inner, "}")
	kind, name, colon := strings.Cut(inner, ":")
	return kind, name, braced && closed && colon && (kind == "env" || kind == "file") && !strings.ContainsAny(name, "{}")
}

// Wrong says what is wrong with a reference, whatever is allowed; "" if nothing is.
func Wrong(text string) string {
	switch kind, name, _ := parse(text); {
	case kind == "env" && (name == "" || strings.ContainsAny(name, "= \x00")):
		return "names no variable; write ${env:NAME}"
	case kind == "file" && (!filepath.IsAbs(name) || strings.Contains(name, "\x00")):
		return "names no absolute path; write ${file:/run/secrets/name}"
	}
	return ""
}

// Read returns what a reference names. Errors name the reference, and never what it leads to.
func (a Allowed) Read(text string) (seal.Secret, error) {
	kind, name, ok := parse(text)
	if !ok || Wrong(text) != "" {
		return seal.Secret{}, fault.New(fault.Invalid, "%s is no reference", text).WithHint("write ${env:NAME} or ${file:/path}")
	}
	value, err := a.env(text, name)
	if kind == "file" {
		value, err = a.file(text, filepath.Clean(name))
	}
	switch {
	case err != nil:
		return seal.Secret{}, err
	case value == "":
		return seal.Secret{}, fault.New(fault.Invalid, "%s is empty", text)
	case !utf8.ValidString(value) || strings.Contains(value, "\x00"):
		return seal.Secret{}, fault.New(fault.Invalid, "%s is no text", text)
	}
	return seal.NewSecret(value), nil
}

func (a Allowed) env(text, name string) (string, error) {
	for _, allowed := range a.Env {
		prefix, many := strings.CutSuffix(allowed, "*")
		if (name == allowed || many && strings.HasPrefix(name, prefix)) && !strings.HasPrefix(name, own) {
			value, set := os.LookupEnv(name)
			if !set {
				return "", fault.New(fault.Invalid, "%s is not set", text).WithHint("set it in the environment of this Carnet")
			}
			return value, nil
		}
	}
	return "", refused(text, "env", name)
}

func refused(text, kind, what string) error {
	return fault.New(fault.Denied, "%s is not allowed here", text).
		WithHint("who runs Carnet can allow it: carnet serve --allow-%s %s; without a server CARNET_ALLOW_%s", kind, what, strings.ToUpper(kind))
}

const maxFile = 256 << 10 // bytes

// file reads a file without the line break at its end. Symbolic links are followed before the directory is judged; the file is
// then opened within that directory, so that a link which is put there meanwhile leads nowhere else.
func (a Allowed) file(text, path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		if !a.within(path) { // whether there is such a file is nobody's business
			return "", refused(text, "file", filepath.Dir(path))
		}
		return "", fault.New(fault.Invalid, "%s can't be read: %s", text, reason(err)).WithHint("check the path, and who may read it")
	}
	home := a.home(real)
	if home == "" {
		return "", refused(text, "file", filepath.Dir(path))
	}
	value, err := read(home, real)
	if err != nil {
		return "", fault.New(fault.Invalid, "%s can't be read: %s", text, reason(err)).WithHint("check the path, and who may read it")
	}
	return strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r"), nil
}

// within reports whether a path, taken by its name, is in an allowed directory.
func (a Allowed) within(path string) bool {
	for _, dir := range a.Files {
		if below(filepath.Clean(dir), path) {
			return true
		}
	}
	return false
}

// home is the allowed directory that a real path is in, itself as a real path; "" if none is.
func (a Allowed) home(real string) string {
	for _, dir := range a.Files {
		if home, err := filepath.EvalSymlinks(dir); err == nil && below(home, real) {
			return home
		}
	}
	return ""
}

func below(dir, path string) bool {
	relative, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(relative) && relative != "."
}

var (
	errIrregular = fault.New(fault.Invalid, "it is no regular file")
	errLarge     = fault.New(fault.Invalid, "it is larger than 256 KiB")
)

func read(home, real string) (string, error) {
	root, err := os.OpenRoot(home)
	if err != nil {
		return "", err
	}
	defer root.Close()
	relative, err := filepath.Rel(home, real)
	if err != nil {
		return "", err
	}
	f, err := root.OpenFile(relative, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would keep us waiting
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", errIrregular
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = errLarge
	}
	return string(data), err
}

// reason is an error without the path, which the reference has.
func reason(err error) string {
	if e, ok := err.(*fs.PathError); ok {
		return e.Err.Error()
	}
	return err.Error()
}
