package web

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"carnet.dev/carnet/fault"
)

// A recorder is the ResponseWriter of one request; it remembers what the log line says.
type recorder struct {
	http.ResponseWriter
	id      string // of the request: X-Request-Id, and in the text of an internal error
	pattern string // of the route, instead of the URL, which may hold secrets
	caller  string
	status  int
	err     error
}

// WriteHeader remembers the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write is a WriteHeader of 200 if there was none.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// policy is what a page may load and do: nothing that does not come from here, and nothing inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// ServeHTTP gives every request an id and a line in the log, and every answer the headers that keep browsers from guessing, caching
// or framing it. A change that another site asks for is refused (RFC 6454, Fetch metadata).
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w, id: newID()}
	header := w.Header()
	header.Set("X-Request-Id", rec.id)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", policy)
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	s.logged(rec, r, func() {
		if err := s.cross.Check(r); err != nil {
			(&visit{site: s, w: rec, r: r}).fail(foreign())
			return
		}
		_, rec.pattern = s.mux.Handler(r)
		s.mux.ServeHTTP(rec, r)
	})
}

// logged serves a request, answers a panic with an internal error, and writes the log line.
func (s *site) logged(rec *recorder, r *http.Request, serve func()) {
	start := time.Now()
	defer func() {
		cause := recover()
		if cause == http.ErrAbortHandler { //nolint:errorlint // this value itself is the signal (net/http)
			panic(cause)
		}
		if cause != nil {
			s.log.Error("panic", "id", rec.id, "route", rec.pattern, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			if rec.status != 0 { // half an answer is out: cut the connection
				panic(http.ErrAbortHandler)
			}
			(&visit{site: s, w: rec, r: r}).fail(fmt.Errorf("panic: %v", cause))
		}
		took := time.Since(start)
		s.watch(rec.pattern, r.Method, rec.status, took)
		s.log.LogAttrs(r.Context(), rec.level(r), "page", rec.attrs(r, took)...)
	}()
	serve()
}

// level: reading is worth a line only for who looks closely.
func (r *recorder) level(req *http.Request) slog.Level {
	switch {
	case r.status == http.StatusInternalServerError:
		return slog.LevelError
	case r.status >= http.StatusBadRequest, req.Method == http.MethodPost:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

func (r *recorder) attrs(req *http.Request, took time.Duration) []slog.Attr {
	method := "other"
	if m := req.Method; m == http.MethodGet || m == http.MethodHead || m == http.MethodPost {
		method = m
	}
	attrs := []slog.Attr{
		slog.String("id", r.id), slog.String("method", method), slog.String("route", r.pattern),
		slog.Int("status", r.status), slog.Duration("took", took.Round(time.Microsecond)), slog.String("caller", r.caller),
	}
	if r.err != nil {
		attrs = append(attrs, slog.String("kind", fault.KindOf(r.err).String()), slog.String("error", r.err.Error()))
	}
	return attrs
}

func newID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
