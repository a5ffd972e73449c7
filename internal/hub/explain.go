package hub

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/aws"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/token"
)

// ExplainToken says what would be asked for a token next, what came back the last times, what decided the token's life, and what is
// wrong. Nothing is sent for it. scheme may be empty if there is only one to choose from.
func (h *Hub) ExplainToken(ctx context.Context, c access.Caller, name, scheme string) (api.Explanation, error) {
	if err := c.Allow(access.TokenRead); err != nil {
		return api.Explanation{}, err
	}
	i, err := h.current(ctx, name)
	if err != nil {
		return api.Explanation{}, err
	}
	s, err := tokenScheme(&i.Integration, i.model, scheme)
	if err != nil {
		return api.Explanation{}, err
	}
	x := explaining{configured: i, scheme: s, config: i.configs[s.Key], now: time.Now()}
	subject, wrong := i.subject(s.Key)
	if wrong == nil {
		x.subject = subject
		if x.record, err = h.tokens.Record(ctx, subject); err != nil {
			return api.Explanation{}, err
		}
	}
	return x.explanation(wrong), nil
}

// explaining is what there is to know of a token.
type explaining struct {
	*configured
	scheme  model.Scheme
	config  oauth.Config
	subject *token.Subject // nil if the settings make none
	record  token.Record
	now     time.Time
}

func (x explaining) explanation(wrong error) api.Explanation {
	e := api.Explanation{
		Integration: x.Name,
		Scheme:      x.scheme.Key,
		GrantType:   x.config.Grant,
		Token:       viewToken(x.scheme.Key, x.record, x.endings(x.scheme.Key, x.record, x.now), x.now),
		Life:        x.life(),
		History:     []api.Exchange{},
		Advice:      []api.Diagnosis{},
	}
	for _, h := range x.record.History {
		e.History = append(e.History, api.Exchange(h))
	}
	if wrong != nil {
		e.Plan = api.Plan{Kind: "none", Why: "the settings can't be used", Requests: []api.PlannedRequest{}, AuthMethods: []string{}}
		e.Diagnosis = diagnosisOf("configuration", wrong)
	} else {
		e.Plan = x.plan()
		e.Diagnosis = x.diagnosis()
	}
	e.Advice = append(e.Advice, slices.DeleteFunc(x.advice(e.Token.Endings), func(d api.Diagnosis) bool {
		return e.Diagnosis != nil && d.Reason == e.Diagnosis.Reason // it is said already
	})...)
	e.Summary = x.summary(e.Diagnosis)
	return e
}

func diagnosisOf(reason string, err error) *api.Diagnosis {
	if err == nil {
		return nil
	}
	return &api.Diagnosis{Reason: reason, Cause: err.Error(), Hint: fault.HintOf(err)}
}

// diagnosis is why there is no token, or why its renewal fails; nil if nothing is wrong.
func (x explaining) diagnosis() *api.Diagnosis {
	r := x.record
	switch {
	case r.Failure.Cause != "":
		return &api.Diagnosis{Reason: reasonOf(r.Failure), Cause: r.Failure.Cause, Hint: r.Failure.Hint}
	case !r.Usable(x.now) && !x.subject.CanGrant && !r.Spends(x.subject):
		return diagnosisOf("not_connected", x.subject.Missing)
	}
	return nil
}

func reasonOf(f token.Failure) string {
	if f.Cause == "" {
		return ""
	}
	return cmp.Or(f.Reason, f.Code, "unknown")
}

// summary is all of it in a sentence.
func (x explaining) summary(d *api.Diagnosis) string {
	r := x.record
	var state string
	switch left := r.Token.ExpiresAt.Sub(x.now); {
	case r.Token.AccessToken.IsZero():
		state = "there is no token"
	case r.Rejected:
		state = "the API has refused the token"
	case !r.Usable(x.now):
		state = "the token expired " + oauth.Span(-left) + " ago"
	case r.Token.ExpiresAt.IsZero():
		state = "the token is live, and nobody knows for how long"
	default:
		state = "the token is live, and expires in " + oauth.Span(left)
	}
	switch {
	case d != nil && r.Usable(x.now):
		return state + ", but it can't be renewed: " + d.Cause
	case d != nil:
		return state + ": " + d.Cause
	case r.Claim.ID != "":
		return state + "; somebody is getting a new one right now"
	case !r.Usable(x.now):
		return state + "; the next task gets one"
	}
	return state
}

// clockOff is how far a clock may be off before it is worth a word.
const clockOff = 30 * time.Second

