package hub

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/outbound"
)

const (
	maxDocument  = 128 << 20 // bytes
	maxRedirects = 5
	maxFetching  = time.Minute // all that a document refers to
)

// fetch gets a document from a URL. Redirects are followed, for no credential is sent.
func (h *Hub) fetch(ctx context.Context, from string) ([]byte, error) {
	client, err := h.clients.Client(outbound.TLS{})
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(from)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || at.User != nil {
		return nil, fault.New(fault.Invalid, "url is not the address of a document").WithHint("give an http or https URL without a password in it")
	}
	for range maxRedirects {
		data, next, err := get(ctx, client, at)
		if err != nil || next == nil {
			return data, err
		}
		at = next
	}
	return nil, fault.New(fault.Upstream, "%s redirects more than %d times", at.Host, maxRedirects)
}

// get makes one request; next is where it redirects to.
func get(ctx context.Context, client *http.Client, at *url.URL) (data []byte, next *url.URL, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, nil, fault.New(fault.Invalid, "url can't be requested")
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, nil, outbound.Explain(err, "getting the document from "+at.Host)
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 == 3 {
		next, err := answer.Location()
		if err != nil {
			return nil, nil, fault.New(fault.Upstream, "%s redirects to nowhere", at.Host)
		}
		return nil, next, nil
	}
	if answer.StatusCode != http.StatusOK {
		return nil, nil, fault.New(fault.Upstream, "%s answered %s instead of the document", at.Host, answer.Status).
			WithHint("get the document with what its provider wants, and import the file")
	}
	data, err = io.ReadAll(io.LimitReader(answer.Body, maxDocument+1))
	if err != nil {
		return nil, nil, outbound.Explain(err, "reading the document from "+at.Host)
	}
	if len(data) > maxDocument {
		return nil, nil, fault.New(fault.Invalid, "the document at %s is larger than %d MiB", at.Host, maxDocument>>20)
	}
	return data, nil, nil
}
