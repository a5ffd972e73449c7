//go:build !gallery

package main

import (
	"context"
	"net/http"
)

// withGallery is for builds with the tag gallery: this one has none.
func withGallery(_ context.Context, rest http.Handler) http.Handler { return rest }
