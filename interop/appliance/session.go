package appliance

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"maps"
	"net/http"
	"time"
)

// A session is what a login opens. Its texts are drawn by the vendor's file: each has a form of its own.
type session struct {
	token     string // what calls carry
	second    string // an XSRF token, a refresh token, or an address, as the vendor has it
	login     time.Time
	given     time.Time // when the token was
	used      time.Time
	refreshes int
}

// ended reports whether a session is over. If the token alone is, and it can still be refreshed, the session is not.
func (a *Appliance) ended(s *session) bool {
	now := a.options.Now()
	return past(s.login, a.options.Absolute, now) || past(s.used, a.options.Idle, now) ||
		past(s.given, a.options.Life, now) && !a.late
}

// past reports whether a span of time is over; one of 0 never is.
func past(from time.Time, span time.Duration, now time.Time) bool {
	return span > 0 && !now.Before(from.Add(span))
}

var (
	errPassword  = errors.New("wrong username or password")
	errFull      = errors.New("too many sessions are open")
	errUnknown   = errors.New("no such session")
	errExpired   = errors.New("the session has expired")
	errRefreshes = errors.New("the session has been refreshed as often as it may")
)

// open logs in: a new session with these texts. Sessions that have ended do not count against the limit.
func (a *Appliance) open(user, password, token, second string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sweep()
	switch {
	case !same(user, a.options.Username) || !same(password, a.options.Password):
		return errPassword
	case a.options.Sessions > 0 && len(a.sessions) >= a.options.Sessions:
		return errFull
	}
	now := a.options.Now()
	a.sessions[token] = &session{token: token, second: second, login: now, given: now, used: now}
	a.stats.Logins++
	return nil
}

// use finds the live session of a token, for which that counts as use.
func (a *Appliance) use(token string) (session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, now := a.sessions[token], a.options.Now()
	switch {
	case s == nil:
		return session{}, errUnknown
	case a.ended(s) || past(s.given, a.options.Life, now):
		return session{}, errExpired
	}
	s.used = now
	return *s, nil
}

// renew gives a session new texts; the old ones end.
func (a *Appliance) renew(token, second, newToken, newSecond string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.sessions[token]
	switch {
	case s == nil || !same(second, s.second):
		return errUnknown
	case a.ended(s):
		return errExpired
	case a.options.Refreshes > 0 && s.refreshes >= a.options.Refreshes:
		return errRefreshes
	}
	delete(a.sessions, token)
	now := a.options.Now()
	s.token, s.second, s.given, s.used = newToken, newSecond, now, now
	s.refreshes++
	a.sessions[newToken] = s
	a.stats.Refreshes++
	return nil
}

// leave logs out.
func (a *Appliance) leave(token string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sweep()
	if a.sessions[token] == nil {
		return errUnknown
	}
	delete(a.sessions, token)
	a.stats.Logouts++
	return nil
}

// sweep drops the sessions that have ended.
func (a *Appliance) sweep() {
	maps.DeleteFunc(a.sessions, func(_ string, s *session) bool { return a.ended(s) })
}

// called counts an accepted call of the API.
func (a *Appliance) called() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stats.Calls++
}

// refused remembers why a request was refused. The request's pattern names it: its path may hold a token.
func (a *Appliance) refused(r *http.Request, why error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stats.Refusals = append(a.stats.Refusals, r.Pattern+": "+why.Error())
}

// same compares secrets.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// draw draws a text of n capital letters and digits.
func draw(n int) string {
	text := ""
	for len(text) < n {
		text += rand.Text()
	}
	return text[:n]
}
