package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/mem"
	"carnet.dev/carnet/internal/token"
)

// holding compares getting a live token from memory, by one caller and by many at once.
func holding(workshop) ([]row, error) {
	keys, err := seal.NewKeyring()
	if err != nil {
		return nil, err
	}
	s, err := store.Open(context.Background(), mem.New().Open(), keys)
	if err != nil {
		return nil, err
	}
	keeper := token.NewKeeper(s.Tokens, token.Options{})
	subject := &token.Subject{ID: "bench/oauth", CanGrant: true, Source: endpoint{}}
	source := oauth2.ReuseTokenSource(nil, library{})
	ctx := context.Background()
	ours := func() error { _, err := keeper.Token(ctx, subject); return err }
	theirs := func() error { _, err := source.Token(); return err }
	alone, together := turns(ours, theirs, one), turns(ours, theirs, many)
	return []row{
		alone.row("a live token from memory, one caller, against golang.org/x/oauth2", "100 ns"),
		together.row("the same, as many callers as there are processors", "1"),
		{"allocations for a live token", fmt.Sprint(alone.ours.AllocsPerOp()), fmt.Sprint(alone.theirs.AllocsPerOp()), "", "0"},
	}, keeper.Close(ctx)
}

type sides struct{ ours, theirs testing.BenchmarkResult }

func (s sides) row(what, promise string) row {
	return row{what, nanos(s.ours), nanos(s.theirs), ratio(perOp(s.ours), perOp(s.theirs)), promise}
}

// perOp is what one call takes, in picoseconds: nanoseconds are too coarse to divide.
func perOp(r testing.BenchmarkResult) time.Duration {
	return time.Duration(r.T.Nanoseconds() * 1000 / int64(r.N))
}

func nanos(r testing.BenchmarkResult) string { return fmt.Sprintf("%.1f ns", float64(perOp(r))/1000) }

// turns measures two sides in turn, and returns the best of each.
func turns(ours, theirs func() error, measure func(func() error) testing.BenchmarkResult) (best sides) {
	for i := range 5 {
		a, b := measure(ours), measure(theirs)
		if i == 0 || perOp(a) < perOp(best.ours) {
			best.ours = a
		}
		if i == 0 || perOp(b) < perOp(best.theirs) {
			best.theirs = b
		}
	}
	return best
}

func one(call func() error) testing.BenchmarkResult {
	return testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := call(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func many(call func() error) testing.BenchmarkResult {
	return testing.Benchmark(func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

// endpoint gives a token that lives long.
type endpoint struct{}

func (endpoint) Ask(context.Context, token.Ask) (token.Answer, error) {
	now := time.Now()
	return token.Answer{Token: token.Token{AccessToken: seal.NewSecret("t"), CreatedAt: now, ExpiresAt: now.Add(time.Hour)}}, nil
}

type library struct{}

func (library) Token() (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: "t", Expiry: time.Now().Add(time.Hour)}, nil
}