// advice is what does no harm yet.
func (x explaining) advice(endings []api.Ending) (all []api.Diagnosis) {
	r := x.record
	if last := len(r.History) - 1; last >= 0 {
		h := r.History[last]
		if skew := time.Duration(h.Skew * float64(time.Second)); skew.Abs() >= clockOff {
			all = append(all, api.Diagnosis{Reason: "clock", Cause: "this machine's clock is " + oauth.Clock(skew) + " that of " + h.Host,
				Hint: "set the clock of whichever is wrong (NTP); tokens are not hurt by it, for their life is counted here, but what is signed may be refused"})
		}
	}
	if x.now.Before(r.TrustedUntil) {
		all = append(all, api.Diagnosis{Reason: "refused_by_the_api", Cause: "the API has refused a token that had just been got, so it is not the token's age",
			Hint: "check scope and the rights of the client or account, resource or audience, and what inject puts on calls"})
	}
	if r.InDoubt && !r.Token.RefreshToken.IsZero() {
		all = append(all, api.Diagnosis{Reason: "refresh_token_in_doubt", Cause: "the refresh token may have been spent by a request that got no answer",
			Hint: "nothing has to be done where the credentials get a new token; else it is tried once, and if it is refused a person has to connect again"})
	}
	for _, e := range endings {
		if e.Near {
			all = append(all, api.Diagnosis{Reason: e.What + "_ends", Cause: endingText(e, x.now), Hint: e.Hint})
		}
	}
	return all
}

// rules say what decided when a token expires.
var rules = map[string]string{
	"response.expires_at": "as the answer says, where response.expires_at leads",
	"response.expires_in": "as the answer says, where response.expires_in leads",
	"expires_in":          "as the answer says (expires_in)",
	"expires_at":          "as the answer says (expires_at)",
	"expires_on":          "as the answer says (expires_on)",
	"expires":             "as the answer says (expires)",
	aws.RuleExpiration:    "as the answer says (Expiration)",
	"lifetime":            "the answer does not say; the setting lifetime does",
	oauth.RuleJWT:         "the answer does not say; the token itself does, it is a JWT (exp)",
	"introspection":       "the answer does not say; introspection_url does",
	"sign.lifetime":       "it is made here, for sign.lifetime",
	token.RuleSession:     "the login ends then (session_lifetime), whatever the answer says",
	token.RuleTyped:       "as it was typed",
	oauth.RuleNone:        "nobody knows: neither the answer nor the token says, and lifetime is not set",
}

// whys say why a token is renewed when it is.
var whys = map[token.Why]string{
	token.WhyUnknown:  "when the API refuses it, for nobody knows when it expires",
	token.WhyTyped:    "when it has expired: it was typed by a person",
	token.WhyRepeated: "when it has expired: the service gives the same one again until then",
	token.WhySetting:  "as early as renew_before says",
	token.WhyFifth:    "when a fifth of its life is left, so that no call waits",
	token.WhyMargin:   "30 seconds before it expires, so that no call waits",
	token.WhyHalf:     "when half of its life is left, for it is short",
}

// life is how long the token lives and why, and when it is renewed and why then.
func (x explaining) life() api.Life {
	r := x.record
	if r.Token.AccessToken.IsZero() {
		return api.Life{Expiry: "there is no token", Renewal: x.whenAsked()}
	}
	at, why := r.Renewal()
	life := api.Life{Rule: r.Rule, Expiry: rules[r.Rule], ExpiresAt: moment(r.Token.ExpiresAt), RenewsAt: moment(at), Used: r.Used, Renewal: whys[why],
		LoginAt: moment(r.Login.At), Refreshes: r.Login.Refreshes}
	if life.Expiry == "" {
		life.Expiry = r.Rule
	}
	if session := x.config.Limits.SessionLifetime; session > 0 && !r.Login.At.IsZero() {
		life.LoginEndsAt = moment(r.Login.At.Add(session))
	}
	switch {
	case x.blocked() != "":
		life.Renewal = x.blocked()
	case r.Rejected:
		life.Renewal = "by the next task: the API has refused it"
	case !x.subject.CanGrant && !r.Spends(x.subject):
		life.Renewal = "not at all: there is nothing to get another one with but a person"
	case !r.Used && !at.IsZero():
		life.Renewal += "; but by a task only: nobody has used this token yet, and one that nobody wants is left to expire"
	}
	return life
}

// whenAsked says when a token is asked for if there is none.
func (x explaining) whenAsked() string {
	switch {
	case x.record.Claim.ID == "" && (x.subject == nil || !x.subject.CanGrant && !x.record.Spends(x.subject)):
		return "not before the settings are filled in or a person connects"
	case x.blocked() != "":
		return x.blocked()
	}
	return "by the next task"
}

