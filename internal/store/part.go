package store

import (
	"bytes"
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
	id   string
	body []byte
}

// cut makes the parts of a document and hands each on as soon as it is made.
func cut(d *model.Document, emit func(part) error) error {
	var b buckets
	digest := d.Model.Digest
	summaries := make([]model.Summary, len(d.Operations))
	for i, op := range d.Operations {
		summaries[i] = op.Summary
	}
	index, err := json.Marshal(summaries, lenient)
	if err != nil {
		return fault.Wrap(fault.Internal, err, "the index of operations can't be encoded")
	}
	if err := emit(part{digest + "/index", index}); err != nil {
		return err
	}
	for at := 0; at < len(d.JSON); at += pieceSize {
		piece := part{digest + "/document/" + strconv.Itoa(b.Document), d.JSON[at:min(at+pieceSize, len(d.JSON))]}
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
	return emit(part{digest + "/buckets", head})
}

// values are what fill writes into buckets.
type values struct {
	prefix  string // of the parts' ids
	buckets int
	count   int
	name    func(int) string
	write   func(*jsontext.Encoder, int) error
}

// fill writes named values into buckets, each a JSON object, and hands each on when it is full.
func fill(v values, emit func(part) error) error {
	in := make([][]int, v.buckets)
	for i := range v.count {
		b := bucket(v.name(i), v.buckets)
		in[b] = append(in[b], i)
	}
	var text bytes.Buffer
	for b, members := range in {
		text.Reset()
		e := jsontext.NewEncoder(&text, lenient)
		e.WriteToken(jsontext.BeginObject)
		for _, i := range members {
			e.WriteToken(jsontext.String(v.name(i)))
			if err := v.write(e, i); err != nil {
				return fault.Wrap(fault.Internal, err, "%q can't be encoded", v.name(i))
			}
		}
		if err := e.WriteToken(jsontext.EndObject); err != nil {
			return fault.Wrap(fault.Internal, err, "a bucket can't be encoded")
		}
		if err := emit(part{v.prefix + strconv.Itoa(b), bytes.Clone(text.Bytes())}); err != nil {
			return err
		}
	}
	return nil
}

// pick finds the named members of a bucket.
func pick(bucket []byte, names map[string]bool, found map[string]jsontext.Value) error {
	d := jsontext.NewDecoder(bytes.NewReader(bucket), lenient)
	if _, err := d.ReadToken(); err != nil {
		return decoded(err)
	}
	for missing := len(names); missing > 0 && d.PeekKind() == '"'; {
		t, err := d.ReadToken()
		if err != nil {
			return decoded(err)
		}
		name := t.String()
		if !names[name] {
			if err := d.SkipValue(); err != nil {
				return decoded(err)
			}
			continue
		}
		v, err := d.ReadValue()
		if err != nil {
			return decoded(err)
		}
		found[name] = bytes.Clone(v)
		missing--
	}
	return nil
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

func decompress(data []byte) ([]byte, error) {
	d, err := decoder()
	if err != nil {
		return nil, decoded(err)
	}
	text, err := d.DecodeAll(data, nil)
	return text, decoded(err)
}
