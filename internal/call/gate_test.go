package call_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/internal/call"
)

// A busyAPI counts who asks it, and is busy until a time.
type busyAPI struct {
	mu    sync.Mutex
	asked []time.Duration // since it began
	began time.Time
	// answers tells the status and Retry-After of the n-th request.
	answers func(n int, since time.Duration) (status int, after string)
	takes   time.Duration
}

func (b *busyAPI) ask(ctx context.Context, gates *call.Gates, wait time.Duration) (status int, waits []time.Duration, err error) {
	errand := call.Errand{
		Wait: wait, Gate: gates.Of("desk"), Usable: func() bool { return true }, Repeatable: func() bool { return true },
		Waits: func(w call.Waiting) { waits = append(waits, w.For.Round(time.Second)) },
	}
	answer, _, err := call.Patiently(ctx, errand, func() (*call.Answer, error) {
		b.mu.Lock()
		n, since := len(b.asked), time.Since(b.began)
		b.asked = append(b.asked, since)
		status, after := b.answers(n, since)
		b.mu.Unlock()
		time.Sleep(b.takes)
		if status == 0 {
			return nil, errors.New("lost")
		}
		return &call.Answer{URL: "https://api.example/x", Status: status, Header: http.Header{"Retry-After": {after}}}, nil
	})
	if err != nil {
		return 0, waits, err
	}
	return answer.Status, waits, nil
}

// together asks n times at once, and returns how long the last one took.
func (b *busyAPI) together(t *testing.T, n int, gates *call.Gates, wait time.Duration) time.Duration {
	t.Helper()
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			if status, _, err := b.ask(t.Context(), gates, wait); err != nil || status != 200 {
				t.Errorf("status %d, %v", status, err)
			}
		})
	}
	all.Wait()
	return time.Since(b.began)
}

// TestOneIsToldForAll: twenty ask side by side. Those under way hear that the API is busy; after the pause one goes to see, as often as
// it takes, and the others follow when it has been answered.
func TestOneIsToldForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gates := call.NewGates()
		b := &busyAPI{began: time.Now(), takes: 100 * time.Millisecond, answers: func(n int, since time.Duration) (int, string) {
			if since < 35*time.Second {
				return 429, "10"
			}
			return 200, ""
		}}
		first := make(chan struct{})
		go func() {
			defer close(first)
			b.ask(t.Context(), gates, time.Minute)
		}()
		time.Sleep(time.Second) // the first one knows by now
		took := b.together(t, 19, gates, time.Minute)
		<-first
		// Four find out that it is busy, one sees that it is not, and the others go.
		if busy := 4; len(b.asked) != busy+20 || took > 41*time.Second {
			t.Errorf("asked %d times in %s: %v", len(b.asked), took, b.asked)
		}
	})
}

func TestWhoGoesToSeeMayBeLost(t *testing.T) {
	for name, c := range map[string]struct {
		second int           // what whoever goes to see first gets
		takes  time.Duration // for any answer
		most   time.Duration
	}{
		"it gets no answer":       {second: 0, takes: 0, most: 10 * time.Second},
		"it is slow":              {second: 200, takes: time.Minute, most: 3*time.Minute + 15*time.Second},
		"another error is a life": {second: 200, takes: 0, most: 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gates := call.NewGates()
				b := &busyAPI{began: time.Now(), takes: c.takes, answers: func(n int, _ time.Duration) (int, string) {
					switch n {
					case 0:
						return 503, "10"
					case 1:
						return c.second, ""
					}
					return 200, ""
				}}
				var all sync.WaitGroup
				lost := 0
				var mu sync.Mutex
				for i := range 3 {
					all.Go(func() {
						time.Sleep(time.Duration(i) * time.Second)
						if status, _, err := b.ask(t.Context(), gates, 10*time.Minute); err != nil || status != 200 {
							mu.Lock()
							lost++
							mu.Unlock()
						}
					})
				}
				all.Wait()
				want := 0
				if c.second == 0 {
					want = 1
				}
				if took := time.Since(b.began); took > c.most || lost != want {
					t.Errorf("it took %s, and %d were lost", took, lost)
				}
			})
		})
	}
}

// TestGateIsForThoseWhoWait: who does not wait, or not for so long, hears from the API itself.
func TestGateIsForThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gates := call.NewGates()
		b := &busyAPI{began: time.Now(), answers: func(n int, _ time.Duration) (int, string) { return 429, "3600" }}
		for _, wait := range []time.Duration{time.Minute, 0, 2 * time.Minute} {
			if status, waits, err := b.ask(t.Context(), gates, wait); status != 429 || len(waits) > 0 || err != nil {
				t.Errorf("%s: %d, waited %v, %v", wait, status, waits, err)
			}
		}
		if len(b.asked) != 3 || time.Since(b.began) != 0 {
			t.Errorf("asked %v", b.asked)
		}
		b.answers = func(int, time.Duration) (int, string) { return 200, "" }
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, waits, err := b.ask(ctx, gates, 2*time.Hour); !errors.Is(err, context.DeadlineExceeded) || fmt.Sprint(waits) != "[1h0m0s]" {
			t.Errorf("waited %v, %v", waits, err)
		}
		if status, _, err := b.ask(t.Context(), gates, 2*time.Hour); status != 200 || err != nil || time.Since(b.began) != time.Hour {
			t.Errorf("%d after %s, %v", status, time.Since(b.began), err)
		}
	})
}
