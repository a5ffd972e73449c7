package carnettest

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"time"
)

// A Fault is one way for a request to go wrong.
type Fault struct {
	Delay  time.Duration     // before anything else
	Hang   bool              // no answer until the caller gives up
	Drop   bool              // the connection is closed in the middle of the answer
	Act    bool              // the request is served, and its answer is lost: with Drop
	Status int               // of the answer; 200 by default
	Header map[string]string // of the answer
	Body   string            // of the answer
	Long   int               // bytes that follow the body
}

// misbehave takes the next fault of a queue, if there is one, and reports whether it has answered.
func (p *Provider) misbehave(w http.ResponseWriter, r *http.Request, queue *[]Fault) bool {
	p.mu.Lock()
	if len(*queue) == 0 {
		p.mu.Unlock()
		return false
	}
	f := (*queue)[0]
	*queue = (*queue)[1:]
	p.mu.Unlock()
	// The server notices that a caller has gone only once the body is read.
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return true
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
			return true
		}
	}
	switch {
	case f.Hang:
		<-r.Context().Done()
		return true
	case f.Act && r.URL.Path == "/token":
		p.token(discard{http.Header{}}, r)
		panic(http.ErrAbortHandler)
	case f.Drop:
		w.Header().Set("Content-Length", "1000")
		w.Write([]byte(`{"access_token":`))
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case f.Status == 0 && f.Body == "" && f.Long == 0 && f.Header == nil:
		return false // a delay only
	}
	f.write(w)
	return true
}

func (f Fault) write(w http.ResponseWriter) {
	for name := range maps.Keys(f.Header) {
		w.Header().Set(name, f.Header[name])
	}
	if f.Status != 0 {
		w.WriteHeader(f.Status)
	}
	w.Write([]byte(f.Body))
	chunk := bytes.Repeat([]byte{' '}, 32<<10)
	for left := f.Long; left > 0; left -= len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// discard is where an answer goes that is lost on its way.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
