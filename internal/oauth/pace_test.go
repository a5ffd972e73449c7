package oauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/token"
)

// strict is a token endpoint that allows one request in every span of time, and says 429 to more.
type strict struct {
	mu       sync.Mutex
	every    time.Duration
	retry    int // seconds to say in Retry-After; 0: say nothing
	last     time.Time
	answered int
	refused  int
}

func (s *strict) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := httptest.NewRecorder()
	if now := time.Now(); now.Sub(s.last) < s.every {
		s.refused++
		if s.retry > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(s.retry))
		}
		w.WriteHeader(http.StatusTooManyRequests)
	} else {
		s.last = now
		s.answered++
		fmt.Fprintf(w, `{"access_token": "token-%d"}`, s.answered)
	}
	answer := w.Result()
	answer.Request = r
	return answer, nil
}

// Failure mode 38: many integrations share one token host, and its back-off.
func TestAHostThatAllowsOneRequestASecondIsNotStormed(t *testing.T) {
	for _, retry := range []int{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			host, pace := &strict{every: time.Second, retry: retry}, oauth.NewPace()
			client := &http.Client{Transport: host}
			var group sync.WaitGroup
			for range 30 { // integrations whose tokens expire together, each of which comes again as a keeper would
				group.Go(func() {
					source := oauth.New(client, pace, oauth.NewMetadata(), config("http://provider.example"))
					for pause := time.Second; ; {
						_, err := source.Ask(t.Context(), token.Ask{})
						if err == nil {
							return
						}
						ask, ok := err.(*token.AskError)
						if !ok || ask.Permanent || !fault.Is(ask.Err, fault.Unavailable) && !fault.Is(ask.Err, fault.Upstream) {
							t.Errorf("got %v", err)
							return
						}
						if time.Sleep(max(pause, ask.RetryAfter)); !ask.Postponed {
							pause = min(2*pause, time.Minute)
						}
					}
				})
			}
			began := time.Now()
			group.Wait()
			if took := time.Since(began); took > 5*time.Minute || host.answered != 30 {
				t.Errorf("Retry-After %d: %d tokens in %s", retry, host.answered, took)
			}
			if host.refused > 3*30 { // those of the first moment, and a few that found out how far apart; unpaced there are 435
				t.Errorf("Retry-After %d: %d requests were refused", retry, host.refused)
			}
		})
	}
}

func TestAHostThatNeverComplainsIsNotHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, pace := &strict{}, oauth.NewPace()
		began := time.Now()
		for range 100 {
			source := oauth.New(&http.Client{Transport: host}, pace, oauth.NewMetadata(), config("http://provider.example"))
			if _, err := source.Ask(t.Context(), token.Ask{}); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("took %s", took)
		}
	})
}

func TestOneHostsComplaintIsNoOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		strictHost, pace := &strict{every: time.Hour, retry: 600}, oauth.NewPace()
		ask := func(host string, rt http.RoundTripper) error {
			_, err := oauth.New(&http.Client{Transport: rt}, pace, oauth.NewMetadata(), config("http://"+host)).Ask(t.Context(), token.Ask{})
			return err
		}
		for range 5 {
			ask("strict.example", strictHost)
		}
		if err := ask("strict.example", strictHost); !fault.Is(err.(*token.AskError).Err, fault.Unavailable) || !strings.Contains(err.Error(), "strict.example") {
			t.Errorf("got %v", err)
		}
		if strictHost.refused != 1 {
			t.Errorf("%d requests after a Retry-After of ten minutes", strictHost.refused-1)
		}
		if err := ask("other.example", &strict{}); err != nil {
			t.Errorf("another host: %v", err)
		}
	})
}
