package server

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// oneSegment returns the request with a model's id as one segment of its path. A versionId may hold slashes, and clients put it
// into paths escaped or not.
func oneSegment(r *http.Request) *http.Request {
	const models = "/integration-models/"
	id, ok := strings.CutPrefix(r.URL.EscapedPath(), models)
	if !ok {
		return r
	}
	end := ""
	for _, suffix := range []string{"/export", "/securitySchemes", "/operations"} {
		if cut, ok := strings.CutSuffix(id, suffix); ok && cut != "" {
			id, end = cut, suffix
			break
		}
	}
	if !strings.Contains(id, "/") {
		return r
	}
	text, err := url.PathUnescape(id)
	if err != nil {
		return r
	}
	u := *r.URL
	u.Path = models + text + end
	u.RawPath = models + url.PathEscape(text) + end
	moved := *r // keeps the context and the body
	moved.URL = &u
	return &moved
}

// unclean reports whether the mux would redirect the path to a cleaner one.
func unclean(r *http.Request) bool {
	escaped := r.URL.EscapedPath()
	return escaped == "" || escaped[0] != '/' || path.Clean(escaped) != escaped
}
