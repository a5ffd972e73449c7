package web

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// maxStall is how long a browser may send nothing of a file.
const maxStall = 2 * time.Minute

// fileField begins the names of files in a form: behind it is the field that the file is for, or nothing if it is the whole body.
const fileField = "file:"

// posted is a form that was posted: its fields, and the files behind them, which are read as they come. A page has its files last.
type posted struct {
	url.Values
	most int64 // bytes of files

	mu    sync.Mutex
	parts *multipart.Reader // nil: there are no files
	first *api.File
	files []api.File // that have been read, without their content
	over  bool       // nobody reads on
}

// posted reads the fields of a form.
func (v *visit) posted() (*posted, error) {
	kind, parameters, _ := mime.ParseMediaType(v.r.Header.Get("Content-Type")) // another kind has no fields
	if kind != "multipart/form-data" {
		v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxTask)
		if err := v.r.ParseForm(); err != nil {
			return nil, fault.New(fault.Invalid, "the form is not well formed, or larger than %d MiB", maxTask>>20).WithHint("send large bodies as files")
		}
		return &posted{Values: v.r.PostForm, most: v.mostUpload}, nil
	}
	p := &posted{Values: url.Values{}, most: v.mostUpload}
	p.parts = multipart.NewReader(&patient{v.r.Body, http.NewResponseController(v.w)}, parameters["boundary"])
	return p, p.fields()
}

// fields reads up to the first file.
func (p *posted) fields() error {
	for left := int64(maxTask); ; {
		part, err := p.parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return p.broken(err)
		}
		if f, isFile, err := fileOf(part); err != nil {
			return err
		} else if isFile {
			p.first = f
			if f == nil {
				continue
			}
			return nil
		}
		text, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return p.broken(err)
		}
		if left -= int64(len(text)); left < 0 {
			return fault.New(fault.Invalid, "the form is larger than %d MiB", maxTask>>20).WithHint("send large bodies as files")
		}
		p.Add(part.FormName(), string(text))
	}
}

// fileOf is a part as a file; nil: none was chosen in that input.
func fileOf(part *multipart.Part) (f *api.File, isFile bool, err error) {
	_, disposition, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition")) // FormName has read it
	name, isFile := disposition["filename"]
	if !isFile {
		return nil, false, nil
	}
	field, known := strings.CutPrefix(part.FormName(), fileField)
	if name == "" {
		return nil, true, nil
	}
	if !known {
		return nil, true, fault.New(fault.Invalid, "the form has no input for a file named %q", part.FormName())
	}
	f = &api.File{Field: field, Name: name, Content: part, ContentType: part.Header.Get("Content-Type")}
	if f.ContentType == "application/octet-stream" { // the browser does not know: the document may
		f.ContentType = ""
	}
	return f, true, nil
}

// next hands the files out one after another; nil: there are none.
func (p *posted) next() func() (api.File, error) {
	if p.first == nil {
		return nil
	}
	return func() (api.File, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		f, err := p.advance()
		if err == nil {
			f.Content = &sent{f.Content, p}
		}
		return f, err
	}
}

// advance goes to the next file.
func (p *posted) advance() (api.File, error) {
	f := p.first
	for p.first = nil; f == nil; {
		if p.over {
			return api.File{}, os.ErrClosed
		}
		part, err := p.parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return api.File{}, io.EOF
		}
		if err != nil {
			return api.File{}, p.broken(err)
		}
		isFile := false
		if f, isFile, err = fileOf(part); err != nil {
			return api.File{}, err
		}
		if !isFile {
			return api.File{}, fault.New(fault.Invalid, "the form has fields behind its files").WithHint("load the page again")
		}
	}
	p.files = append(p.files, api.File{Field: f.Field, Name: f.Name, ContentType: f.ContentType})
	return *f, nil
}

// names are the files without their content, which is read and dropped as far as it was not: whoever was given the files reads no
// more of them, though a service that answered early may have left somebody reading. A script on the page sends names alone where the
// files are not needed.
func (p *posted) names() ([]api.File, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { p.over = true }()
	for field, names := range p.Values {
		if to, isFile := strings.CutPrefix(field, fileField); isFile {
			for _, name := range names {
				if name != "" {
					p.files = append(p.files, api.File{Field: to, Name: name})
				}
			}
			p.Del(field)
		}
	}
	for p.parts != nil && (p.first != nil || len(p.files) > 0) {
		f, err := p.advance()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(io.Discard, f.Content); err != nil {
			return nil, p.broken(err)
		}
	}
	return p.files, nil
}

// broken says why a form could not be read to its end.
func (p *posted) broken(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fault.New(fault.Invalid, "the files are larger than %s, which is the most that a page sends", bytesText(p.most)).
			WithHint("carnet run takes files of any size: -F name=@file, or -d @file")
	}
	return fault.New(fault.Invalid, "the form was cut off").WithHint("send it again")
}

// sent is a file that goes on to a service.
type sent struct {
	io.Reader
	form *posted
}

// Read implements io.Reader. Its failures are faults.
func (s *sent) Read(b []byte) (int, error) {
	s.form.mu.Lock()
	defer s.form.mu.Unlock()
	if s.form.over {
		return 0, os.ErrClosed
	}
	n, err := s.Reader.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = s.form.broken(err)
	}
	return n, err
}

// patient reads an upload, which may take as long as it likes if only something comes.
type patient struct {
	r    io.Reader
	conn *http.ResponseController
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	p.conn.SetReadDeadline(time.Now().Add(maxStall)) // a recorder of tests has none
	return p.r.Read(b)
}
