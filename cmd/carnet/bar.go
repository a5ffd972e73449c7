package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"carnet.dev/carnet/internal/store"
)

// A bar shows how far a walk over records has come: on a terminal as a line that is drawn over, elsewhere not at all.
type bar struct {
	*stage
	verb  string
	drawn time.Time
}

func newBar(out io.Writer, verb string) *bar { return &bar{stage: newStage(out), verb: verb} }

// show draws the line, ten times a second at most, but for the last one of a kind.
func (b *bar) show(p store.Progress) {
	if !b.live || p.Done < p.Total && time.Since(b.drawn) < 100*time.Millisecond {
		return
	}
	b.drawn = time.Now()
	const width = 30
	full := width * p.Done / max(p.Total, 1)
	fmt.Fprintf(b.out, "%s%s %-12s [%s%s] %d of %d", clear, b.verb, p.Kind, strings.Repeat("#", full), strings.Repeat(".", width-full), p.Done, p.Total)
}

// done removes the line.
func (b *bar) done() {
	if b.live {
		fmt.Fprint(b.out, clear)
	}
}
