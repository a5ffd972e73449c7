package hub

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/aws"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/credential"
	"carnet.dev/carnet/internal/expand"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/token"
)

// held is a token that a task was sent with.
type held struct {
	subject    *token.Subject
	generation int64
	rejects    func(*call.Answer) bool
	byBody     bool // it may be the answer's body that tells
}

// rejectsByBody reports whether the body of an answer may say that the token of a scheme is dead.
func rejectsByBody(a integration.Authentication, scheme model.Scheme) bool {
	return integration.AssumesRole(a, scheme) || a.RejectOn != nil && a.RejectOn.Body != nil
}

// rejects is how the API says that the token of a scheme is dead.
func rejects(a integration.Authentication, scheme model.Scheme) func(*call.Answer) bool {
	if integration.AssumesRole(a, scheme) {
		return func(answer *call.Answer) bool { return aws.Rejects(answer.Status, answer.Header, answer.Body) }
	}
	return func(answer *call.Answer) bool {
		return oauth.Rejects(a.RejectOn, answer.Status, answer.Header, answer.Body)
	}
}

// refused reports whether the API did not take the credentials that it saw: by a 401, or as the configuration says (failure mode
// 36).
func refused(a *call.Answer, tokens []held) bool {
	if a.Away {
		return false
	}
	if len(tokens) == 0 {
		return a.Status == http.StatusUnauthorized
	}
	return slices.ContainsFunc(tokens, func(t held) bool { return t.rejects(a) })
}

// replaceable sets the refused tokens aside, and reports whether there is another to try.
func (h *Hub) replaceable(ctx context.Context, tokens []held) bool {
	another := false
	for _, t := range tokens {
		another = h.tokens.Reject(ctx, t.subject, t.generation) || another
	}
	return another
}

// trust notes that renewal did not help (failure mode 24). A note that is lost costs one renewal.
func (h *Hub) trust(ctx context.Context, tokens []held) {
	for _, t := range tokens {
		_ = h.tokens.Trust(ctx, t.subject, t.generation)
	}
}

// authenticated is what a task is sent with.
type authenticated struct {
	credentials []credential.Credential
	tokens      []held
	server      *url.URL // where calls go, if the service told; else nil
}

// authenticate returns what the chosen schemes put on the request, with live tokens.
func (h *Hub) authenticate(ctx context.Context, t *task) (live authenticated, err error) {
	for _, scheme := range t.schemes {
		a := t.integration.Settings.Authentication[scheme.Key]
		var own []credential.Credential
		if integration.KeepsToken(a, scheme) {
			own, err = h.withLiveToken(ctx, t.integration, scheme, &live)
		} else {
			own, err = h.static(t.integration.Settings, scheme)
		}
		if err != nil {
			return live, err
		}
		live.credentials = append(live.credentials, own...)
	}
	return live, nil
}

// withLiveToken is what a scheme with a token puts on the request.
func (h *Hub) withLiveToken(ctx context.Context, i *configured, scheme model.Scheme, live *authenticated) ([]credential.Credential, error) {
	a := i.Settings.Authentication[scheme.Key]
	subject, err := i.subject(scheme.Key)
	if err != nil {
		return nil, err
	}
	got, err := h.tokens.Token(ctx, subject)
	if err != nil {
		return nil, err
	}
	live.tokens = append(live.tokens, held{subject, got.Generation, rejects(a, scheme), rejectsByBody(a, scheme)})
	if a.ServerURL != "" {
		if live.server, err = i.configs[scheme.Key].Server(a.ServerURL, got.Token); err != nil {
			return nil, err
		}
	}
	return h.tokenCredentials(i, scheme, got.Token)
}

// tokenCredentials puts a token on calls: as the configuration says, in the place of an API key, as a bearer token, or as the key
// that signs.
func (h *Hub) tokenCredentials(i *configured, scheme model.Scheme, t token.Token) ([]credential.Credential, error) {
	if a := i.Settings.Authentication[scheme.Key]; integration.AssumesRole(a, scheme) {
		return []credential.Credential{aws.Signature(aws.Of(t), a.Service, a.Region)}, nil
	}
	a, config := i.Settings.Authentication[scheme.Key], i.configs[scheme.Key]
	inject := a.Inject
	if len(inject) == 0 && scheme.Type == model.TypeAPIKey && !strings.EqualFold(scheme.Name, "Authorization") {
		inject = []recipe.Injection{{In: scheme.In, Name: scheme.Name, Format: "${token.access_token}"}}
	}
	if len(inject) > 0 {
		return credential.Inject(inject, config.Lookup(t))
	}
	if !t.ProofKey.IsZero() && strings.EqualFold(t.TokenType, "DPoP") {
		c, err := credential.DPoP(&h.nonces, t)
		return []credential.Credential{c}, err
	}
	c, err := credential.Token(t)
	return []credential.Credential{c}, err
}

// static returns the credential of a scheme that needs no token endpoint; none for mutualTLS, where the certificate is it.
func (h *Hub) static(s integration.Settings, scheme model.Scheme) ([]credential.Credential, error) {
	a := s.Authentication[scheme.Key]
	inject := a.Inject
	if a.Format != "" {
		own := recipe.Injection{In: "header", Name: "Authorization", Format: a.Format}
		if scheme.Type == model.TypeAPIKey {
			own.In, own.Name = scheme.In, scheme.Name
		}
		inject = append([]recipe.Injection{own}, inject...)
	}
	if len(inject) > 0 {
		return credential.Inject(inject, staticLookup(s, scheme))
	}
	var c credential.Credential
	var err error
	switch {
	case scheme.Type == model.TypeAPIKey:
		c, err = credential.APIKey(scheme.In, scheme.Name, a.Value)
	case scheme.Type == model.TypeHTTP && scheme.Scheme == "basic":
		c, err = credential.Basic(a.Username, a.Password)
	case scheme.Type == model.TypeHTTP && scheme.Scheme == "digest":
		c, err = credential.Digest(h.challenges, a.Username, a.Password)
	case scheme.Type == model.TypeHTTP:
		c, err = credential.Bearer(a.Bearer)
	case scheme.Type == model.TypeSigV4:
		c = aws.Signature(accessKey(a), a.Service, a.Region)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(fault.KindOf(err), err, "scheme %q", scheme.Key).WithHint("%s", fault.HintOf(err))
	}
	return []credential.Credential{c}, nil
}

// staticLookup finds the fields of a scheme without a token, for its format.
func staticLookup(s integration.Settings, scheme model.Scheme) func(string) (expand.Value, bool) {
	a, others := s.Authentication[scheme.Key], oauthConfig(s, scheme).Lookup(token.Token{})
	return func(path string) (expand.Value, bool) {
		switch path {
		case "value":
			return expand.Secret(a.Value), !a.Value.IsZero()
		case "bearer":
			return expand.Secret(a.Bearer), !a.Bearer.IsZero()
		}
		return others(path)
	}
}
