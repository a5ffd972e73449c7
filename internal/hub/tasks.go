package hub

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/aws"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/credential"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/outbound"
	"carnet.dev/carnet/internal/token"
)

// RunOperation runs an operation on an integration: it builds the request, puts live credentials on it, and returns what the
// API answered, whatever its status. A 401 is worth one renewal and one repeat (failure mode 23).
func (h *Hub) RunOperation(ctx context.Context, c access.Caller, name, id string, t api.Task) (api.Result, error) {
	e := &errand{operation: id, stream: t.Stream && !t.CheckAnswer, check: t.CheckAnswer, wait: waitOf(t), waits: waits(t), arguments: arguments(t)}
	var err error
	if e.paging, err = paging(t); err != nil {
		return api.Result{}, err
	}
	if e.paging != nil {
		e.arguments = e.paging.From.Apply(e.arguments)
	}
	if t.DryRun {
		if err := c.Allow(access.OperationRead); err != nil {
			return api.Result{}, err
		}
		return h.show(ctx, name, e)
	}
	return act(ctx, h, c, access.OperationRun, name+" "+id, func() (api.Result, error) {
		answer, err := h.patiently(ctx, name, e)
		if err != nil {
			return api.Result{}, err
		}
		return e.result(answer)
	})
}

// run runs an operation; a second time, with what the integration is then, if that may do better.
func (h *Hub) run(ctx context.Context, name string, e *errand) (*call.Answer, error) {
	i, err := h.configured(ctx, name)
	if err != nil {
		return nil, err
	}
	answer, tokens, err := h.once(ctx, i, e)
	next, again := h.again(ctx, i, answer, tokens, err)
	if !again {
		return answer, err
	}
	if e.arguments.Upload.Spent() {
		return answer, e.spent(err)
	}
	answer.Close()
	answer, tokens, err = h.once(ctx, next, e)
	if err == nil && refused(answer, tokens) {
		h.trust(ctx, tokens)
	}
	return answer, err
}

// again reports whether a second try may do better, and with which configuration: the integration or its model was changed
// meanwhile, here or by another replica, or the API has refused a token that another can replace.
func (h *Hub) again(ctx context.Context, i *configured, answer *call.Answer, tokens []held, err error) (*configured, bool) {
	changed := fault.Is(err, fault.Conflict)
	if !changed && (err != nil || !refused(answer, tokens)) {
		return nil, false
	}
	next, err := h.current(ctx, i.Name)
	if err != nil {
		return nil, false
	}
	return next, changed || next.revision != i.revision || h.replaceable(ctx, tokens)
}

// once builds the request, puts the credentials on it, and sends it.
func (h *Hub) once(ctx context.Context, i *configured, e *errand) (*call.Answer, []held, error) {
	k, err := h.prepare(ctx, i, e)
	if err != nil {
		return nil, nil, err
	}
	client, err := h.client(i.Settings, slices.Concat(k.schemes, integration.Schemes(i.Settings, i.model)))
	if err != nil {
		return nil, nil, err
	}
	live, err := h.authenticate(ctx, k)
	if err != nil {
		return nil, nil, err
	}
	request := k.request
	if live.server != nil {
		if request, err = request.At(live.server); err != nil {
			return nil, nil, err
		}
	}
	if request, err = e.paged(request); err != nil {
		return nil, nil, err
	}
	answer, err := request.Send(ctx, client, live.credentials)
	if err != nil {
		return nil, live.tokens, err
	}
	if e.stream {
		err = answer.Begin(maxRejection(live.tokens))
	} else {
		err = answer.Whole()
	}
	if err != nil {
		answer.Close()
		return nil, live.tokens, err
	}
	return answer, live.tokens, nil
}

// maxRejection is how much of an answer is looked at before it is passed on, to see whether it means that a token is dead: none,
// unless the body may tell.
func maxRejection(tokens []held) int {
	if slices.ContainsFunc(tokens, func(t held) bool { return t.byBody }) {
		return 64 << 10
	}
	return 0
}

// A task is an operation that is ready to be sent, but for its credentials.
type task struct {
	integration *configured
	request     *call.Request
	schemes     []model.Scheme
}

