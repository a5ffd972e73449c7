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

// patiently runs an operation, and again after what passes. An API that wants more time than the caller has is named.
func (h *Hub) patiently(ctx context.Context, name string, e *errand) (*call.Answer, error) {
	usable := func() bool { return e.described != nil && !e.arguments.Upload.Spent() } // nil: nothing was sent
	repeatable := func() bool { return call.Repeatable(e.described, e.arguments) }
	answer, asked, err := call.Patiently(ctx, e.wait, usable, repeatable, func() (*call.Answer, error) { return h.run(ctx, name, e) })
	if asked > 0 {
		e.warnings = append(e.warnings, fault.Problem{Message: fmt.Sprintf("the API asks to wait for %s, which is longer than what is left of the time to wait", asked.Round(time.Second))})
	}
	return answer, err
}
