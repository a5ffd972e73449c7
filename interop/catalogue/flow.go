package catalogue

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// state is what the server has given out. A request is judged against one, and makes the next.
type state struct {
	serial  int
	codes   []code
	firsts  []string // tokens of first requests, which the next may use once
	refresh []string
	tokens  []issued
	seen    map[string]time.Time // tokens that the client made, and when they came first
}

type code struct{ text, challenge, state string }

type issued struct {
	text, cookies string
	until         time.Time
}

func (st *state) clone() *state {
	return &state{serial: st.serial, codes: slices.Clone(st.codes), firsts: slices.Clone(st.firsts),
		refresh: slices.Clone(st.refresh), tokens: slices.Clone(st.tokens), seen: maps.Clone(st.seen)}
}

// errOver is a call with a token whose life is over: the answer is 401, and it is no fault of the request.
var errOver = errors.New("the token's life is over")

// bind says what each shape builds on, and what it does.
func (p *plan) bind() {
	if p.authorize != nil {
		p.authorize.chosen = func(candidate) map[string]check {
			return map[string]check{"state": checkPresent, "challenge": checkChallenge}
		}
		p.authorize.accept = p.redirect
	}
	if p.token != nil {
		p.bindToken()
	}
	for _, s := range p.steps {
		s.without, s.pick = "there is no first answer that was not used", func(st *state) []candidate {
			return candidates(st.firsts, "step1.access_token")
		}
		s.accept = func(d *deed) (answer, error) {
			d.state.firsts = slices.Delete(d.state.firsts, d.chosen.at, d.chosen.at+1)
			return p.issue(d, p.last, true)
		}
	}
	if p.refresh != nil {
		p.bindRefresh()
	}
	for _, s := range p.others {
		s.pick, s.without, s.accept = picksTokens("introspected"), "no token was given out", p.introspect
	}
	p.bindCall()
}

func (p *plan) bindToken() {
	if slices.Contains(namesIn(p.token.params, p.token.headers), "code") {
		p.token.without = "there is no code that was given out and not used"
		p.token.pick = func(st *state) (found []candidate) {
			for i, c := range st.codes {
				found = append(found, candidate{map[string]string{"code": c.text, "state": c.state, "challenge": c.challenge}, i})
			}
			return found
		}
		p.token.chosen = func(c candidate) map[string]check {
			return map[string]check{"verifier": checkVerifier(c.values["challenge"])}
		}
	}
	p.token.accept = func(d *deed) (answer, error) {
		if p.token.pick != nil {
			d.state.codes = slices.Delete(d.state.codes, d.chosen.at, d.chosen.at+1)
		}
		if len(p.steps) == 0 {
			return p.issue(d, p.last, true)
		}
		d.state.serial++
		first := fmt.Sprintf("%s.first/%d+~=", p.entry.Name, d.state.serial)
		d.state.firsts = append(d.state.firsts, first)
		return p.answer(p.first, d.now, map[string]string{"stepToken": first})
	}
}

func (p *plan) bindRefresh() {
	spends := slices.Contains(namesIn(p.refresh.params, p.refresh.headers), "refresh_token")
	if p.refresh.without = "no token was given out to renew"; spends {
		p.refresh.without = "there is no refresh token that was given out and not spent"
	}
	p.refresh.pick = func(st *state) []candidate {
		switch {
		case spends:
			return candidates(st.refresh, "refresh_token")
		case len(st.tokens) > 0:
			return []candidate{{}}
		}
		return nil
	}
	p.refresh.accept = func(d *deed) (answer, error) {
		if spends && p.rotates {
			d.state.refresh = slices.Delete(d.state.refresh, d.chosen.at, d.chosen.at+1)
		}
		return p.issue(d, p.renewed, p.rotates)
	}
}

func (p *plan) bindCall() {
	p.call.without = "no token was given out"
	p.call.pick = picksTokens("accessToken")
	if p.token == nil {
		p.call.pick = nil
	}
	p.call.accept = p.called
	if p.entry.ForwardHeadersOnRedirect {
		hop := *p.call
		hop.name, hop.url = "redirected call", p.facts.Base+"/redirected."+strings.TrimPrefix(p.call.url, p.facts.Base+"/")
		p.hop = &hop
	}
}

func candidates(texts []string, name string) (found []candidate) {
	for i, text := range texts {
		found = append(found, candidate{map[string]string{name: text}, i})
	}
	return found
}

