// Package record keeps what is to be known of a request that a surface serves over HTTP: its id, its line in the log, its count in the
// metrics. No URL, header or body is in them, since those may hold secrets; a request is known by the pattern of its route.
package record

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

// A Writer is the ResponseWriter of one request; it remembers what the log line says.
type Writer struct {
	http.ResponseWriter
	ID      string // X-Request-Id, and in the text of an internal error
	Pattern string // of the route; empty: it had none
	Caller  string
	Err     error // why the request failed
	status  int
}

// NewWriter gives a request its id, and tells it to the client.
func NewWriter(w http.ResponseWriter) *Writer {
	var id [8]byte
	rand.Read(id[:])
	rec := &Writer{ResponseWriter: w, ID: hex.EncodeToString(id[:])}
	w.Header().Set("X-Request-Id", rec.ID)
	return rec
}

// WriteHeader remembers the status, unless more is to follow (RFC 9110 15.2).
func (w *Writer) WriteHeader(status int) {
	if w.status == 0 && status/100 != 1 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write is a WriteHeader of 200 if there was none.
func (w *Writer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// A Log is where the requests of a surface are recorded.
type Log struct {
	Message string       // of each line
	Logger  *slog.Logger // nil: nothing is logged
	// Observe hears of every request: the pattern of its route, "" if it had none. It may be nil.
	Observe func(route, method string, status int, took time.Duration)
}

// Serve serves a request, answers a panic by fail as the internal error that it is, and records what became of the request.
func (l Log) Serve(w *Writer, r *http.Request, serve func(), fail func(error)) {
	if l.Logger == nil {
		l.Logger = slog.New(slog.DiscardHandler)
	}
	start := time.Now()
	defer func() {
		cause := recover()
		if cause == http.ErrAbortHandler { //nolint:errorlint // this value itself is the signal (net/http)
			l.Logger.LogAttrs(r.Context(), slog.LevelInfo, l.Message+" cut off", w.attrs(r, time.Since(start))...)
			panic(cause)
		}
		if cause != nil {
			w.Err = fmt.Errorf("panic: %v", cause)
			l.Logger.Error("panic", "id", w.ID, "route", w.Pattern, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			if w.status != 0 { // half an answer is out: cut the connection
				panic(http.ErrAbortHandler)
			}
			fail(w.Err)
		}
		took := time.Since(start)
		if l.Observe != nil {
			l.Observe(w.Pattern, known(r.Method), w.status, took)
		}
		l.Logger.LogAttrs(r.Context(), w.level(r), l.Message, w.attrs(r, took)...)
	}()
	serve()
}

// level: reading is worth a line only for who looks closely.
func (w *Writer) level(r *http.Request) slog.Level {
	switch {
	case w.status == http.StatusInternalServerError:
		return slog.LevelError
	case w.status >= http.StatusBadRequest, r.Method != http.MethodGet && r.Method != http.MethodHead:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

func (w *Writer) attrs(r *http.Request, took time.Duration) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("id", w.ID),
		slog.String("method", known(r.Method)),
		slog.String("route", w.Pattern),
		slog.Int("status", w.status),
		slog.Duration("took", took.Round(time.Microsecond)),
		slog.String("caller", w.Caller),
	}
	if w.Err != nil {
		attrs = append(attrs, slog.String("kind", fault.KindOf(w.Err).String()), slog.String("error", w.Err.Error()))
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
