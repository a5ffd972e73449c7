package store

import (
	"bytes"
	"context"
	"iter"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
)

// AllOperations walks over the operations of a model, in no order that means anything. No more than a bucket of them is in memory.
func (s *Store) AllOperations(ctx context.Context, m *model.Model) iter.Seq2[model.Operation, error] {
	return func(yield func(model.Operation, error) bool) {
		for v, err := range s.named(ctx, m, "/operation/", func(b buckets) int { return b.Operations }) {
			var op model.Operation
			if err == nil {
				err = decoded(json.Unmarshal(v.Value, &op, lenient))
			}
			if !yield(op, err) {
				return
			}
		}
	}
}

// AllSchemas walks over the schemas of a model, in no order that means anything. No more than a bucket of them is in memory.
func (s *Store) AllSchemas(ctx context.Context, m *model.Model) iter.Seq2[model.NamedSchema, error] {
	return s.named(ctx, m, "/schema/", func(b buckets) int { return b.Schemas })
}

// named walks over the named values of a kind, bucket by bucket.
func (s *Store) named(ctx context.Context, m *model.Model, kind string, count func(buckets) int) iter.Seq2[model.NamedSchema, error] {
	return func(yield func(model.NamedSchema, error) bool) {
		b, err := s.buckets(ctx, m)
		if err != nil {
			yield(model.NamedSchema{}, err)
			return
		}
		for n := range count(b) {
			bucket, err := s.part(ctx, m.Digest+kind+strconv.Itoa(n))
			if err != nil {
				yield(model.NamedSchema{}, err)
				return
			}
			for v, err := range in(bucket) {
				if !yield(v, err) || err != nil {
					return
				}
			}
		}
	}
}

// in walks over the members of a bucket.
func in(bucket []byte) iter.Seq2[model.NamedSchema, error] {
	return func(yield func(model.NamedSchema, error) bool) {
		d := jsontext.NewDecoder(bytes.NewReader(bucket), lenient)
		_, err := d.ReadToken()
		for err == nil && d.PeekKind() == '"' {
			var v model.NamedSchema
			var name jsontext.Token
			if name, err = d.ReadToken(); err != nil {
				break
			}
			v.Ref = name.String()
			if v.Value, err = d.ReadValue(); err == nil {
				v.Value = v.Value.Clone()
				if !yield(v, nil) {
					return
				}
			}
		}
		if err == nil {
			_, err = d.ReadToken() // the end
		}
		if err != nil {
			yield(model.NamedSchema{}, decoded(err))
		}
	}
}
