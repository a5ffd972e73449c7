package hub

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/credential"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/outbound"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// RunOperation runs an operation on an integration: it builds the request, puts live credentials on it, and returns what the
// API answered, whatever its status. A 401 is worth one renewal and one repeat (failure mode 23).
func (h *Hub) RunOperation(ctx context.Context, c access.Caller, name, id string, t api.Task) (api.Result, error) {
	if t.DryRun {
		if err := c.Allow(access.OperationRead); err != nil {
			return api.Result{}, err
		}
		return h.show(ctx, name, id, t)
	}
	return act(ctx, h, c, access.OperationRun, name+" "+id, func() (api.Result, error) {
		k, err := h.prepare(ctx, name, id, t)
		if err != nil {
			return api.Result{}, err
		}
		answer, err := h.send(ctx, k)
		if err != nil {
			return api.Result{}, err
		}
		return viewAnswer(answer), nil
	})
}

// A task is an operation that is ready to be sent, but for its credentials.
type task struct {
	integration integration.Integration
	model       model.Model
	request     *call.Request
	schemes     []model.Scheme
}

func (h *Hub) prepare(ctx context.Context, name, id string, t api.Task) (*task, error) {
	i, m, err := h.configured(ctx, name)
	if err != nil {
		return nil, err
	}
	op, err := h.operation(ctx, &m, id)
	if err != nil {
		return nil, err
	}
	base, err := i.Settings.OperationURL(&m, &op)
	if err != nil {
		return nil, err
	}
	request, err := call.Build(&op, base, arguments(t))
	if err != nil {
		return nil, err
	}
	schemes, err := integration.Choose(i.Name, i.Settings, &m, &op, func(scheme string) bool { return h.hasToken(ctx, &i, &m, scheme) })
	if err != nil {
		return nil, err
	}
	return &task{integration: i, model: m, request: request, schemes: schemes}, nil
}

func arguments(t api.Task) call.Arguments {
	a := call.Arguments{
		Parameters:  make(map[string]jsontext.Value, len(t.Parameters)),
		Payload:     jsontext.Value(t.RequestBodyPayload),
		Bytes:       t.RequestBodyBase64,
		ContentType: t.BodyContentType,
	}
	for name, value := range t.Parameters {
		a.Parameters[name] = jsontext.Value(value)
	}
	return a
}

// held is a token that a task was sent with.
type held struct {
	subject    *token.Subject
	generation int64
}

// send puts the credentials on the request and sends it; twice if the API refuses a token that another can replace.
func (h *Hub) send(ctx context.Context, t *task) (*call.Answer, error) {
	client, err := h.clients.Client(outboundTLS(t.integration.Settings.TLS))
	if err != nil {
		return nil, err
	}
	credentials, tokens, err := h.credentials(ctx, t)
	if err != nil {
		return nil, err
	}
	answer, err := t.request.Send(ctx, client, credentials)
	if err != nil || !refused(answer) || !h.replaceable(ctx, tokens) {
		return answer, err
	}
	credentials, tokens, err = h.credentials(ctx, t)
	if err != nil {
		return nil, err
	}
	answer, err = t.request.Send(ctx, client, credentials)
	if err == nil && refused(answer) {
		h.trust(ctx, tokens)
	}
	return answer, err
}

// refused reports whether the API did not take the credentials that it saw.
func refused(a *call.Answer) bool { return a.Status == http.StatusUnauthorized && !a.Away }

// replaceable sets the refused tokens aside, and reports whether there is another to try. If the record can't be written now,
// the API's answer is what the caller gets.
func (h *Hub) replaceable(ctx context.Context, tokens []held) bool {
	another := false
	for _, t := range tokens {
		ok, err := h.tokens.Reject(ctx, t.subject, t.generation)
		another = another || ok && err == nil
	}
	return another
}

// trust notes that renewal did not help (failure mode 24). A note that is lost costs one renewal.
func (h *Hub) trust(ctx context.Context, tokens []held) {
	for _, t := range tokens {
		_ = h.tokens.Trust(ctx, t.subject, t.generation)
	}
}

