package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed assets/*
var assetFiles embed.FS

const assetPath = root + "/assets/"

// An asset is a file that pages refer to by a name which changes with its content, so that browsers may keep it for ever.
type asset struct {
	content     []byte
	contentType string
	etag        string
}

// types of assets; what is not here is not served.
var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".LICENSE": "text/plain; charset=utf-8",
}

// assets are those files by their names.
var assets = sync.OnceValue(readAssets) // a command has no use for them

func readAssets() map[string]asset {
	all := map[string]asset{}
	entries, _ := assetFiles.ReadDir("assets") // embedded
	for _, e := range entries {
		content, _ := assetFiles.ReadFile("assets/" + e.Name())
		sum := sha256.Sum256(content)
		all[e.Name()] = asset{content, assetTypes[path.Ext(e.Name())], hex.EncodeToString(sum[:8])}
	}
	return all
}

// assetURL is where pages find an asset.
func assetURL(name string) string { return assetPath + name + "?" + assets()[name].etag }

func serveAsset(w http.ResponseWriter, r *http.Request) {
	a, ok := assets()[strings.TrimPrefix(r.URL.Path, assetPath)]
	if !ok || a.contentType == "" {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", a.contentType)
	header.Set("ETag", `"`+a.etag+`"`)
	header.Set("Cache-Control", "no-cache")
	if r.URL.RawQuery == a.etag {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == `"`+a.etag+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Write(a.content)
}
