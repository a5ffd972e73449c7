package hub_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"sync"
	"testing"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
)

// percent is how much garbage there may be now.
func percent() int {
	now := debug.SetGCPercent(-1)
	debug.SetGCPercent(now)
	return now
}

// TestLargeDocumentsAreReadFrugally: while documents are read that may be large, by however many callers, and not after that. Whoever is
// more frugal already stays so.
func TestLargeDocumentsAreReadFrugally(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	for before, during := range map[int]int{100: 15, 10: 10, -1: 15} {
		debug.SetGCPercent(before)
		s := newStory(t, carnettest.ProviderOptions{})
		var together, first sync.WaitGroup // both imports are under way, until the first one has ended
		together.Add(2)
		first.Add(1)
		seen := make(chan int, 3)
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			together.Done()
			together.Wait()
			if r.URL.Path == "/2" {
				first.Wait()
			}
			seen <- percent()
			fmt.Fprintf(w, `{"openapi": "3.1.0", "info": {"title": "T", "version": "%s"}, "paths": {}}`, r.URL.Path[1:])
		}))
		var work sync.WaitGroup
		for _, path := range []string{"/1", "/2"} {
			work.Go(func() {
				if _, err := s.ImportModel(t.Context(), api.ModelRequest{URL: site.URL + path}); err != nil {
					t.Error(err)
				}
				if path == "/1" {
					seen <- percent()
					first.Done()
				}
			})
		}
		work.Wait()
		site.Close()
		for range 3 {
			if got := <-seen; got != during {
				t.Errorf("from %d: %d while documents are read", before, got)
			}
		}
		if got := percent(); got != before {
			t.Errorf("%d afterwards, and %d before", got, before)
		}
	}
}
