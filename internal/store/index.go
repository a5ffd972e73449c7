package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"strings"

	"github.com/go-json-experiment/json"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
)

// An Index is the operations of a model in the order of the document, to be searched by a process that has only just begun: it is read
// sheet by sheet, so that no more memory is touched than a sheet takes, and of an operation that is not found nothing but its text is.
//
// As a part it is the sheets one after another, each as two blocks: the texts of some operations, a line for each; and their summaries as
// JSON, a line for each too. A block is a frame of zstd, and before it a skippable one (RFC 8878 3.1.2) that says how long it is, so that
// this part is decompressed as any other is, too.
type Index struct{ packed []byte }

const sheetSize = 512

// indexOf makes the part of an index.
func indexOf(operations []model.Operation) ([]byte, error) {
	packed := []byte{} // a model may have no operations, and a part has a body
	var texts, summaries bytes.Buffer
	for len(operations) > 0 {
		sheet := operations[:min(sheetSize, len(operations))]
		operations = operations[len(sheet):]
		texts.Reset()
		summaries.Reset()
		for i := range sheet {
			summary := &sheet[i].Summary
			texts.WriteString(searched(summary) + "\n")
			data, err := json.Marshal(summary, lenient)
			if err != nil {
				return nil, fault.Wrap(fault.Internal, err, "the index of operations can't be encoded")
			}
			summaries.Write(data)
			summaries.WriteByte('\n')
		}
		for _, block := range [][]byte{texts.Bytes(), summaries.Bytes()} {
			frame, err := compress(block)
			if err != nil {
				return nil, err
			}
			packed = append(binary.LittleEndian.AppendUint32(append(packed, skippable...), uint32(len(frame))), frame...)
		}
	}
	return packed, nil
}

// searched is the text of an operation in which words are looked for: one line, in lower case. What is within something else is found
// there, too, and left out: tags and paths are often a part of the id.
func searched(s *model.Summary) string {
	var text strings.Builder
	for _, field := range append([]string{s.ID, s.Path, s.Summary, s.Method}, s.Tags...) {
		field = strings.ToLower(strings.Join(strings.Fields(field), " "))
		if strings.Contains(text.String(), field) {
			continue
		}
		text.WriteString(field)
		text.WriteByte(' ')
	}
	return text.String()
}

// Index reads the index of a model.
func (s *Store) Index(ctx context.Context, m *model.Model) (Index, error) {
	packed, err := s.packed(ctx, m.Digest+"/index")
	return Index{packed}, err
}

// Search finds the operations in whose text every word occurs; words are in lower case, without white space.
func (x Index) Search(words []string) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		var p sheet
		for packed := x.packed; len(packed) > 0; {
			var err error
			if packed, err = p.open(packed); err != nil {
				yield(nil, err)
				return
			}
			for n := range p.matches(words) {
				found, err := p.summary(n)
				if !yield(found, err) || err != nil {
					return
				}
			}
		}
	}
}

// All reads the operations of the index.
func (x Index) All() (all []model.Summary, err error) {
	for found, err := range x.Search(nil) {
		if err != nil {
			return nil, err
		}
		s, err := found.Summary()
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// IDs reads the ids of all operations, and nothing else of them.
func (x Index) IDs() (ids []string, err error) {
	for found, err := range x.Search(nil) {
		if err != nil {
			return nil, err
		}
		var s struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(found, &s, lenient); err != nil {
			return nil, decoded(err)
		}
		ids = append(ids, s.ID)
	}
	return ids, nil
}

// Found is an operation that was found, and not read yet. It is good until the next one is looked for.
type Found []byte

// Summary reads it.
func (f Found) Summary() (s model.Summary, err error) {
	err = json.Unmarshal(f, &s, lenient)
	return s, decoded(err)
}

// A sheet is some operations of an index. It is used for one after another.
type sheet struct {
	texts, summaries []byte
	lines            [][]byte // of the summaries; nil: they are not decompressed yet
	packed           []byte   // the summaries
}

// open reads the next sheet, and returns what follows it.
func (p *sheet) open(packed []byte) (rest []byte, err error) {
	texts, packed, err := block(packed)
	if err != nil {
		return nil, err
	}
	if p.packed, rest, err = block(packed); err != nil {
		return nil, err
	}
	p.lines = nil
	p.texts, err = decompressInto(p.texts[:0], texts)
	return rest, err
}

// skippable is the head of a skippable frame of four bytes.
var skippable = []byte{0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0}

// block is the first block of what is packed.
func block(packed []byte) (first, rest []byte, err error) {
	head, ok := bytes.CutPrefix(packed, skippable)
	if !ok || len(head) < 4 || uint64(binary.LittleEndian.Uint32(head)) > uint64(len(head)-4) {
		return nil, nil, decoded(errors.New("the index is cut off"))
	}
	end := 4 + int(binary.LittleEndian.Uint32(head))
	return head[4:end], head[end:], nil
}

// matches are the numbers of the operations in whose text every word occurs.
func (p *sheet) matches(words []string) iter.Seq[int] {
	return func(yield func(int) bool) {
		n := 0
		for text := range bytes.Lines(p.texts) {
			if containsAll(text, words) && !yield(n) {
				return
			}
			n++
		}
	}
}

func containsAll(text []byte, words []string) bool {
	for _, w := range words {
		if !bytes.Contains(text, []byte(w)) {
			return false
		}
	}
	return true
}

// summary is an operation of the sheet.
func (p *sheet) summary(n int) (Found, error) {
	if p.lines == nil {
		var err error
		if p.summaries, err = decompressInto(p.summaries[:0], p.packed); err != nil {
			return nil, err
		}
		p.lines = bytes.Split(p.summaries, []byte("\n"))
	}
	if n >= len(p.lines) {
		return nil, decoded(errors.New("a sheet of the index is too short"))
	}
	return p.lines[n], nil
}
