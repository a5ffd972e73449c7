package oauth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/expand"
	"carnet.dev/carnet/internal/jwt"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// A Source asks one token endpoint.
type Source struct {
	client   *http.Client
	pace     *Pace
	metadata *Metadata
	config   Config
}

// New returns the source of tokens of the configuration. It follows no redirect, whatever the client does: a POST with
// credentials never leaves its host (failure mode 10). All sources of a process share the pace and the metadata.
func New(client *http.Client, pace *Pace, metadata *Metadata, c Config) *Source {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Source{&own, pace, metadata, c}
}

// attempt is one walk through the requests of a grant or a refresh.
type attempt struct {
	*Source
	env       *env
	proofKey  jwt.Key
	proofText seal.Secret
	exchanges []token.Exchange
}

// Ask makes one attempt. The next style of client authentication is tried only after the server has said that it does not know
// the client: after anything else the request may have had an effect (failure mode 40).
func (s *Source) Ask(ctx context.Context, ask token.Ask) (token.Answer, error) {
	began := time.Now()
	config, err := s.resolved(ctx)
	if err != nil {
		return token.Answer{}, s.undiscovered(err, began)
	}
	a := &attempt{Source: s, env: newEnv(config, ask)}
	if err := a.prepare(); err != nil {
		return token.Answer{}, err
	}
	if config.Grant == model.GrantSigned {
		return a.signed()
	}
	t, method, err := a.walk(ctx)
	if e, ok := errors.AsType[*token.AskError](err); ok {
		return token.Answer{}, a.told(e)
	}
	if err != nil {
		return token.Answer{}, err
	}
	return token.Answer{Token: t, AuthMethod: method, Limits: config.Limits, Exchanges: a.exchanges}, nil
}

// undiscovered is the error of a discovery that failed, with its entry for the history.
func (s *Source) undiscovered(err error, began time.Time) error {
	e, ok := errors.AsType[*token.AskError](err)
	places, wrong := s.config.places()
	if !ok || wrong != nil {
		return err
	}
	told := *e
	x := token.Exchange{At: began.UTC(), Purpose: "discovery", Method: http.MethodGet, Seconds: seconds(time.Since(began)), Code: e.Code, Outcome: e.Err.Error()}
	if to, err := url.Parse(places[0]); err == nil {
		x.Host = to.Host
	}
	told.Exchanges = []token.Exchange{x}
	return &told
}

// prepare makes what the requests need beforehand: a signature, a proof key.
func (a *attempt) prepare() error {
	v := a.env
	if v.config.Sign != nil && v.config.Grant != model.GrantSigned {
		if _, err := v.sign(); err != nil {
			return err
		}
	}
	if !v.config.DPoP {
		return nil
	}
	if a.proofText = v.ask.Previous.ProofKey; a.proofText.IsZero() || v.ask.RefreshToken.IsZero() {
		a.proofText = jwt.NewProofKey()
	}
	var err error
	a.proofKey, err = jwt.ParseKey(a.proofText)
	return err
}

// signed makes the token itself; nobody is asked.
func (a *attempt) signed() (token.Answer, error) {
	v := a.env
	expires, err := v.sign()
	if err != nil {
		return token.Answer{}, err
	}
	return token.Answer{Limits: v.config.Limits, Token: token.Token{
		AccessToken: seal.NewSecret(v.made.Reveal()), TokenType: "Bearer",
		CreatedAt: v.now, ExpiresAt: expires, ExpiresIn: expires.Sub(v.now).Seconds(),
	}, Exchanges: []token.Exchange{{At: v.now, Purpose: "sign", Outcome: "a token", Rule: "sign.lifetime"}}}, nil
}

