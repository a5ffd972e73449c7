// Package server is Carnet's HTTP API: it decodes a request, finds out whose it is, calls one method of the hub, and encodes the
// answer. Its routes are one table (routes.go), from which the API's own OpenAPI document is made too. It decides nothing:
// what a caller may do is the hub's business, and how long a connection may take is that of the http.Server around it.
//
// The API is compatible with that of another product; where an answer has an odd shape, that is why.
package server

import (
	"log/slog"
	"net/http"
	"time"

	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/record"
)

// Options of a server. The zero Options are the defaults.
type Options struct {
	// Caller is who every request comes from, when the server is embedded in a command: nobody has to sign in.
	Caller *access.Caller
	// Logger gets a line per request; no URL, header or body is in it. Nothing is logged by default.
	Logger *slog.Logger
	// Metrics serves the numbers of the process at /metrics; nil: there are none.
	Metrics http.Handler
	// IntegrationPage is the URL at which people see the integration of a name; nil: there is no page.
	IntegrationPage func(name string) string
	// Observe hears of every request: the pattern of its route, "" if it had none.
	Observe func(route, method string, status int, took time.Duration)
	// Limits of a request's body, in bytes: one with a model (128 MiB by default), with a task (16 MiB), any other (1 MiB).
	MaxModel, MaxTask, MaxBody int64
}

// limits returns the limits of bodies, with defaults filled in.
func (o Options) limits() [3]int64 {
	limits := [3]int64{forBody: 1 << 20, forTask: 16 << 20, forModel: 128 << 20}
	for size, set := range map[size]int64{forBody: o.MaxBody, forTask: o.MaxTask, forModel: o.MaxModel} {
		if set > 0 {
			limits[size] = set
		}
	}
	return limits
}

// A server answers the requests of the API.
type server struct {
	hub    Hub
	caller *access.Caller
	log    record.Log
	limits [3]int64
	page   func(integration string) string
	mux    *http.ServeMux
	cross  *http.CrossOriginProtection
}

// New returns the HTTP API over the hub.
func New(h Hub, o Options) http.Handler {
	log := record.Log{Message: "request", Logger: o.Logger, Observe: o.Observe}
	s := &server{hub: h, caller: o.Caller, log: log, limits: o.limits(), page: o.IntegrationPage, mux: http.NewServeMux(), cross: http.NewCrossOriginProtection()}
	if s.page == nil {
		s.page = func(string) string { return "" }
	}
	for _, r := range routes() {
		if r.id == numbers {
			r.serve = serveNumbers(o.Metrics)
		}
		s.mux.Handle(r.method+" "+r.path, s.handler(r))
	}
	return s
}

// ServeHTTP gives every request an id and a line in the log, and every answer the headers that keep browsers from guessing,
// caching or framing it.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := record.NewWriter(w)
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	s.log.Serve(rec, r, func() { s.route(rec, oneSegment(r)) }, func(err error) { refuse(rec, rec.ID, err) })
}

// route finds the route of a request. What the mux refuses is refused in this API's own form; it is never followed to a cleaned
// path, since an id may hold any text.
func (s *server) route(w *record.Writer, r *http.Request) {
	if err := s.cross.Check(r); err != nil {
		refuse(w, w.ID, foreign())
		return
	}
	if unclean(r) {
		refuse(w, w.ID, noRoute())
		return
	}
	handler, pattern := s.mux.Handler(r)
	if pattern != "" {
		w.Pattern = pattern
		s.mux.ServeHTTP(w, r)
		return
	}
	var probe probe
	handler.ServeHTTP(&probe, r)
	allow := probe.Header().Get("Allow")
	switch {
	case allow == "":
		refuse(w, w.ID, noRoute())
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", allow)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", allow)
		refuseAs(w, http.StatusMethodNotAllowed, noMethod(allow))
	}
}

// A probe takes the answer of the mux's own handler, of which only the headers count.
type probe struct{ header http.Header }

func (p *probe) Header() http.Header {
	if p.header == nil {
		p.header = http.Header{}
	}
	return p.header
}
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
func (p *probe) WriteHeader(int)             {}

// handler serves a route: who is it, decode, call, encode.
func (s *server) handler(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := w.(*record.Writer)
		x := &exchange{Hub: s.hub, r: r, w: rec, limit: s.limits[route.size], upload: r.Body, page: s.page}
		r.Body = http.MaxBytesReader(w, r.Body, x.limit)
		err := s.enter(x, route)
		rec.Caller = x.caller.String()
		if err == nil {
			err = route.serve(x)
		}
		if err != nil {
			rec.Err = err
			route.fail(x, err)
		}
	})
}
