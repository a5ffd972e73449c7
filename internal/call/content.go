package call

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// A content is the body of a request.
type content struct {
	size   int64            // -1: not known
	open   func() io.Reader // from its beginning
	upload *Upload          // that a part of it comes from; nil: all is in memory
}

func inMemory(body []byte) *content {
	return &content{size: int64(len(body)), open: func() io.Reader { return bytes.NewReader(body) }}
}

// repeatable reports whether it can be opened any number of times.
func (c *content) repeatable() bool { return c == nil || c.upload.whole() }

// usable reports whether it can be opened now.
func (c *content) usable() bool { return c == nil || !c.upload.Spent() }

// begin opens it for sending.
func (c *content) begin() io.ReadCloser {
	if c.repeatable() {
		return io.NopCloser(c.open())
	}
	s := &sending{upload: c.upload, r: c.open()}
	c.upload.mu.Lock()
	defer c.upload.mu.Unlock()
	c.upload.now = s
	return s
}

// sending is one attempt to send what can't be read again.
type sending struct {
	upload *Upload
	r      io.Reader
}

// Read implements io.Reader.
func (s *sending) Read(p []byte) (int, error) {
	s.upload.mu.Lock()
	if s.upload.now != s {
		s.upload.mu.Unlock()
		return 0, os.ErrClosed
	}
	s.upload.begun = true
	s.upload.mu.Unlock()
	return s.r.Read(p)
}

// Close keeps an attempt that is over from reading what the next one sends.
func (s *sending) Close() error {
	s.upload.mu.Lock()
	defer s.upload.mu.Unlock()
	if s.upload.now == s {
		s.upload.now = nil
	}
	return nil
}

// shown is the body for a person.
func (c *content) shown() string {
	if c == nil {
		return ""
	}
	if !c.repeatable() {
		if c.size < 0 {
			return "(a stream of bytes)"
		}
		return fmt.Sprintf("(a stream of %d bytes)", c.size)
	}
	data, err := io.ReadAll(c.open())
	if err != nil || !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return fmt.Sprintf("(%d bytes)", c.size)
	}
	return string(data)
}

// multipart is a body of parts, the files last and in the order in which they come.
func multipart(fields []part, u *Upload, filePart func(*File) part) (*content, string) {
	boundary := strings.ToLower(rand.Text())
	end := []byte("\r\n--" + boundary + "--\r\n")
	if u == nil {
		u = &Upload{ended: true}
	}
	parts := slices.Clone(fields)
	files, all := u.expected()
	for _, f := range files {
		parts = append(parts, filePart(f))
	}
	if len(parts) == 0 && all {
		return inMemory(end[2:]), boundary // nothing but the end (RFC 2046 5.1.1 wants a part; there is none)
	}
	size := int64(len(end))
	for i, p := range parts {
		if p.size() < 0 || !all {
			size = -1
			break
		}
		size += int64(len(p.head(boundary, i == 0))) + p.size()
	}
	open := func() io.Reader {
		return &frames{boundary: boundary, fields: fields, upload: u, filePart: filePart, end: end}
	}
	return &content{size: size, open: open, upload: u}, boundary
}

// frames reads the parts one after another, each behind its head, and asks for a file when it is its turn.
type frames struct {
	boundary string
	fields   []part
	upload   *Upload
	filePart func(*File) part
	end      []byte

	at  int // the next part
	now io.Reader
}

// Read implements io.Reader.
func (f *frames) Read(p []byte) (int, error) {
	for {
		if f.now != nil {
			n, err := f.now.Read(p)
			if n > 0 || err != nil && !errors.Is(err, io.EOF) {
				if errors.Is(err, io.EOF) {
					err = nil
				}
				return n, err
			}
			if err == nil {
				continue
			}
			f.now = nil
		}
		if f.end == nil {
			return 0, io.EOF
		}
		next, err := f.part()
		if err != nil {
			return 0, err
		}
		if next == nil {
			f.now, f.end = bytes.NewReader(f.end), nil
			continue
		}
		f.now = io.MultiReader(bytes.NewReader(next.head(f.boundary, f.at == 0)), next.open())
		f.at++
	}
}

// part is the next one; nil: there is none.
func (f *frames) part() (*part, error) {
	if f.at < len(f.fields) {
		return &f.fields[f.at], nil
	}
	i := f.at - len(f.fields)
	for i >= len(f.upload.files) {
		file, err := f.upload.next()
		if err != nil {
			return nil, err
		}
		if file == nil {
			if i < len(f.upload.Told) {
				return nil, f.upload.fail(wrongSize(f.upload.Told[i].Field))
			}
			return nil, nil
		}
	}
	p := f.filePart(f.upload.files[i])
	return &p, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
