package hub

import (
	"context"
	"net/url"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/outbound"
)

// testWithin is how long a test of a connection may take.
const testWithin = 30 * time.Second

// TestIntegration tries what a task needs, step by step: the server's name, a connection, its certificate, a token, an answer. No
// operation is run, and the server sees no credential.
func (h *Hub) TestIntegration(ctx context.Context, c access.Caller, name string) (api.Probe, error) {
	return act(ctx, h, c, access.IntegrationTest, name, func() (api.Probe, error) {
		i, err := h.current(ctx, name)
		if err != nil {
			return api.Probe{}, err
		}
		ctx, cancel := context.WithTimeout(ctx, testWithin)
		defer cancel()
		at, err := url.Parse(i.Settings.Server.Address() + "/")
		if err != nil || at.Host == "" {
			return api.Probe{}, fault.New(fault.Invalid, "server.host of integration %q is missing", name).WithHint("fill in where the service is")
		}
		p := api.Probe{Integration: name}
		reached := h.clients.Probe(ctx, clientTLS(i.Settings, integration.Schemes(i.Settings, i.model)), at)
		p.Steps = append(reaching(at, reached), h.tokenStep(ctx, i), answering(reached))
		p.OK = true
		for _, s := range p.Steps {
			p.OK = p.OK && s.State != api.StepFailed
		}
		return p, nil
	})
}

// reaching are the steps until the server can be asked. After the first that failed the others are not tried.
func reaching(at *url.URL, p outbound.Probing) []api.ProbeStep {
	steps := []api.ProbeStep{step(api.StepResolve, p.Resolve), step(api.StepConnect, p.Connect), step(api.StepTLS, p.TLS)}
	if outbound.IsAddress(at.Hostname()) && steps[0].State == api.StepFailed {
		steps[0] = api.ProbeStep{Name: api.StepResolve, State: api.StepSkipped, Detail: at.Hostname() + " is an address"}
	}
	if at.Scheme == "http" {
		steps[2] = api.ProbeStep{Name: api.StepTLS, State: api.StepSkipped, Detail: "the protocol is http: nothing is encrypted"}
	}
	failed := false
	for n := range steps {
		switch {
		case steps[n].State != api.StepFailed:
		case failed || p.Err == nil: // with no error it was not needed, as when a proxy resolves the name
			steps[n].State = api.StepSkipped
		default:
			failed = true
			steps[n] = failure(steps[n], p.Err)
		}
	}
	return steps
}

func step(name string, s outbound.Stage) api.ProbeStep {
	if !s.Done {
		return api.ProbeStep{Name: name, State: api.StepFailed, Millis: millis(s.Took)}
	}
	return api.ProbeStep{Name: name, State: api.StepOK, Millis: millis(s.Took), Detail: s.Detail}
}

func failure(s api.ProbeStep, err error) api.ProbeStep {
	s.State, s.Detail, s.Hint = api.StepFailed, err.Error(), fault.HintOf(err)
	return s
}

// answering is the last step. What the server answers does not count: it has not seen a credential.
func answering(p outbound.Probing) api.ProbeStep {
	s := api.ProbeStep{Name: api.StepAnswer, Millis: millis(p.Answer.Took)}
	switch {
	case p.Answer.Done:
		s.State, s.Detail = api.StepOK, p.Answer.Detail+" to a request without credentials"
	case p.Connect.Done && (p.TLS.Done || p.TLS.Took == 0) && p.Err != nil:
		return failure(s, p.Err)
	default:
		s.State = api.StepSkipped
	}
	return s
}

// tokenStep gets the tokens of the schemes that are filled in.
func (h *Hub) tokenStep(ctx context.Context, i *configured) api.ProbeStep {
	s := api.ProbeStep{Name: api.StepToken, State: api.StepSkipped, Detail: "its credentials need no token"}
	start := time.Now()
	for _, scheme := range tokenSchemes(&i.Integration, i.model) {
		subject, err := i.subject(scheme.Key)
		if err == nil && !i.Settings.Configured(scheme) && !h.tokens.Holds(ctx, subject) {
			continue
		}
		if err == nil {
			_, err = h.tokens.Token(ctx, subject)
		}
		s.Millis = millis(time.Since(start))
		if err != nil {
			return failure(s, err)
		}
		s.State, s.Detail = api.StepOK, "a live token for "+scheme.Key
	}
	return s
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
