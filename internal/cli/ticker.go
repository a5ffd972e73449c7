package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"carnet.dev/carnet/api"
)

// A ticker is a line on a terminal that is drawn over while time passes. The nil ticker shows nothing.
type ticker struct {
	w    io.Writer
	text func(now time.Time) string // what to show; "": nothing

	mu    sync.Mutex
	shown string
	quit  chan struct{}
	over  chan struct{}
}

// redraw is how often a ticker is drawn: what moves should look as if it did.
const redraw = 200 * time.Millisecond

// newTicker returns a ticker that has to be stopped; nil if nobody looks.
func newTicker(w io.Writer, live bool, text func(now time.Time) string) *ticker {
	if !live {
		return nil
	}
	t := &ticker{w: w, text: text, quit: make(chan struct{}), over: make(chan struct{})}
	go func() {
		defer close(t.over)
		tick := time.NewTicker(redraw)
		defer tick.Stop()
		for {
			select {
			case now := <-tick.C:
				t.draw(t.text(now))
			case <-t.quit:
				t.draw("")
				return
			}
		}
	}()
	return t
}

// draw shows a text in place of the one before. It has to fit into a line, or it could not be drawn over.
func (t *ticker) draw(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if text = short(text, 79); text == t.shown {
		return
	}
	t.shown = text
	fmt.Fprint(t.w, "\r\x1b[K") // ECMA-48: erase to the end of the line
	fmt.Fprint(printable{t.w}, text)
}

// clear makes room for what is printed beside it.
func (t *ticker) clear() {
	if t != nil {
		t.draw("")
	}
}

// stop removes the line. It may be called again.
func (t *ticker) stop() {
	if t == nil {
		return
	}
	select {
	case <-t.over:
	case t.quit <- struct{}{}:
		<-t.over
	}
}

// A pause is what is being waited for.
type pause struct {
	api.Waiting
	until time.Time
}

func pauseOf(w api.Waiting) pause {
	return pause{w, time.Now().Add(time.Duration(w.Seconds * float64(time.Second)))}
}

// text is the pause as people are told of it; "" if it is over.
func (p pause) text(now time.Time) string {
	left := p.until.Sub(now)
	if left <= 0 {
		return ""
	}
	why := "no answer"
	if p.Status != 0 {
		why = fmt.Sprint(p.Status)
	}
	return fmt.Sprintf("waits %s for %s (%s)", spell(left), p.Host, why)
}

// spell is how long something takes, to the second.
func spell(d time.Duration) string {
	switch s := int((d + time.Second - 1) / time.Second); {
	case s < 120:
		return fmt.Sprintf("%d s", s)
	case s < 2*3600:
		return fmt.Sprintf("%d min %02d s", s/60, s%60)
	default:
		return fmt.Sprintf("%d h %02d min", s/3600, s/60%60)
	}
}

// waits shows that a task waits, until ended is called. Where nobody looks, tell is nil.
func (p *program) waits() (tell func(api.Waiting), ended func()) {
	if !p.Live {
		return nil, func() {}
	}
	var mu sync.Mutex
	var now pause
	t := newTicker(p.Stderr, true, func(at time.Time) string {
		mu.Lock()
		defer mu.Unlock()
		return now.text(at)
	})
	return func(w api.Waiting) {
		mu.Lock()
		defer mu.Unlock()
		now = pauseOf(w)
	}, t.stop
}
