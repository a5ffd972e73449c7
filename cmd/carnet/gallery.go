//go:build gallery

package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"carnet.dev/carnet/internal/web/gallery"
)

// withGallery shows every page in every state at /gallery, with canned data.
func withGallery(ctx context.Context, rest http.Handler) http.Handler {
	g, err := gallery.New(ctx, time.Now())
	if err != nil {
		panic(err) // this is no build that anybody uses
	}
	context.AfterFunc(ctx, func() { g.Close() })
	pages := g.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gallery" || strings.HasPrefix(r.URL.Path, "/gallery/") {
			pages.ServeHTTP(w, r)
			return
		}
		rest.ServeHTTP(w, r)
	})
}
