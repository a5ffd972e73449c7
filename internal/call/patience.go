package call

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/outbound"
)

// Unanswered is that a request got no answer, and why.
type Unanswered struct {
	Reason outbound.Reason
	Host   string // that did not answer
	error
}

// Unwrap returns the fault.
func (u *Unanswered) Unwrap() error { return u.error }

// passing are the reasons that may be gone in a moment.
func (u *Unanswered) passing() bool {
	switch u.Reason {
	case outbound.Refused, outbound.Closed, outbound.Unreachable, outbound.NotResolved, outbound.TimedOut:
		return true
	}
	return false
}

// Repeatable reports whether a request may be sent again without knowing what became of the first: its method is idempotent (RFC
// 9110 9.2.2), or it has a key by which the service tells that it is the same (draft-ietf-httpapi-idempotency-key-header).
func Repeatable(op *model.Operation, a Arguments) bool {
	switch op.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	given := func(name string) bool {
		name = strings.TrimPrefix(strings.ToLower(name), "header.")
		return name == "idempotency-key" || name == "x-idempotency-key"
	}
	for name, value := range a.Parameters {
		if given(name) && len(value) > 0 && value.Kind() != 'n' && string(value) != `""` {
			return true
		}
	}
	for _, t := range a.Typed {
		if given(t.Parameter) && (t.Text != "" || t.Value != nil) {
			return true
		}
	}
	return false
}

// A Waiting is that a request has to wait before it is sent, again or at all.
type Waiting struct {
	For    time.Duration
	Host   string // that is waited for
	Status int    // that it answered with; 0: it did not answer
}

// An Errand is a request that may be sent several times.
type Errand struct {
	Wait time.Duration // for an API that is busy
	Gate *Gate         // where others wait for the same API; nil: nobody does
	// Usable tells, after a try, whether another can be made.
	Usable func() bool
	// Repeatable tells whether one may be made that nobody knows the first of to have failed.
	Repeatable func() bool
	// Waits hears of every pause as it begins; it may be nil.
	Waits func(Waiting)
}

// Patiently tries, and again after what passes: within the errand's time, an API that is busy; and an answer that did not come, if the
// request may be sent again. asked is how long the API wanted its last answer's reader to wait, if that is too long; else 0.
func Patiently(ctx context.Context, e Errand, try func() (*Answer, error)) (answer *Answer, asked time.Duration, err error) {
	if e.Waits == nil {
		e.Waits = func(Waiting) {}
	}
	if e.Gate == nil || e.Wait == 0 { // who does not wait does not wait for what others were told
		e.Gate = &Gate{}
	}
	end := time.Now().Add(e.Wait)
	for tries := 1; ; tries++ {
		if err := e.Gate.enter(ctx, end, e.Waits); err != nil {
			return nil, 0, err
		}
		answer, err = try()
		next := e.after(answer, err, tries, end)
		e.Gate.leave(next.busy, err == nil, next.why)
		if !next.again {
			return answer, next.asked, err
		}
		answer.Close()
		if next.busy > 0 && e.Gate.gates != nil {
			continue // the gate waits
		}
		e.Waits(next.why)
		if !pass(ctx, next.why.For) {
			return nil, 0, ctx.Err()
		}
	}
}

// pass lets time pass, and reports whether it did.
func pass(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// A step is what follows from a try.
type step struct {
	again bool          // another one, after the pause of why
	why   Waiting       // what for
	busy  time.Duration // for how long the API wants to be left alone
	asked time.Duration // the same, if that is too long for this errand
}

// after decides what follows from a try.
func (e Errand) after(answer *Answer, err error, tries int, end time.Time) (next step) {
	now, usable := time.Now(), e.Usable()
	p := Patience{Tries: tries, Jitter: rand.Float64(), Wait: max(end.Sub(now), 0)}
	p.Repeatable = usable && e.Repeatable()
	if err == nil {
		next.busy, next.again = p.AfterAnswer(answer, now)
		next.why = Waiting{For: next.busy, Host: answer.host(), Status: answer.Status}
	} else if u, ok := errors.AsType[*Unanswered](err); ok {
		next.why.Host = u.Host
		next.why.For, next.again = p.AfterFailure(u)
	}
	if !usable || e.Wait > 0 && p.Wait == 0 { // it can't be sent again, or the time is over
		next.again = false
		return next
	}
	if !next.again && e.Wait > 0 {
		next.asked = next.busy
	}
	return next
}

// Patience decides how long to wait before a request is sent again.
type Patience struct {
	Repeatable bool          // see [Repeatable]
	Wait       time.Duration // that is left; 0: nobody wants to wait
	Tries      int           // that were made
	Jitter     float64       // from 0 to 1
}

const (
	quickRetries = 2 // of a request that got no answer, where nobody said how long to wait
	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second
)

// AfterAnswer is for an answer: 429 and 503 are waited for as long as they say (RFC 9110 10.2.3, RFC 6585 4), or else a little longer
// each time. A 503 that does not say so may have done something, and a request that may not be repeated is not. again is false, too,
// if there is not so much time; pause tells how long it would have been.
func (p Patience) AfterAnswer(a *Answer, now time.Time) (pause time.Duration, again bool) {
	if a.Status != http.StatusTooManyRequests && a.Status != http.StatusServiceUnavailable {
		return 0, false
	}
	pause, told := retryAfter(a.Header.Get("Retry-After"), now)
	if !told {
		if a.Status == http.StatusServiceUnavailable && !p.Repeatable {
			return 0, false
		}
		pause = p.backOff()
	}
	return pause, p.Wait > 0 && pause <= p.Wait
}

// AfterFailure is for a request that got no answer.
func (p Patience) AfterFailure(u *Unanswered) (pause time.Duration, again bool) {
	if !p.Repeatable || !u.passing() {
		return 0, false
	}
	pause = p.backOff()
	if p.Wait > 0 {
		return pause, pause <= p.Wait
	}
	return pause, p.Tries <= quickRetries && u.Reason != outbound.TimedOut
}

// backOff doubles with every try; jitter takes off up to half.
func (p Patience) backOff() time.Duration {
	pause := longestPause
	if n := max(p.Tries, 1) - 1; n < 6 {
		pause = min(firstPause<<n, longestPause)
	}
	return pause - time.Duration(p.Jitter*float64(pause)/2)
}

// retryAfter reads the header: seconds, or a date (RFC 9110 10.2.3).
func retryAfter(text string, now time.Time) (pause time.Duration, told bool) {
	text = strings.TrimSpace(text)
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 && seconds < 1e9 {
		return time.Duration(seconds * float64(time.Second)), true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0), true
	}
	return 0, false
}
