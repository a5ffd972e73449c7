// Package web is the page that carnet serve has at /: a surface like the HTTP API, for people. It decodes a form, calls a method of
// the hub, and renders HTML. It decides nothing, and keeps nothing but the session's cookie, which it shares with the API.
//
// Everything works without JavaScript: a change is a form that is posted and answered with a redirect, a filter is a link. htmx
// (assets/htmx.min.js) refreshes parts of a page in place, and assets/carnet.js counts down, drops files and copies texts.
package web

import (
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/record"
)

// Options of the page. The zero Options are the defaults.
type Options struct {
	// Logger gets a line per request; no URL, header or body is in it. Nothing is logged by default.
	Logger *slog.Logger
	// Observe hears of every request: the pattern of its route, "" if it had none.
	Observe func(route, method string, status int, took time.Duration)
	// Version is shown at the foot of the page.
	Version string
	// MaxUpload bounds the files that a person sends with an operation, in bytes: 1 GiB by default. They are not kept in memory.
	MaxUpload int64
}

// root is where all pages are, but for the overview, which is at /.
const root = "/ui"

// Owns reports whether a path is the page's; all others are the API's.
func Owns(path string) bool { return path == "/" || path == root || strings.HasPrefix(path, root+"/") }

// Limits of a request's body, in bytes; those of the API.
const (
	maxForm  = 1 << 20
	maxTask  = 16 << 20
	maxModel = 128 << 20
)

// A site answers the requests for pages.
type site struct {
	hub       Hub
	log       record.Log
	version   string
	templates *template.Template

	mostUpload int64 // bytes of files

	mux   *http.ServeMux
	cross *http.CrossOriginProtection
}

// A route is a page, or something that a page does.
type route struct {
	pattern string // of net/http's mux
	serve   func(*visit) error
	open    bool  // nobody has to sign in
	limit   int64 // of the body; maxForm by default
	files   bool  // may come with it
}

func routes() (all []route) {
	for _, group := range [][]route{doors(), overviewRoutes(), modelRoutes(), integrationRoutes(), runRoutes(), activityRoutes(), accessRoutes()} {
		all = append(all, group...)
	}
	return all
}

// New returns the page over the hub.
func New(h Hub, o Options) http.Handler {
	log := record.Log{Message: "page", Logger: o.Logger, Observe: o.Observe}
	s := &site{hub: h, log: log, version: o.Version, templates: parse(), mux: http.NewServeMux(), cross: http.NewCrossOriginProtection()}
	if s.mostUpload = o.MaxUpload; s.mostUpload <= 0 {
		s.mostUpload = 1 << 30
	}
	for _, r := range routes() {
		s.mux.Handle(r.pattern, s.handler(r))
	}
	s.mux.Handle("GET "+assetPath, http.HandlerFunc(serveAsset))
	s.mux.Handle("/", s.handler(route{open: true, serve: func(v *visit) error { return noPage(v.r) }}))
	return s
}

// policy is what a page may load and do: nothing that does not come from here, and nothing inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// ServeHTTP gives every request an id and a line in the log, and every answer the headers that keep browsers from guessing, caching
// or framing it. A change that another site asks for is refused (RFC 6454, Fetch metadata).
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := record.NewWriter(w)
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", policy)
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	fail := (&visit{site: s, w: rec, r: r}).fail
	s.log.Serve(rec, r, func() {
		if err := s.cross.Check(r); err != nil {
			fail(foreign())
			return
		}
		_, rec.Pattern = s.mux.Handler(r)
		s.mux.ServeHTTP(rec, r)
	}, fail)
}

// A visit is one request, and whose it is.
type visit struct {
	*site
	w      *record.Writer
	r      *http.Request
	caller access.Caller
}

// handler serves a route: who is it, decode, call, render.
func (s *site) handler(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{site: s, w: w.(*record.Writer), r: r}
		limit := route.limit
		switch {
		case route.files:
			limit = s.mostUpload + maxTask
		case limit == 0:
			limit = maxForm
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		err := v.enter(route)
		v.w.Caller = v.caller.String()
		if err == nil {
			err = route.serve(v)
		}
		if err != nil {
			v.fail(err)
		}
	})
}
