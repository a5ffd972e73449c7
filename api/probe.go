package api

// A Probe is the answer of POST /integrations/{name}/test: whether a task would get through, step by step.
type Probe struct {
	Integration string      `json:"integration"`
	OK          bool        `json:"ok"`    // no step failed
	Steps       []ProbeStep `json:"steps"` // in their order
}

// A ProbeStep is one of a test's steps.
type ProbeStep struct {
	Name   string  `json:"name"`         // resolve, connect, tls, token, answer
	State  string  `json:"state"`        // ok, failed, skipped
	Millis float64 `json:"ms,omitempty"` // how long it took
	Detail string  `json:"detail,omitempty"`
	Hint   string  `json:"hint,omitempty"` // what to do, if it failed
}

// Names of steps, and their states.
const (
	StepResolve = "resolve"
	StepConnect = "connect"
	StepTLS     = "tls"
	StepToken   = "token"
	StepAnswer  = "answer"

	StepOK      = "ok"
	StepFailed  = "failed"
	StepSkipped = "skipped"
)
