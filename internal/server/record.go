package server

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

// broken remembers that an answer could not be finished.
func (x *exchange) broken(err error) {
	if rec, ok := x.w.(*recorder); ok {
		rec.err = err
	}
}

// logged serves a request, answers a panic with an internal error, and writes the log line.
func (s *server) logged(rec *recorder, r *http.Request, serve func()) {
	start := time.Now()
	defer func() {
		cause := recover()
		if cause == http.ErrAbortHandler { //nolint:errorlint // this value itself is the signal (net/http)
			s.log.LogAttrs(r.Context(), slog.LevelInfo, "request cut off", rec.attrs(r, time.Since(start))...)
			panic(cause)
		}
		if cause != nil {
			rec.err = fmt.Errorf("panic: %v", cause)
			s.log.Error("panic", "id", rec.id, "route", rec.pattern, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			if rec.status != 0 { // half an answer is out: cut the connection
				panic(http.ErrAbortHandler)
			}
			refuse(rec, rec.id, rec.err)
		}
		took := time.Since(start)
		s.watch(rec.pattern, known(r.Method), rec.status, took)
		s.log.LogAttrs(r.Context(), rec.level(r), "request", rec.attrs(r, took)...)
	}()
	serve()
}

// level: reading is worth a line only for who looks closely.
func (r *recorder) level(req *http.Request) slog.Level {
	switch {
	case r.status == http.StatusInternalServerError:
		return slog.LevelError
	case r.status >= http.StatusBadRequest, req.Method != http.MethodGet && req.Method != http.MethodHead:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

func (r *recorder) attrs(req *http.Request, took time.Duration) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("id", r.id),
		slog.String("method", known(req.Method)),
		slog.String("route", r.pattern),
		slog.Int("status", r.status),
		slog.Duration("took", took.Round(time.Microsecond)),
		slog.String("caller", r.caller),
	}
	if r.err != nil {
		attrs = append(attrs, slog.String("kind", fault.KindOf(r.err).String()), slog.String("error", r.err.Error()))
	}
	return attrs
}

// known is the method, unless the client made it up.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

func newID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
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
