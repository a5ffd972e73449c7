// Package client is the Go client of Carnet's HTTP API: one method for each use case, with the types of package api. Errors are
// of package fault, of the kind that the server named.
//
//	c, err := client.New("http://127.0.0.1:8700", client.Options{Username: "ada", Password: password})
//	...
//	result, err := c.RunOperation(ctx, "zoom", "users", api.Task{})
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// Options say who the client is, in one of three ways, or not at all for a server that asks nobody.
type Options struct {
	// HTTP makes the requests; http.DefaultClient by default.
	HTTP *http.Client
	// A user, by HTTP basic.
	Username, Password string
	// A service account, whose access token the client gets and renews.
	ClientID, ClientSecret string
	// A session token or access token, used as it is.
	Token string
}

// A Client calls one server. It is safe for concurrent use.
type Client struct {
	base    *url.URL
	options Options

	turn    chan struct{} // whoever puts something in may use what is below; the others wait no longer than their context
	token   string        // of the service account
	expires time.Time
}

// New returns a client of the server at base, such as "http://127.0.0.1:8700".
func New(base string, o Options) (*Client, error) {
	u, err := url.Parse(strings.TrimSuffix(base, "/"))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fault.New(fault.Invalid, "the server's address is not a URL").WithHint("write it as in http://127.0.0.1:8700")
	}
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	return &Client{base: u, options: o, turn: make(chan struct{}, 1)}, nil
}

// A request is one call of the API. Segments of the path are escaped here.
type request struct {
	method string
	path   []string
	query  url.Values
	body   any     // sent as JSON; nil: none
	stream *upload // sent in its place; nil: none
	tell   bool    // have the server say when the task waits
}

// do makes a request and decodes the answer into out, if that is not nil.
func (c *Client) do(ctx context.Context, r request, out any) error {
	data, err := c.raw(ctx, r)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fault.Wrap(fault.Upstream, err, "the server's answer can't be read").
			WithHint("check that a Carnet of this version listens there")
	}
	return nil
}

// raw makes a request and returns the body of the answer.
func (c *Client) raw(ctx context.Context, r request) ([]byte, error) {
	answer, err := c.open(ctx, r)
	if err != nil {
		return nil, err
	}
	return c.whole(answer)
}

// open makes a request and returns the answer, whose body has to be closed. A service account's token that the server does not
// know any more is replaced, once.
func (c *Client) open(ctx context.Context, r request) (*http.Response, error) {
	answer, err := c.once(ctx, r)
	if fault.Is(err, fault.Unauthenticated) && c.forget(ctx) {
		return c.once(ctx, r)
	}
	return answer, err
}

func (c *Client) once(ctx context.Context, r request) (*http.Response, error) {
	body, size, kind, err := r.encode()
	if err != nil {
		return nil, err
	}
	escaped := make([]string, len(r.path))
	for i, segment := range r.path {
		escaped[i] = url.PathEscape(segment)
	}
	to := c.base.String() + "/" + strings.Join(escaped, "/")
	if len(r.query) > 0 {
		to += "?" + r.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, r.method, to, body)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "no request can be made of that")
	}
	if kind != "" {
		request.ContentLength = size
		request.Header.Set("Content-Type", kind)
	}
	if r.stream != nil {
		request.Header.Set("Expect", "100-continue") // a server that refuses the request does so before the files
	}
	if r.tell {
		request.Header.Set("Carnet-Tell", "waiting")
	}
	request.Header.Set("Accept", "application/json")
	if t, ok := r.body.(api.Task); ok && t.Stream {
		request.Header.Set("Accept", "*/*")
	}
	if err := c.authenticate(ctx, request); err != nil {
		return nil, err
	}
	return c.send(request)
}

// encode writes the body, and returns its size, 0 if that is not known, and its media type. A document, which may be large, is
// not copied: it is JSON already, and what else the request says goes around it.
func (r request) encode() (_ io.Reader, size int64, kind string, _ error) {
	const kindJSON = "application/json"
	switch {
	case r.stream != nil:
		body, err := r.stream.body()
		return body, r.stream.size, r.stream.kind, err
	case r.body == nil:
		return nil, 0, "", nil
	}
	m, large := r.body.(api.ModelRequest)
	if !large || len(m.Model) == 0 {
		data, err := encode(r.body)
		return bytes.NewReader(data), int64(len(data)), kindJSON, err
	}
	document := m.Model
	m.Model = nil
	rest, err := encode(m)
	if err != nil {
		return nil, 0, "", err
	}
	before := `{"model":`
	if rest = bytes.TrimPrefix(bytes.TrimSpace(rest), []byte("{")); len(rest) > 1 {
		rest = append([]byte{','}, rest...)
	}
	size = int64(len(before) + len(document) + len(rest))
	return io.MultiReader(strings.NewReader(before), bytes.NewReader(document), bytes.NewReader(rest)), size, kindJSON, nil
}

