package cli

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/fault"
)

// maxLine is how long a line of a list may be, in bytes.
const maxLine = 8 << 20

// A list is the lines of a file, read one after another.
type list struct {
	name   string
	reader *bufio.Reader
	number int // of the last line that was read
	skip   int // lines at the beginning that are passed over
}

func newList(name string, r io.Reader, skip int) *list {
	if name == "-" {
		name = "standard input"
	}
	return &list{name: name, reader: bufio.NewReaderSize(r, 64<<10), skip: skip}
}

// A listLine is one of its lines.
type listLine struct {
	number int
	text   []byte
	long   bool // longer than a line may be; text is not all of it
}

// next returns the next line that is not blank; io.EOF after the last.
func (l *list) next() (listLine, error) {
	for {
		text, long, err := l.read()
		if err != nil {
			return listLine{}, err
		}
		l.number++
		if l.number == 1 {
			text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // RFC 8259 8.1 lets a reader ignore it
		}
		if l.number > l.skip && len(text) > 0 {
			return listLine{l.number, text, long}, nil
		}
	}
}

// read returns a line without its end and the space before that. Of one that is skipped nothing is kept.
func (l *list) read() (text []byte, long bool, err error) {
	for {
		part, err := l.reader.ReadSlice('\n')
		if room := maxLine - len(text); len(part) > room {
			part, long = part[:room], true
		}
		if l.number >= l.skip {
			text = append(text, part...)
		}
		switch {
		case err == nil, errors.Is(err, io.EOF) && (len(text) > 0 || len(part) > 0):
			return bytes.TrimRight(text, " \t\r\n"), long, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, false, err
		}
	}
}

// countLines counts the lines that a list has after the skipped ones, and goes back to its beginning.
func countLines(f *os.File, skip int) (n int, err error) {
	for l := newList("", f, skip); ; n++ {
		if _, err := l.next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return n, err
		}
	}
	_, err = f.Seek(0, io.SeekStart)
	return n, err
}

// A member is an argument of a line.
type member struct {
	name  string
	value jsontext.Value
}

// members reads a line. What is wrong with it has a line and a column.
func (l *list) members(in listLine) ([]member, error) {
	if in.long {
		return nil, l.wrong(in, 0, "it is longer than %d MiB", maxLine>>20)
	}
	d := jsontext.NewDecoder(bytes.NewReader(in.text))
	if kind := d.PeekKind(); kind != '{' && (kind == '[' || jsontext.Value(in.text).IsValid()) {
		return nil, l.wrong(in, 0, "it is no JSON object").WithHint(`write an object of arguments on each line; jq -c '.[]' makes lines of a list`)
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, l.broken(in, err)
	}
	var all []member
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, l.broken(in, err)
		}
		m := member{name: name.String()}
		value, err := d.ReadValue()
		if err != nil {
			return nil, l.broken(in, err)
		}
		m.value = value.Clone()
		all = append(all, m)
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, l.broken(in, err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, l.wrong(in, int(d.InputOffset()), "something follows the object")
	}
	return all, nil
}

// broken is a line that is not JSON.
func (l *list) broken(in listLine, err error) error {
	at, what := len(in.text), "it is not JSON: it ends too early"
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok && !errors.Is(err, io.ErrUnexpectedEOF) {
		at, what = int(syntax.ByteOffset), "it is not JSON"
		if errors.Is(err, jsontext.ErrDuplicateName) {
			what = "a name occurs twice"
		} else if syntax.Err != nil {
			what += ": " + syntax.Err.Error()
		}
	}
	return l.wrong(in, at, "%s", what)
}

// wrong is what is wrong with a line, at a byte of it. Which line it is the result says.
func (l *list) wrong(in listLine, at int, format string, args ...any) *fault.Error {
	column := utf8.RuneCount(in.text[:min(at, len(in.text))]) + 1
	err := fault.New(fault.Invalid, "column %d: "+format, append([]any{column}, args...)...)
	err.Problems = []fault.Problem{{Message: err.Message, File: l.name, Line: in.number, Column: column}}
	return err
}
