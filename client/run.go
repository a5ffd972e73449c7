package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// RunOperation runs an operation. Whatever the API answered is a result; an error means that there was no answer. Files of the
// task that have a Content are sent along as they are read, and with Stream the result has a Body, which has to be closed.
func (c *Client) RunOperation(ctx context.Context, integration, id string, t api.Task) (api.Result, error) {
	r := request{method: http.MethodPost, path: []string{integrations, integration, "operations", id, "run"}, body: t}
	if len(t.Files) > 0 {
		var err error
		if r.stream, err = newUpload(t); err != nil {
			return api.Result{}, err
		}
	}
	if t.Waits != nil {
		ctx, r.tell = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: waits(t.Waits)}), true
	}
	if t.Stream && !t.DryRun {
		return c.streamed(ctx, r)
	}
	var result api.Result
	err := c.do(ctx, r, &result)
	return result, err
}

// waits reads what the server says ahead of an answer: that the task waits.
func waits(tell func(api.Waiting)) func(int, textproto.MIMEHeader) error {
	return func(_ int, header textproto.MIMEHeader) error {
		var w api.Waiting
		if text := header.Get("Carnet-Waiting"); text != "" && json.Unmarshal([]byte(text), &w) == nil {
			tell(w)
		}
		return nil
	}
}

// streamed makes a request whose answer is that of the API.
func (c *Client) streamed(ctx context.Context, r request) (result api.Result, err error) {
	answer, err := c.open(ctx, r)
	if err != nil {
		return result, err
	}
	status, text, _ := strings.Cut(answer.Header.Get("Carnet-Status"), " ")
	if result.Status, err = strconv.Atoi(status); err != nil {
		answer.Body.Close()
		return result, fault.New(fault.Upstream, "the server's answer can't be read").WithHint("check that a Carnet of this version listens there")
	}
	result.OK, result.StatusText, result.URL = result.Status/100 == 2, text, answer.Header.Get("Carnet-Url")
	result.Headers = map[string]string{}
	for name, values := range answer.Header {
		if own, ok := strings.CutPrefix(name, "Carnet-Answer-"); ok {
			result.Headers[strings.ToLower(own)] = strings.Join(values, ", ")
		}
	}
	if warnings := answer.Header.Get("Carnet-Warnings"); warnings != "" {
		if err := json.Unmarshal([]byte(warnings), &result.Warnings); err != nil {
			answer.Body.Close()
			return result, fault.Wrap(fault.Upstream, err, "the server's answer can't be read")
		}
	}
	result.Body = &reading{answer.Body, c}
	return result, nil
}

// reading is an answer whose failures are faults.
type reading struct {
	io.ReadCloser
	client *Client
}

// Read implements io.Reader.
func (r *reading) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // readers return it as it is
		err = r.client.cutOff(err)
	}
	return n, err
}

// An upload is a task with files, as multipart/form-data (RFC 7578).
type upload struct {
	kind  string // of the body, with its boundary
	size  int64  // 0: not known
	parts []io.Reader
	files []io.Reader // that are among the parts
	sent  bool
}

func newUpload(t api.Task) (*upload, error) {
	task, err := encode(t)
	if err != nil {
		return nil, err
	}
	boundary := strings.ToLower(rand.Text())
	u := &upload{kind: mime.FormatMediaType("multipart/form-data", map[string]string{"boundary": boundary})}
	head := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="task"`}, "Content-Type": {"application/json"}}
	memory := partHead(boundary, head, "")
	memory = append(memory, task...)
	known := true
	for _, f := range t.Files {
		if f.Content == nil {
			return nil, fault.New(fault.Invalid, "a file of the task has no content")
		}
		memory = append(memory, partHead(boundary, fileHeader(f), "\r\n")...)
		u.parts = append(u.parts, bytes.NewReader(memory), f.Content)
		u.files = append(u.files, f.Content)
		u.size += int64(len(memory)) + f.Size
		known = known && f.Size > 0
		memory = nil
	}
	memory = append(memory, "\r\n--"+boundary+"--\r\n"...)
	u.parts = append(u.parts, bytes.NewReader(memory))
	if u.size += int64(len(memory)); !known {
		u.size = 0
	}
	return u, nil
}

func fileHeader(f api.File) textproto.MIMEHeader {
	header := textproto.MIMEHeader{}
	for name, text := range f.Headers {
		header.Set(name, text)
	}
	disposition := map[string]string{"name": "body"}
	if f.Field != "" {
		disposition["name"] = "body." + f.Field
	}
	if f.Name != "" {
		disposition["filename"] = f.Name
	}
	header.Set("Content-Disposition", mime.FormatMediaType("form-data", disposition))
	if f.ContentType != "" {
		header.Set("Content-Type", f.ContentType)
	}
	return header
}

// partHead is the boundary before a part and its headers.
func partHead(boundary string, header textproto.MIMEHeader, before string) []byte {
	out := []byte(before + "--" + boundary + "\r\n")
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		out = append(out, name+": "+strings.NewReplacer("\r", " ", "\n", " ").Replace(header.Get(name))+"\r\n"...)
	}
	return append(out, "\r\n"...)
}

// body returns the upload from its beginning. It can do so again if every file can be read from its beginning again.
func (u *upload) body() (io.Reader, error) {
	if u.sent {
		for _, part := range u.parts {
			seeker, ok := part.(io.Seeker)
			if !ok {
				return nil, fault.New(fault.Unauthenticated, "the server did not accept the token, and the files can't be read again").WithHint("try again")
			}
			if _, err := seeker.Seek(0, io.SeekStart); err != nil {
				return nil, fault.Wrap(fault.Unauthenticated, err, "the server did not accept the token, and the files can't be read again").WithHint("try again")
			}
		}
	}
	u.sent = true
	return io.MultiReader(u.parts...), nil
}
