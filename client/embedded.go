package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
)

// Handler returns a transport that has a handler in this process answer every request: no socket, and one path through the code
// with a server or without. The answer comes as the handler writes it. Its body has to be closed, as that of any answer, and
// closing it waits for the handler to end.
func Handler(h http.Handler) http.RoundTripper { return handler{h} }

type handler struct{ http.Handler }

// RoundTrip implements http.RoundTripper.
func (h handler) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	in := r.Clone(ctx)
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "embedded"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	read, write := io.Pipe()
	out := &written{header: http.Header{}, pipe: write, begun: make(chan struct{}), trace: httptrace.ContextClientTrace(r.Context())}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer in.Body.Close()
		defer out.finish()
		h.ServeHTTP(out, in)
	}()
	<-out.begun // the handler ends when its context does
	return &http.Response{
		Status: http.StatusText(out.status), StatusCode: out.status, Header: out.sent, Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: &body{PipeReader: read, cancel: cancel, ended: ended}, ContentLength: -1,
	}, nil
}

// body is an answer that ends its handler when it is closed.
type body struct {
	*io.PipeReader
	cancel context.CancelFunc
	ended  <-chan struct{}
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.cancel()
	err := b.PipeReader.Close()
	<-b.ended
	return err
}

// written is the ResponseWriter of such a handler.
type written struct {
	header http.Header
	pipe   *io.PipeWriter
	trace  *httptrace.ClientTrace // hears of what is said ahead of the answer; may be nil
	begun  chan struct{}
	once   sync.Once
	status int
	sent   http.Header // as it was when the answer began
}

// Header implements http.ResponseWriter.
func (w *written) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. An informational status (RFC 9110 15.2) comes ahead of the answer.
func (w *written) WriteHeader(status int) {
	if status/100 == 1 && status != http.StatusSwitchingProtocols {
		if w.trace != nil && w.trace.Got1xxResponse != nil {
			w.trace.Got1xxResponse(status, textproto.MIMEHeader(w.header.Clone())) // nobody is to be cut off here
		}
		return
	}
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.begun)
	})
}

// Write implements http.ResponseWriter.
func (w *written) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(b)
}

// Flush implements http.Flusher: nothing is held back.
func (w *written) Flush() { w.WriteHeader(http.StatusOK) }

// finish ends the answer; one that the handler gave up is cut off, as the connection of a server would be.
func (w *written) finish() {
	cause := recover()
	if cause == nil {
		w.WriteHeader(http.StatusOK) // if nobody has
		w.pipe.Close()
		return
	}
	if err, ok := cause.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	w.WriteHeader(http.StatusInternalServerError)
	w.pipe.CloseWithError(io.ErrUnexpectedEOF)
}
