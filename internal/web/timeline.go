package web

import (
	"fmt"
	"math"
	"strings"
	"time"

	"carnet.dev/carnet/api"
)

// A timeline is the life of a token as a picture: when tokens lived, when they were got, and what failed.
type timeline struct {
	From, To time.Time
	Now      float64 // across, like all places here
	Lives    []span
	Ahead    *span // until the token expires
	Renews   float64
	Marks    []mark
	Ticks    []tick
	Text     string // the same, in words
}

// A span is a time in which a token lived.
type span struct{ X, Width float64 }

// A mark is something that happened at a moment.
type mark struct {
	X      float64
	Kind   string // good, bad, warned
	Title  string
	Failed bool
}

// A tick is a place on the axis.
type tick struct {
	X     float64
	Label string
}

// Size of the picture, in its own units.
const (
	timelineWidth = 640
	timelineFrom  = 12
)

// Empty reports whether there is nothing to draw.
func (t timeline) Empty() bool { return len(t.Marks) == 0 && len(t.Lives) == 0 && t.Ahead == nil }

// newTimeline draws what is known: the exchanges with the token endpoint, and the token that there is.
func newTimeline(token api.Token, history []api.Exchange, now time.Time) (t timeline) {
	t.From, t.To = now.Add(-time.Minute), now.Add(time.Minute)
	for _, e := range history {
		if e.At.Before(t.From) {
			t.From = e.At
		}
	}
	if token.CreatedAt != nil && token.CreatedAt.Before(t.From) {
		t.From = *token.CreatedAt
	}
	if token.ExpiresAt != nil && token.ExpiresAt.After(t.To) {
		t.To = *token.ExpiresAt
	}
	if most := now.Sub(t.From); t.To.Sub(now) > 2*most { // a token that lives for days leaves room for what was
		t.To = now.Add(2 * most)
	}
	t.Now = t.at(now)
	t.draw(token, history, now)
	t.ticks()
	return t
}

// at is where a moment is.
func (t timeline) at(m time.Time) float64 {
	x := float64(m.Sub(t.From)) / float64(t.To.Sub(t.From))
	return tenths(timelineFrom + (timelineWidth-2*timelineFrom)*max(0, min(1, x)))
}

// tenths is as exact as anybody can see.
func tenths(x float64) float64 { return math.Round(10*x) / 10 }

func (t timeline) span(from, to time.Time) span {
	x := t.at(from)
	return span{x, max(1, tenths(t.at(to)-x))}
}

// draw puts the exchanges and the lives that they began into the picture. A life ends with the next one, or with its token.
func (t *timeline) draw(token api.Token, history []api.Exchange, now time.Time) {
	var words []string
	var since, until time.Time // of the token that came last, as far as is known
	for _, e := range history {
		failed := e.Code != "" || e.Status >= 400 || e.Status == 0 && e.Method != ""
		m := mark{X: t.at(e.At), Kind: "good", Failed: failed, Title: title(e)}
		switch {
		case e.Purpose == "refused":
			m.Kind = "warned"
		case failed:
			m.Kind = "bad"
		case e.Purpose == "token" || e.Purpose == "refresh" || !e.Expires.IsZero():
			if !since.IsZero() {
				t.Lives = append(t.Lives, t.span(since, earlier(until, e.At)))
			}
			since, until = e.At, e.Expires
		}
		t.Marks = append(t.Marks, m)
		words = append(words, m.Title)
	}
	if !token.AccessToken && !since.IsZero() { // it was cleared
		t.Lives = append(t.Lives, t.span(since, earlier(until, now)))
	}
	if token.AccessToken && token.CreatedAt != nil {
		if since.IsZero() || token.CreatedAt.After(since) {
			since = *token.CreatedAt
		}
		t.current(token, since, now)
	}
	t.Text = strings.Join(words, "; ")
}

// current is the token that there is: what it has lived, and what is ahead of it.
func (t *timeline) current(token api.Token, since, now time.Time) {
	if token.ExpiresAt == nil || token.ExpiresAt.After(now) {
		t.Lives = append(t.Lives, t.span(since, now))
		if token.ExpiresAt != nil {
			ahead := t.span(now, *token.ExpiresAt)
			t.Ahead = &ahead
		}
		if token.RenewsAt != nil && token.RenewsAt.After(now) && token.RenewsAt.Before(t.To) {
			t.Renews = t.at(*token.RenewsAt)
		}
		return
	}
	t.Lives = append(t.Lives, t.span(since, *token.ExpiresAt))
}

// earlier is the moment at which a token ended: when it expired, if that is known, or else when the next one came.
func earlier(expired, next time.Time) time.Time {
	if !expired.IsZero() && expired.Before(next) {
		return expired
	}
	return next
}

func title(e api.Exchange) string {
	text := e.At.UTC().Format("15:04:05") + " " + e.Purpose + ": " + e.Outcome
	if e.Status != 0 {
		text += fmt.Sprintf(" (%d)", e.Status)
	}
	return text
}

// ticks puts times under the axis, at most six.
func (t *timeline) ticks() {
	steps := []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}
	whole := t.To.Sub(t.From)
	step := steps[len(steps)-1]
	for _, s := range steps {
		if whole/s <= 6 {
			step = s
			break
		}
	}
	for whole/step > 6 {
		step *= 2
	}
	format := "15:04"
	switch {
	case step < time.Minute:
		format = "15:04:05"
	case step >= 24*time.Hour:
		format = "2 Jan"
	}
	for m := t.From.UTC().Truncate(step).Add(step); m.Before(t.To); m = m.Add(step) {
		t.Ticks = append(t.Ticks, tick{t.at(m), m.Format(format)})
	}
}