func (h *Hub) prepare(ctx context.Context, i *configured, e *errand) (*task, error) {
	op, err := h.recentOperation(ctx, i.model, e.operation)
	if err != nil {
		return nil, err
	}
	if err := i.resolved(""); err != nil {
		return nil, err
	}
	schemes, chosen := integration.Choose(i.Name, i.Settings, i.model, op, func(scheme string) bool { return h.hasToken(ctx, i, scheme) })
	base, err := i.Settings.OperationURL(i.model, op)
	if err != nil && slices.ContainsFunc(schemes, func(s model.Scheme) bool { return i.Settings.Authentication[s.Key].ServerURL != "" }) {
		base, err = &url.URL{Scheme: "https", Host: "told-with-the-token.invalid"}, nil
	}
	if err != nil {
		return nil, err
	}
	e.described, e.arguments.Lookup = op, h.lookup(ctx, i.model)
	e.arguments.Old = !strings.HasPrefix(i.model.Specification, "OpenAPI 3.") || strings.HasPrefix(i.model.Specification, "OpenAPI 3.0")
	if e.paging != nil {
		if err := call.Pageable(op, *e.paging, e.arguments); err != nil {
			return nil, err
		}
	}
	request, err := call.Build(op, base, e.arguments)
	if err != nil {
		return nil, err
	}
	e.warnings = slices.Clone(request.Warnings)
	if e.check { // who wants to know what is right wants to know what is not known
		e.warnings = append(e.warnings, request.Notes...)
	}
	if chosen != nil {
		return nil, chosen
	}
	for _, s := range schemes {
		if err := i.resolved(s.Key); err != nil {
			return nil, err
		}
		if s.Type == model.TypeMutualTLS && base.Scheme != "https" {
			return nil, fault.New(fault.Invalid, "scheme %q is a client certificate, and http shows none", s.Key).
				WithHint("carnet integration set %s server.protocol=https", i.Name)
		}
	}
	return &task{integration: i, request: request, schemes: schemes}, nil
}

// show builds the request that the task would send, its secrets masked, and asks nobody for a token.
func (h *Hub) show(ctx context.Context, name string, e *errand) (api.Result, error) {
	i, err := h.current(ctx, name)
	if err != nil {
		return api.Result{}, err
	}
	k, err := h.prepare(ctx, i, e)
	if err != nil {
		return api.Result{}, err
	}
	var all []credential.Credential
	for _, scheme := range k.schemes {
		var own []credential.Credential
		if integration.KeepsToken(i.Settings.Authentication[scheme.Key], scheme) {
			own, err = h.tokenCredentials(i, scheme, maskedToken(i, scheme))
		} else {
			own, err = h.static(i.Settings, scheme)
		}
		if err != nil {
			return api.Result{}, err
		}
		all = append(all, own...)
	}
	request, err := e.paged(k.request)
	if err != nil {
		return api.Result{}, err
	}
	shown, err := request.Show(all)
	if err != nil {
		return api.Result{}, err
	}
	return api.Result{OK: true, URL: shown.URL, Headers: map[string]string{}, Warnings: e.warnings, Request: &api.Request{
		Method: shown.Method, URL: shown.URL, Headers: shown.Header, Body: shown.Body,
	}}, nil
}

// maskedToken is a token of masks, to show what would be sent.
func maskedToken(i *configured, scheme model.Scheme) token.Token {
	if integration.AssumesRole(i.Settings.Authentication[scheme.Key], scheme) {
		return aws.Masked()
	}
	return i.configs[scheme.Key].MaskedToken()
}

// client is for requests that the schemes authenticate, of which the first with a certificate decides.
func (h *Hub) client(s integration.Settings, schemes []model.Scheme) (*http.Client, error) {
	return h.clients.Client(clientTLS(s, schemes))
}

func clientTLS(s integration.Settings, schemes []model.Scheme) outbound.TLS {
	t, section := s.ClientTLS(schemes)
	return outbound.TLS{Insecure: !t.RejectUnauthorized, CA: t.CA, Certificate: t.Certificate, Key: t.Key, Section: section}
}