// blocked says why nobody may ask now; empty: they may.
func (x explaining) blocked() string {
	r := x.record
	switch {
	case r.Claim.ID != "":
		return "right now: somebody has been at it since " + r.Claim.At.UTC().Format(time.RFC3339)
	case r.Failure.Permanent:
		return "not by itself: asking the same again is of no use; change the settings, or say carnet token renew " + x.Name
	case x.now.Before(r.Failure.Next):
		return "in " + oauth.Span(r.Failure.Next.Sub(x.now)) + ": the last attempt failed, and the next ones wait longer each time"
	}
	return ""
}

// plan is what would be sent for the next token.
func (x explaining) plan() api.Plan {
	p := api.Plan{Requests: []api.PlannedRequest{}, AuthMethods: []string{}}
	if p.Kind, p.Why = x.next(); p.Kind == "none" {
		return p
	}
	if role, ok := x.subject.Source.(*aws.Source); ok {
		return planRole(p, role)
	}
	source, ours := x.subject.Source.(*oauth.Source)
	if !ours {
		return p
	}
	ask := token.Ask{AuthMethod: x.record.AuthMethod, Previous: x.record.Token}
	switch p.Kind {
	case "refresh":
		ask.RefreshToken = x.record.Token.RefreshToken
		x.add(&p, source, ask, "")
		if x.subject.CanGrant {
			ask.RefreshToken = token.Token{}.RefreshToken
			x.add(&p, source, ask, "if the refresh token is refused")
		}
	case "connect":
		ask.With = x.config.Consented()
		x.add(&p, source, ask, "after a person has consented: carnet integration connect "+x.Name)
	default:
		x.add(&p, source, ask, "")
	}
	if old := x.record.Token; p.Kind != "refresh" && !old.AccessToken.IsZero() && !old.Manual {
		logout, err := source.PlanLogout(old, "for the session of the old token")
		p.Requests = append(p.Requests, plannedRequests(logout, "")...)
		if p.Diagnosis == nil {
			p.Diagnosis = diagnosisOf("configuration", err)
		}
	}
	return p
}

// add plans an attempt. The discovery of one is good for the next.
func (x explaining) add(p *api.Plan, source *oauth.Source, ask token.Ask, when string) {
	made, err := source.Plan(ask)
	if p.Diagnosis == nil {
		p.Diagnosis = diagnosisOf("configuration", err)
	}
	if len(p.Requests) > 0 {
		made.Requests = slices.DeleteFunc(made.Requests, func(r oauth.Planned) bool { return r.Purpose == "discovery" })
	}
	p.Requests = append(p.Requests, plannedRequests(made, when)...)
	if len(made.Methods) > len(p.AuthMethods) {
		p.AuthMethods = made.Methods
	}
}

func plannedRequests(p oauth.Plan, when string) (all []api.PlannedRequest) {
	for _, r := range p.Requests {
		condition := strings.TrimSuffix(strings.TrimPrefix(when+", and "+r.When, ", and "), ", and ")
		all = append(all, api.PlannedRequest{
			Purpose: r.Purpose, When: condition, AuthMethod: r.AuthMethod, Note: r.Note,
			Request: api.Request{Method: r.Method, URL: r.URL, Headers: r.Header, Body: r.Body},
		})
	}
	return all
}

// next is which kind of attempt comes next, and why that one.
func (x explaining) next() (kind, why string) {
	r, s := x.record, x.subject
	hasRefresh := !r.Token.RefreshToken.IsZero()
	switch {
	case x.config.Grant == model.GrantSigned:
		return "sign", "the token is a JWT that is made here; nobody is asked"
	case r.Spends(s) && s.CanGrant:
		return "refresh", "there is a refresh token; should it be refused, the credentials get a new token"
	case r.Spends(s):
		return "refresh", "there is a refresh token, and nothing else to ask with: should it be refused, a person has to connect again"
	case !s.CanGrant && (x.config.Grant == model.GrantAuthorizationCode || x.config.Grant == model.GrantDeviceCode):
		return "connect", "a person has to consent first"
	case !s.CanGrant:
		return "none", "the settings do not suffice to ask for a token"
	case hasRefresh && r.InDoubt:
		return "token", "from the credentials: the refresh token may have been spent by a request that got no answer"
	case hasRefresh && r.Login.Last:
		return "token", "from the credentials: the service allows no further refresh of this login (session_lifetime, max_refreshes)"
	case hasRefresh:
		return "token", "from the credentials: there is a refresh token, but neither refresh_url nor refresh says where it is spent"
	}
	return "token", "from the credentials: there is no refresh token"
}
