package store

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/zstd"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
)

// A part is a piece of a model, before compression.
type part struct {
	id     string
	body   []byte
	packed bool // it is compressed already
}

// cut makes the parts of a document and hands each on as soon as it is made.
func cut(d *model.Document, emit func(part) error) error {
	var b buckets
	digest := d.Model.Digest
	index, err := indexOf(d.Operations)
	if err != nil {
		return err
	}
	if err := emit(part{id: digest + "/index", body: index, packed: true}); err != nil {
		return err
	}
	for at := 0; at < len(d.JSON); at += pieceSize {
		piece := part{id: digest + "/document/" + strconv.Itoa(b.Document), body: d.JSON[at:min(at+pieceSize, len(d.JSON))]}
		if err := emit(piece); err != nil {
			return err
		}
		b.Document++
	}
	// The document is as large as its schemas and operations together, or larger.
	b.Operations = min(len(d.JSON)/2/bucketSize, len(d.Operations)) + 1
	b.Schemas = min(len(d.JSON)/2/bucketSize, len(d.Schemas)) + 1
	if err := fill(values{digest + "/operation/", b.Operations, len(d.Operations),
		func(i int) string { return d.Operations[i].ID },
		func(e *jsontext.Encoder, i int) error {
			return json.MarshalEncode(e, &d.Operations[i], json.Deterministic(true))
		},
	}, emit); err != nil {
		return err
	}
	if err := fill(values{digest + "/schema/", b.Schemas, len(d.Schemas),
		func(i int) string { return d.Schemas[i].Ref },
		func(e *jsontext.Encoder, i int) error { return e.WriteValue(d.Schemas[i].Value) },
	}, emit); err != nil {
		return err
	}
	head, err := json.Marshal(b)
	if err != nil {
		return fault.Wrap(fault.Internal, err, "the head of the parts can't be encoded")
	}
	return emit(part{id: digest + "/buckets", body: head})
}

// values are what fill writes into buckets.
type values struct {
	prefix  string // of the parts' ids
	buckets int
	count   int
	name    func(int) string
	write   func(*jsontext.Encoder, int) error
}

// fill writes named values into buckets, each a JSON object with a line for each member, and hands each on when it is full.
func fill(v values, emit func(part) error) error {
	in := make([][]int, v.buckets)
	for i := range v.count {
		b := bucket(v.name(i), v.buckets)
		in[b] = append(in[b], i)
	}
	var text, value bytes.Buffer
	var e jsontext.Encoder
	for b, members := range in {
		text.Reset()
		text.WriteByte('{')
		for n, i := range members {
			if n > 0 {
				text.WriteByte(',')
			}
			value.Reset()
			e.Reset(&value, lenient)
			if err := v.write(&e, i); err != nil {
				return fault.Wrap(fault.Internal, err, "%q can't be encoded", v.name(i))
			}
			text.WriteByte('\n')
			text.Write(quoted(v.name(i)))
			text.WriteByte(':')
			text.Write(bytes.TrimSuffix(value.Bytes(), []byte("\n"))) // which the encoder ends a text with; there is none within
		}
		text.WriteString("\n}")
		if err := emit(part{id: v.prefix + strconv.Itoa(b), body: bytes.Clone(text.Bytes())}); err != nil {
			return err
		}
	}
	return nil
}

// quoted is a name as a bucket has it.
func quoted(name string) []byte {
	text, _ := jsontext.AppendQuote(nil, name) // what is no UTF-8 is replaced
	return text
}

// pick finds the named members of a bucket by the lines that they stand on. What stands on the others, most of it, is not read.
func pick(bucket []byte, names map[string]bool, found map[string]jsontext.Value) error {
	wanted := make(map[string]string, len(names))
	for name := range names {
		wanted[string(quoted(name))] = name
	}
	for line := range bytes.Lines(bucket) {
		end := nameEnd(line)
		name, ok := wanted[string(line[:end])]
		if !ok {
			continue
		}
		value := jsontext.Value(bytes.TrimSuffix(bytes.TrimSuffix(line[end+1:], []byte("\n")), []byte(",")))
		if !value.IsValid(lenient) {
			return decoded(fmt.Errorf("the value of %q is not JSON", name))
		}
		found[name] = bytes.Clone(value)
		if delete(wanted, string(line[:end])); len(wanted) == 0 {
			return nil
		}
	}
	return nil
}

// nameEnd is where the name ends that a line of a bucket begins with; 0 if it begins with none.
func nameEnd(line []byte) int {
	if line[0] != '"' {
		return 0
	}
	for at := 1; ; at++ {
		switch n := bytes.IndexAny(line[at:], `"\`); {
		case n < 0 || at+n+1 >= len(line):
			return 0
		case line[at+n] == '"':
			return at + n + 1
		default: // an escape, and what is escaped
			at += n + 1
		}
	}
}

// members counts the members of a bucket, and fails if it is damaged.
func members(bucket []byte) (n int, err error) {
	d := jsontext.NewDecoder(bytes.NewReader(bucket), lenient)
	if _, err := d.ReadToken(); err != nil {
		return 0, decoded(err)
	}
	for ; d.PeekKind() == '"'; n++ {
		if err := d.SkipValue(); err != nil {
			return n, decoded(err)
		}
		if err := d.SkipValue(); err != nil {
			return n, decoded(err)
		}
	}
	_, err = d.ReadToken() // the end
	return n, decoded(err)
}

// The coders are made when they are needed first: a command that reads no model does without.
var (
	encoder = sync.OnceValues(func() (*zstd.Encoder, error) {
		return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
			zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
	})
	decoder = sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(64<<20))
	})
)

func compress(data []byte) ([]byte, error) {
	e, err := encoder()
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "a part of the model can't be compressed")
	}
	return e.EncodeAll(data, nil), nil
}

func decompress(data []byte) ([]byte, error) { return decompressInto(nil, data) }

// decompressInto appends to a buffer: memory that is touched first costs more than the rest of it.
func decompressInto(buffer, data []byte) ([]byte, error) {
	d, err := decoder()
	if err != nil {
		return nil, decoded(err)
	}
	text, err := d.DecodeAll(data, buffer)
	return text, decoded(err)
}
