package hub_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"carnet.dev/carnet/api"
)

// TestAStormOnOneExpiredToken has ten thousand callers on three replicas find the same token dead at the same moment.
// Failure mode 14: many callers, one request.
func TestAStormOnOneExpiredToken(t *testing.T) {
	r := newReplicas(t, 3)
	for _, h := range r.hubs {
		r.run(t, h, local)
	}
	r.provider.RevokeAccess()
	before := r.provider.Stats().TokenRequests
	var callers sync.WaitGroup
	var failed atomic.Int64
	start := make(chan struct{})
	storm := 10_000
	if testing.Short() { // under the race detector
		storm = 1000
	}
	for i := range storm {
		callers.Go(func() {
			<-start
			result, err := r.hubs[i%3].RunOperation(t.Context(), local, "robot", "whoAmI", api.Task{})
			if err != nil || result.Status != http.StatusOK {
				if failed.Add(1) == 1 {
					t.Errorf("a call failed: %d %s: %v", result.Status, result.Data, err)
				}
			}
		})
	}
	close(start)
	callers.Wait()
	if n := r.provider.Stats().TokenRequests - before; n != 1 || failed.Load() != 0 {
		t.Errorf("%d token requests, and %d calls failed", n, failed.Load())
	}
}