// walk makes the steps, and then the request that the token comes of.
func (a *attempt) walk(ctx context.Context) (token.Token, string, error) {
	v := a.env
	if !v.ask.RefreshToken.IsZero() {
		return a.authenticated(ctx, v.refreshCall)
	}
	for _, step := range v.config.Steps {
		c, err := v.stepCall(step)
		if err != nil {
			return token.Token{}, "", err
		}
		d, status, _, err := a.send(ctx, c, "")
		if err == nil && (status/100 != 2 && status/100 != 3 || textOf(d.at("error")) != "") {
			err = v.refused(d, status, c)
		}
		if a.note(err, ""); err != nil {
			return token.Token{}, "", err
		}
		v.answers[step.Name] = d
	}
	return a.authenticated(ctx, v.grantCall)
}

// authenticated makes a request for a token with one style of client authentication after another.
func (a *attempt) authenticated(ctx context.Context, make func() (call, error)) (t token.Token, method string, err error) {
	method, err = a.styled(make, func(c call, method string) (status int, err error) {
		t, status, err = a.once(ctx, c, method)
		return status, err
	})
	return t, method, err
}

// styled makes a request with one style of client authentication after another, and returns the one that worked.
func (a *attempt) styled(make func() (call, error), once func(call, string) (status int, err error)) (string, error) {
	var last error
	status, used := 0, ""
	for _, method := range a.env.config.tries(a.env.ask.AuthMethod) {
		if last != nil && anotherFormat(used, method) && !formatRefused(status, last, a.env.ask) {
			break
		}
		c, err := make()
		if err != nil {
			return "", err
		}
		if !c.client {
			method = MethodNone
		}
		if status, err = once(c, method); err == nil {
			return method, nil
		}
		if a.commasMayHelp(c, method, err) {
			if _, err := once(c, method+withCommas); err == nil {
				return method + withCommas, nil
			}
		}
		if last, used = err, method; !c.client || !clientRefused(status, err, a.env.ask) {
			break
		}
	}
	return "", last
}

// once makes the request, and a token of the answer.
func (a *attempt) once(ctx context.Context, c call, method string) (t token.Token, status int, err error) {
	v, rule, sent := a.env, "", -1
	defer func() { a.noteAt(sent, err, rule) }() // introspection comes after it
	v.trouble = nil
	if c.client {
		if err := v.authenticate(&c, method); err != nil {
			return token.Token{}, 0, err
		}
	}
	d, status, began, err := a.send(ctx, c, method)
	if sent = len(a.exchanges) - 1; err != nil {
		return token.Token{}, 0, err
	}
	if t, rule, err = v.read(d, status, c, began); err != nil {
		return token.Token{}, status, err
	}
	t.ProofKey = a.proofText
	if t.ExpiresAt.IsZero() && v.config.IntrospectionURL != "" {
		if at := a.introspect(ctx, t, method, began); at.After(began) {
			t.ExpiresAt, t.ExpiresIn, rule = at, seconds(at.Sub(began)), "introspection"
		}
	}
	return t, status, nil
}

// send sends a call, and reads the answer. A server may want a nonce in the proof first (RFC 9449 8).
func (a *attempt) send(ctx context.Context, c call, method string) (*document, int, time.Time, error) {
	nonce := ""
	for {
		d, status, began, err := a.post(ctx, c, method, nonce)
		if err != nil || nonce != "" || !a.env.config.DPoP || textOf(d.at("error")) != "use_dpop_nonce" {
			return d, status, began, err
		}
		if nonce = d.header.Get("DPoP-Nonce"); nonce == "" {
			return d, status, began, err
		}
		a.note(nil, "")
	}
}

func (a *attempt) post(ctx context.Context, c call, method, nonce string) (*document, int, time.Time, error) {
	v := a.env
	r, _, err := v.build(ctx, c, expand.Value.Reveal)
	if err != nil {
		return nil, 0, time.Time{}, err
	}
	if err := a.prove(r, c, nonce); err != nil {
		return nil, 0, time.Time{}, err
	}
	if !v.ask.Wanted {
		if err := a.pace.Wait(ctx, r.URL.Host); err != nil {
			return nil, 0, time.Time{}, err
		}
	}
	began := time.Now()
	a.exchanges = append(a.exchanges, token.Exchange{At: began.UTC(), Purpose: c.purpose, Method: c.method, Host: r.URL.Host, AuthMethod: method})
	d, status, err := a.do(r, c)
	last := &a.exchanges[len(a.exchanges)-1]
	if last.Seconds = seconds(time.Since(began)); err == nil {
		last.Status = status
		last.Skew = skew(d.header.Get("Date"), began)
		a.pace.Heard(r.URL.Host, status, retryAfter(d.header.Get("Retry-After")), began)
	}
	return d, status, began, err
}