// encode writes JSON as people wrote it: without escaping what means something in HTML.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the request can't be written as JSON")
	}
	return out.Bytes(), nil
}

// send makes an HTTP request; an answer that is no success becomes an error.
func (c *Client) send(r *http.Request) (*http.Response, error) {
	answer, err := c.options.HTTP.Do(r)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if answer.StatusCode/100 == 2 {
		return answer, nil
	}
	data, err := c.whole(answer)
	if err != nil {
		return nil, err
	}
	return nil, failure(answer.StatusCode, data)
}

// whole reads an answer to its end.
func (c *Client) whole(answer *http.Response) ([]byte, error) {
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, c.unreachable(err)
	}
	return data, nil
}

// cutOff is why an answer has no end.
func (c *Client) cutOff(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fault.Wrap(fault.Upstream, err, "the answer broke off").WithHint("what came is not whole; try again")
}

func (c *Client) unreachable(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fault.Wrap(fault.Unavailable, err, "the server at %s can't be reached", c.base.Host).
		WithHint("check that it runs (carnet serve), and its address")
}

// authenticate says who the client is.
func (c *Client) authenticate(ctx context.Context, r *http.Request) error {
	switch {
	case c.options.Token != "":
		r.Header.Set("Authorization", "Bearer "+c.options.Token)
	case c.options.ClientID != "":
		token, err := c.accountToken(ctx)
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+token)
	case c.options.Username != "":
		r.SetBasicAuth(c.options.Username, c.options.Password)
	}
	return nil
}

// accountToken returns the service account's access token, and gets a new one a minute before it expires.
func (c *Client) accountToken(ctx context.Context) (string, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if c.token != "" && time.Until(c.expires) > time.Minute {
		return c.token, nil
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.options.ClientID}, "client_secret": {c.options.ClientSecret}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.String()+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", fault.Wrap(fault.Invalid, err, "no request can be made of that")
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := c.send(r)
	if err != nil {
		return "", err
	}
	data, err := c.whole(answer)
	if err != nil {
		return "", err
	}
	var t api.AccessToken
	if err := json.Unmarshal(data, &t); err != nil || t.AccessToken == "" {
		return "", fault.New(fault.Upstream, "the server's answer holds no access token")
	}
	c.token, c.expires = t.AccessToken, time.Now().Add(time.Duration(t.ExpiresIn)*time.Second)
	return c.token, nil
}

// forget drops the service account's token, and reports whether there was one.
func (c *Client) forget(ctx context.Context) bool {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return false
	}
	had := c.token != ""
	c.token = ""
	return had
}

// said is a problem in words, with its place.
func said(p fault.Problem) string {
	text := strings.TrimSpace(p.Pointer + " " + p.Message)
	if p.Line > 0 {
		text = fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, text)
	}
	return text
}

// failure makes an error of an answer: an object with kind and message, a list of problems, an OAuth error, or a text. The status
// alone tells the kind, for each kind has its own.
func failure(status int, data []byte) error {
	kind := fault.Internal
	for _, k := range fault.Kinds() {
		if k.Status() == status {
			kind = k
		}
	}
	var object struct {
		api.Failure
		Error            string `json:"error"`
		ErrorDescription string `json:"error_description"`
	}
	var problems []fault.Problem
	var text string
	switch {
	case json.Unmarshal(data, &object) == nil && object.Message != "":
		err := fault.New(kind, "%s", object.Message).WithHint("%s", object.Hint)
		err.Problems = object.Problems
		return err
	case object.Error != "":
		return fault.New(kind, "%s", strings.TrimSpace(object.Error+" "+object.ErrorDescription))
	case json.Unmarshal(data, &problems) == nil && len(problems) > 0:
		err := fault.New(kind, "%s", said(problems[0]))
		err.Problems = problems
		return err
	case json.Unmarshal(data, &text) == nil && text != "":
		return fault.New(kind, "%s", strings.TrimSuffix(text, "."))
	}
	return fault.New(kind, "the server answered %d %s", status, http.StatusText(status)).
		WithHint("check that it is a Carnet that listens there")
}
