package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"carnet.dev/carnet/api"
)

// A bar shows on a terminal how far a list has come, and elsewhere nothing.
type bar struct {
	*ticker
	began time.Time
	total int // 0: not known

	mu          sync.Mutex
	run, failed int
	pause       pause
	said        string // in place of how fast it is
}

func newBar(w io.Writer, live bool, total int) *bar {
	b := &bar{began: time.Now(), total: total}
	b.ticker = newTicker(w, live, b.text)
	return b
}

// step is that some lines are done.
func (b *bar) step(run, failed int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.run, b.failed = run, failed
}

// note says something until the end.
func (b *bar) note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.said = text
}

// waits hears of pauses; nil if nobody looks.
func (b *bar) waits() func(api.Waiting) {
	if b.ticker == nil {
		return nil
	}
	return func(w api.Waiting) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.pause = pauseOf(w)
	}
}

func (b *bar) text(now time.Time) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := lines(b.run)
	if b.total > 0 {
		const width = 20
		full := min(width*b.run/b.total, width)
		text = fmt.Sprintf("[%s%s] %d of %d", strings.Repeat("#", full), strings.Repeat(".", width-full), b.run, b.total)
	}
	if b.failed > 0 {
		text += fmt.Sprintf(", %d failed", b.failed)
	}
	took := now.Sub(b.began)
	switch waits := b.pause.text(now); {
	case b.said != "":
		text += ", " + b.said
	case waits != "":
		text += ", " + waits
	case b.run > 0 && took > time.Second:
		text += fmt.Sprintf(", %.1f a second", float64(b.run)/took.Seconds())
		if left := b.total - b.run; left > 0 {
			text += ", " + spell(time.Duration(float64(took)/float64(b.run)*float64(left))) + " left"
		}
	}
	return text
}