// do sends a request and reads the answer, within bounds (failure mode 11).
func (a *attempt) do(r *http.Request, c call) (*document, int, error) {
	var sent atomic.Bool // the request may have reached the server
	trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
	answer, err := a.client.Do(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		return nil, 0, a.env.failed(silent(err, "asking for a token at "+r.URL.Host, c.purpose, r.URL.Host), token.AskError{InDoubt: sent.Load()})
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, answer.StatusCode, a.env.failed(silent(err, "reading the token endpoint's answer from "+r.URL.Host, c.purpose, r.URL.Host), token.AskError{InDoubt: true})
	}
	if len(body) > maxAnswer {
		return &document{header: answer.Header, status: answer.Status, kind: large, shape: "more than 1 MiB"}, answer.StatusCode, nil
	}
	d := parse(answer.Header, body)
	d.status = answer.Status
	return d, answer.StatusCode, nil
}

// prove binds the request to the attempt's key (RFC 9449 5).
func (a *attempt) prove(r *http.Request, c call, nonce string) error {
	if !a.env.config.DPoP || strings.HasPrefix(c.purpose, "step ") || c.purpose == purposeDevice {
		return nil
	}
	proof, err := jwt.Proof(a.proofKey, jwt.ProofFor{Method: r.Method, URL: r.URL, Nonce: nonce, Now: time.Now()})
	if err != nil {
		return a.env.wrong(err)
	}
	r.Header.Set("DPoP", proof.Reveal())
	return nil
}

// note completes the last exchange with what came of it.
func (a *attempt) note(err error, rule string) { a.noteAt(len(a.exchanges)-1, err, rule) }

func (a *attempt) noteAt(i int, err error, rule string) {
	if i < 0 {
		return
	}
	last := &a.exchanges[i]
	if last.Outcome != "" {
		return
	}
	if last.Outcome, last.Rule = "answered", rule; rule != "" {
		last.Outcome = "a token"
	}
	if e, ok := errors.AsType[*token.AskError](err); ok {
		last.Code, last.Outcome = e.Code, e.Err.Error()
		if t := a.env.trouble; t != nil {
			last.Outcome = t.answered()
		} else if _, shown := errors.AsType[*fault.Error](e.Err); !shown {
			last.Outcome = "failed"
		}
	}
}

func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

// skew is how far the server's clock is ahead of ours, if it is farther than the header's second and the way explain.
func skew(date string, began time.Time) float64 {
	at, err := http.ParseTime(date)
	if err != nil {
		return 0
	}
	if ahead := at.Sub(began); ahead.Abs() > 5*time.Second {
		return ahead.Truncate(time.Second).Seconds()
	}
	return 0
}

// introspect asks when a token expires (RFC 7662 2); zero if that did not work out: it is a courtesy.
func (a *attempt) introspect(ctx context.Context, t token.Token, method string, began time.Time) time.Time {
	v := a.env
	previous := v.ask.Previous
	v.ask.Previous = t // for ${token.instance_url}
	defer func() { v.ask.Previous = previous }()
	c, err := v.introspectionCall(t.AccessToken)
	if err != nil || v.authenticate(&c, method) != nil {
		return time.Time{}
	}
	d, status, _, err := a.send(ctx, c, method)
	if a.note(err, ""); err != nil || status/100 != 2 || d.at("active") != true {
		return time.Time{}
	}
	return momentOf(d.at("exp"))
}