// credentials returns what the chosen schemes put on the request, with live tokens.
func (h *Hub) credentials(ctx context.Context, t *task) (all []credential.Credential, tokens []held, err error) {
	for _, scheme := range t.schemes {
		if !keepsToken(scheme) {
			c, err := static(t.integration.Settings.Authentication[scheme.Key], scheme)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, c...)
			continue
		}
		subject, live, err := h.live(ctx, t, scheme)
		if err != nil {
			return nil, nil, err
		}
		c, err := credential.Token(live.Token)
		if err != nil {
			return nil, nil, err
		}
		all, tokens = append(all, c), append(tokens, held{subject, live.Generation})
	}
	return all, tokens, nil
}

// live returns the scheme's live token. If the integration is changed while it is got, the new settings count.
func (h *Hub) live(ctx context.Context, t *task, scheme model.Scheme) (*token.Subject, token.Held, error) {
	subject, err := h.subject(&t.integration, &t.model, scheme)
	if err != nil {
		return subject, token.Held{}, err
	}
	live, err := h.tokens.Token(ctx, subject)
	if !fault.Is(err, fault.Conflict) {
		return subject, live, err
	}
	if t.integration, t.model, err = h.configured(ctx, t.integration.Name); err != nil {
		return subject, token.Held{}, err
	}
	if subject, err = h.subject(&t.integration, &t.model, scheme); err != nil {
		return subject, token.Held{}, err
	}
	live, err = h.tokens.Token(ctx, subject)
	return subject, live, err
}

// static returns the credential of a scheme that needs no token endpoint; none for mutualTLS, where the certificate is it.
func static(a integration.Authentication, scheme model.Scheme) ([]credential.Credential, error) {
	var c credential.Credential
	var err error
	switch {
	case scheme.Type == model.TypeAPIKey:
		c, err = credential.APIKey(scheme.In, scheme.Name, a.Value)
	case scheme.Type == model.TypeHTTP && scheme.Scheme == "basic":
		c, err = credential.Basic(a.Username, a.Password)
	case scheme.Type == model.TypeHTTP:
		c, err = credential.Bearer(a.Bearer)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(fault.KindOf(err), err, "scheme %q", scheme.Key).WithHint("%s", fault.HintOf(err))
	}
	return []credential.Credential{c}, nil
}

// show builds the request that the task would send, its secrets masked, and asks nobody for a token.
func (h *Hub) show(ctx context.Context, name, id string, t api.Task) (api.Result, error) {
	k, err := h.prepare(ctx, name, id, t)
	if err != nil {
		return api.Result{}, err
	}
	var all []credential.Credential
	for _, scheme := range k.schemes {
		if keepsToken(scheme) {
			c, err := credential.Token(token.Token{AccessToken: seal.NewSecret(seal.Mask)})
			if err != nil {
				return api.Result{}, err
			}
			all = append(all, c)
			continue
		}
		c, err := static(k.integration.Settings.Authentication[scheme.Key], scheme)
		if err != nil {
			return api.Result{}, err
		}
		all = append(all, c...)
	}
	shown, err := k.request.Show(all)
	if err != nil {
		return api.Result{}, err
	}
	return api.Result{OK: true, URL: shown.URL, Headers: map[string]string{}, Request: &api.Request{
		Method: shown.Method, URL: shown.URL, Headers: shown.Header, Body: shown.Body,
	}}, nil
}

func viewAnswer(a *call.Answer) api.Result {
	data, encoding := a.Data()
	result := api.Result{
		OK: a.Status/100 == 2, URL: a.URL, Status: a.Status, StatusText: a.StatusText,
		Headers: make(map[string]string, len(a.Header)), Data: json.RawMessage(data), Encoding: encoding,
	}
	for name, values := range a.Header {
		result.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return result
}

func outboundTLS(t integration.TLS) outbound.TLS {
	return outbound.TLS{Insecure: !t.RejectUnauthorized, CA: t.CA, Certificate: t.Certificate, Key: t.Key}
}
