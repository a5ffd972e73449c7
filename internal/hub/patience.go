package hub

import (
	"context"
	"fmt"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/call"
)

// maxWait is how long a task may wait.
const maxWait = 24 * time.Hour

func waitOf(t api.Task) time.Duration {
	return time.Duration(max(0, min(t.Wait, maxWait.Seconds())) * float64(time.Second))
}

// patiently runs an operation, and again after what passes. An API that wants more time than the caller has is named. What an API asks
// for counts for every task of the integration that is ready to wait.
func (h *Hub) patiently(ctx context.Context, name string, e *errand) (*call.Answer, error) {
	answer, asked, err := call.Patiently(ctx, call.Errand{
		Wait: e.wait, Gate: h.gates.Of(name), Waits: e.waits,
		Usable:     func() bool { return e.described != nil && !e.arguments.Upload.Spent() }, // nil: nothing was sent
		Repeatable: func() bool { return call.Repeatable(e.described, e.arguments) },
	}, func() (*call.Answer, error) { return h.run(ctx, name, e) })
	if asked > 0 {
		e.warnings = append(e.warnings, fault.Problem{Message: fmt.Sprintf("the API asks to wait for %s, which is longer than what is left of the time to wait", asked.Round(time.Second))})
	}
	return answer, err
}

// waits passes on that a task waits.
func waits(t api.Task) func(call.Waiting) {
	if t.Waits == nil {
		return nil
	}
	return func(w call.Waiting) {
		t.Waits(api.Waiting{Seconds: w.For.Seconds(), Host: w.Host, Status: w.Status})
	}
}
