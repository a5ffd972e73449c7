// Package gallery shows every page of Carnet in every state that it has, with canned data, so that whoever changes a page sees all of it
// at once. A scene is a request to the real page (package web; the callback's is package server's) over a hub in memory, whose store holds
// the records that make the state; only what a service would have to answer is told by the scene itself. There is no second set of
// templates, and no text of Carnet's own is written here twice.
//
// The test of this package holds each scene against a file in testdata. A program built with the tag gallery has them all at /gallery.
package gallery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/server"
	"carnet.dev/carnet/internal/web"
)

// A Scene is a page in one of its states.
type Scene struct {
	Name  string // in its URL, and of its file in testdata
	Title string // what is to be seen
	// Part is the id of the element that the scene is about; empty: the main part of the page.
	Part string

	path      string
	form      url.Values  // nil: it is a GET
	header    [2]string   // of the request
	role      access.Role // of who looks; admin by default
	stranger  bool        // nobody is signed in
	world     world
	canned    canned
	meanwhile *strings.Replacer // what a script does to the page, where a state is one of the browser's
}

// A Gallery holds what its scenes show, as of a moment.
type Gallery struct {
	Scenes []Scene
	hubs   [worlds]*hub.Hub
	close  []func() error
}

// New makes what there is to show. It is all in memory.
func New(ctx context.Context, now time.Time) (*Gallery, error) {
	g := &Gallery{Scenes: scenes(now)}
	for w := range worlds {
		if err := g.build(ctx, w, now); err != nil {
			return nil, errors.Join(fmt.Errorf("gallery: %w", err), g.Close())
		}
	}
	return g, nil
}

// Close ends what New began.
func (g *Gallery) Close() (err error) {
	for _, end := range g.close {
		err = errors.Join(err, end())
	}
	return err
}

// session is the text of the cookie by which the stage knows who looks.
const session = "gallery"

// Serve answers with the scene's page, as Carnet does.
func (g *Gallery) Serve(ctx context.Context, w http.ResponseWriter, s Scene) error {
	method, body := http.MethodGet, ""
	if s.form != nil {
		method, body = http.MethodPost, s.form.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://carnet.example"+s.path, strings.NewReader(body))
	if err != nil {
		return err
	}
	if s.form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if s.header[0] != "" {
		r.Header.Set(s.header[0], s.header[1])
	}
	if !s.stranger {
		r.AddCookie(&http.Cookie{Name: "token", Value: session})
	}
	role := s.role
	if role == "" {
		role = access.Admin
	}
	on := &stage{Hub: g.hubs[s.world], canned: s.canned, caller: access.Caller{Kind: access.KindUser, Name: string(role), Role: role}}
	handler := server.New(on, server.Options{IntegrationPage: web.IntegrationURL})
	if web.Owns(r.URL.Path) {
		handler = web.New(on, web.Options{Version: "gallery"})
	}
	handler.ServeHTTP(w, r)
	return nil
}

// Handler serves the gallery: /gallery lists the scenes, /gallery/NAME shows one. htmx is left out of them, so that a scene stays as it
// is; everything else is as it is served elsewhere.
func (g *Gallery) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /gallery", g.list)
	for _, s := range g.Scenes {
		mux.HandleFunc("GET /gallery/"+s.Name, func(w http.ResponseWriter, r *http.Request) {
			seen := &capture{header: w.Header(), status: http.StatusOK}
			if err := g.Serve(r.Context(), seen, s); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.WriteHeader(seen.status)
			w.Write([]byte(still(s.Change(seen.body.String()))))
		})
	}
	return mux
}

// Change does to a page what a script does.
func (s Scene) Change(page string) string {
	if s.meanwhile == nil {
		return page
	}
	return s.meanwhile.Replace(page)
}

// still is the page without htmx.
func still(page string) string {
	before, rest, found := strings.Cut(page, `<script src="/ui/assets/htmx`)
	if !found {
		return page
	}
	_, after, _ := strings.Cut(rest, "</script>")
	return before + after
}

// A capture is a ResponseWriter that keeps what is written.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *capture) Header() http.Header         { return c.header }
func (c *capture) WriteHeader(status int)      { c.status = status }
func (c *capture) Write(b []byte) (int, error) { return c.body.Write(b) }

var listPage = template.Must(template.New("list").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Gallery · Carnet</title>
<link rel="stylesheet" href="/ui/assets/carnet.css">
<main id="main"><h1>Gallery</h1>
<ul class="rows">{{range .}}<li><a href="/gallery/{{.Name}}"{{with .Part}} data-part="{{.}}"{{end}}>{{.Name}}</a> <span>{{.Title}}</span></li>
{{end}}</ul></main>
`))

func (g *Gallery) list(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'")
	listPage.Execute(w, g.Scenes) // an error is the browser's going away
}
