package store

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
)

// An Index is the operations of a model in the order of the document, to be searched without reading what is not found: a line of
// text for each, and one of JSON.
//
// As a part it is the length of the texts in a line of its own, the texts, and a JSON array with a line for each item.
type Index struct{ texts, summaries []byte }

const indexHead = "%010d\n"

// indexOf makes the part of an index.
func indexOf(operations []model.Operation) ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, indexHead, 0)
	begin := out.Len()
	for i := range operations {
		out.WriteString(searched(&operations[i].Summary))
		out.WriteByte('\n')
	}
	copy(out.Bytes(), fmt.Sprintf(indexHead, out.Len()-begin))
	out.WriteByte('[')
	for i := range operations {
		data, err := json.Marshal(&operations[i].Summary, lenient)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err, "the index of operations can't be encoded")
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		out.Write(data)
	}
	out.WriteString("\n]")
	return out.Bytes(), nil
}

// searched is the text of an operation in which words are looked for: one line, in lower case.
func searched(s *model.Summary) string {
	text := strings.Join(append([]string{s.ID, s.Method, s.Path, s.Summary}, s.Tags...), " ")
	return strings.ToLower(strings.Join(strings.Fields(text), " "))
}

// Index reads the index of a model.
func (s *Store) Index(ctx context.Context, m *model.Model) (Index, error) {
	data, err := s.part(ctx, m.Digest+"/index")
	if err != nil {
		return Index{}, err
	}
	head, rest, _ := bytes.Cut(data, []byte("\n"))
	n, err := strconv.Atoi(string(head))
	if err != nil || n < 0 || n > len(rest) {
		return Index{}, decoded(fmt.Errorf("the index does not say how long it is"))
	}
	return Index{rest[:n], rest[n:]}, nil
}

// Search finds the operations in whose text every word occurs; words are in lower case, without white space. Each is read when it is
// wanted.
func (x Index) Search(words []string) iter.Seq[Found] {
	return func(yield func(Found) bool) {
		_, summaries, _ := bytes.Cut(x.summaries, []byte("\n")) // the bracket
		for text := range bytes.Lines(x.texts) {
			var line []byte
			line, summaries, _ = bytes.Cut(summaries, []byte("\n"))
			if containsAll(text, words) && !yield(Found(bytes.TrimSuffix(line, []byte(",")))) {
				return
			}
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

// Found is an operation that was found, not yet read.
type Found []byte

// Summary reads it.
func (f Found) Summary() (s model.Summary, err error) {
	err = json.Unmarshal(f, &s, lenient)
	return s, decoded(err)
}

// All reads the operations of the index.
func (x Index) All() (all []model.Summary, err error) {
	err = json.Unmarshal(x.summaries, &all, lenient)
	return all, decoded(err)
}
