package call

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"carnet.dev/carnet/fault"
)

// A File is a body, or a part of one, that comes as a stream.
type File struct {
	Field   string            // of a form; "": the file is the whole body
	Name    string            // that the service is told; "": none
	Type    string            // media type; "": the document's, or a stream of bytes
	Header  map[string]string // more headers of the part
	Size    int64             // in bytes; -1: not known
	Content io.Reader
	memory  []byte // the content, once it is read whole
	whole   bool
}

// open is the content from its beginning; what was not kept in memory is handed out once.
func (f *File) open() io.Reader {
	if f.whole {
		return bytes.NewReader(f.memory)
	}
	return &exactly{r: io.MultiReader(bytes.NewReader(f.memory), f.Content), field: f.Field, left: f.Size}
}

// keptInMemory bounds what of a request's files is read before it is sent. What fits can be sent again, after a 401 say, and its
// length is known, which some servers insist on. What is larger goes through as it comes, once: a temporary file would keep a
// caller's data on a disk that nobody watches, and hold the first byte back until the last has come.
const keptInMemory = 8 << 20

// An Upload is the files that come with a task, one after another.
type Upload struct {
	// Next returns the next file, whose content has to be read before the one after it; io.EOF after the last.
	Next func() (*File, error)
	// Told are the files that will come, if the caller said so in advance: the sizes of all of them make the body's length.
	Told []File

	files  []*File // that Next has returned; all but perhaps the last are whole
	ended  bool
	failed error

	mu    sync.Mutex
	begun bool     // something that is not in memory was handed out
	now   *sending // the attempt that may read it
}

// gather reads ahead, as far as memory is given to it. It can be called again.
func (u *Upload) gather() error {
	if u == nil || u.ended || len(u.files) > 0 || u.failed != nil {
		if u != nil {
			return u.failed
		}
		return nil
	}
	left := int64(keptInMemory)
	for {
		f, err := u.next()
		if f == nil {
			return err
		}
		if f.Size > left {
			return nil
		}
		f.memory, err = io.ReadAll(io.LimitReader(f.Content, left+1))
		if err != nil {
			return u.fail(err)
		}
		if int64(len(f.memory)) > left {
			return nil
		}
		if f.Size >= 0 && f.Size != int64(len(f.memory)) {
			return u.fail(wrongSize(f.Field))
		}
		f.whole, f.Size = true, int64(len(f.memory))
		left -= f.Size
	}
}

// next asks for the next file; nil: there is none, or it failed.
func (u *Upload) next() (*File, error) {
	if u.ended || u.failed != nil {
		return nil, u.failed
	}
	f, err := u.Next()
	if errors.Is(err, io.EOF) {
		u.ended = true
		return nil, nil
	}
	if err != nil {
		return nil, u.fail(err)
	}
	if i := len(u.files); i < len(u.Told) {
		told := u.Told[i]
		told.Content = f.Content
		f = &told
	}
	u.files = append(u.files, f)
	return f, nil
}

func (u *Upload) fail(err error) error {
	if fault.KindOf(err) == fault.Internal {
		err = fault.Wrap(fault.Invalid, err, "the body was cut off").WithHint("send it again")
	}
	u.failed = err
	return err
}

// whole reports whether all of it is in memory.
func (u *Upload) whole() bool {
	return u == nil || u.ended && (len(u.files) == 0 || u.files[len(u.files)-1].whole)
}

// Spent reports whether some of it has been sent and can't be sent again. Whatever attempt is under way reads no more of it.
func (u *Upload) Spent() bool {
	if u.whole() {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.now = nil
	return u.begun
}

// expected are the files of which so much is known that their frame in a body can be written; all: there are no others.
func (u *Upload) expected() (files []*File, all bool) {
	files = u.files
	for i := len(files); i < len(u.Told); i++ {
		files = append(files[:i:i], &u.Told[i])
	}
	return files, u.ended || len(u.Told) > 0 && len(u.files) <= len(u.Told)
}

// exactly fails if there is more or less to read than was said; left below zero: nothing was said.
type exactly struct {
	r     io.Reader
	field string
	left  int64
}

func (e *exactly) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if e.left < 0 {
		return n, err
	}
	e.left -= int64(n)
	if e.left < 0 || errors.Is(err, io.EOF) && e.left != 0 {
		return 0, wrongSize(e.field)
	}
	return n, err
}

func wrongSize(field string) error {
	if field == "" {
		field = "body"
	}
	return fault.New(fault.Invalid, "the file for %s has not the size that was said", field).WithHint("it may have changed meanwhile; try again")
}