// picksTokens finds the tokens, the newest first.
func picksTokens(name string) func(*state) []candidate {
	return func(st *state) (found []candidate) {
		for i, t := range slices.Backward(st.tokens) {
			found = append(found, candidate{map[string]string{name: t.text, "credentials._cookies": t.cookies}, i})
		}
		return found
	}
}

// redirect gives out a code (RFC 6749 4.1.2).
func (p *plan) redirect(d *deed) (answer, error) {
	d.state.serial++
	c := code{fmt.Sprintf("%s.code/%d+=", p.entry.Name, d.state.serial), d.values["challenge"], d.values["state"]}
	text := c.text
	if p.codeValue != "" {
		text = p.codeValue
	}
	d.state.codes = append(d.state.codes, c)
	query := url.Values{p.codeName: {text}, "state": {c.state}}
	for _, name := range p.entry.RedirectURIMetadata {
		query.Set(name, p.facts.values["connectionConfig."+name])
	}
	sep := "?"
	if strings.Contains(p.facts.RedirectURI, "?") {
		sep = "&"
	}
	to := p.facts.RedirectURI + sep + query.Encode()
	return answer{status: http.StatusFound, headers: http.Header{"Location": {to}}}, nil
}

// issue gives out a token, and a refresh token if the one in the answer is to be good for something.
func (p *plan) issue(d *deed, o Object, refreshes bool) (answer, error) {
	d.state.serial++
	t := issued{text: fmt.Sprintf("%s.access/%d+~-_=", p.entry.Name, d.state.serial), until: d.now.Add(p.life)}
	t.cookies = "B1SESSION=" + t.text + "; ROUTEID=.node1"
	refresh := fmt.Sprintf("%s.refresh/%d+=", p.entry.Name, d.state.serial)
	if p.ownRefresh {
		refresh = t.text
	}
	d.state.tokens = append(d.state.tokens, t)
	if p.refresh != nil && refreshes {
		d.state.refresh = append(d.state.refresh, refresh)
	}
	a, err := p.answer(o, d.now, map[string]string{"accessToken": t.text, "refreshToken": refresh,
		"userToken": "user." + t.text, "userRefreshToken": "user." + refresh})
	if p.cookies {
		a.headers = http.Header{"Set-Cookie": {"B1SESSION=" + t.text + "; Path=/; HttpOnly", "ROUTEID=.node1; Path=/"}}
	}
	return a, err
}

// answer fills an answer in.
func (p *plan) answer(o Object, now time.Time, values map[string]string) (answer, error) {
	until := now.Add(p.life).UTC()
	values["expiresIn"] = strconv.Itoa(max(1, int(p.life.Seconds())))
	values["expiresInMS"] = strconv.FormatInt(p.life.Milliseconds(), 10)
	values["expiresUnix"] = strconv.FormatInt(until.Unix(), 10)
	values["expiresAt"] = until.Format("2006-01-02T15:04:05.000Z")
	body, format, err := p.render(o, func(name string) (string, bool) {
		if v, is := values[name]; is {
			return v, true
		}
		return p.facts.value(name)
	})
	return answer{status: p.status, format: format, body: body}, err
}

// introspect is RFC 7662 2.2.
func (p *plan) introspect(d *deed) (answer, error) {
	t := d.state.tokens[d.chosen.at]
	o := members("active", false)
	if d.now.Before(t.until) {
		o = members("active", true, "token_type", "access_token", "exp", number(strconv.FormatInt(t.until.Unix(), 10)))
	}
	a, err := p.answer(o, d.now, map[string]string{})
	a.status = http.StatusOK
	return a, err
}

// called answers a call, if the token is still good. One that the client made is good for as long after its first call.
func (p *plan) called(d *deed) (answer, error) {
	until := time.Time{}
	if p.token != nil {
		until = d.state.tokens[d.chosen.at].until
	} else {
		made := d.values["accessToken"]
		if _, again := d.state.seen[made]; !again {
			d.state.seen[made] = d.now
		}
		until = d.state.seen[made].Add(p.life)
	}
	if !p.everlasting && !d.now.Before(until) {
		return answer{}, errOver
	}
	return answer{status: http.StatusOK, format: "json", body: []byte(`{"pong":` + strconv.Quote(p.entry.Name) + `}`)}, nil
}
