package server

import (
	"mime"
	"net/http"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/seal"
)

// cookie holds a session's text. It is set by a login and by nothing else: a client of the compatible API throws all its
// cookies away whenever one is set.
const cookie = "token"

// enter finds out whose request it is.
func (s *server) enter(x *exchange, route route) (err error) {
	switch {
	case route.open && !route.guest:
		return nil
	case s.caller != nil:
		x.caller = *s.caller
		return nil
	case route.guest:
		x.caller, err = visitor(x)
		return err
	}
	x.caller, err = authenticate(x)
	return err
}

// authenticate takes HTTP Basic, a session or access token as Bearer, or the session's cookie, in this order.
func authenticate(x *exchange) (access.Caller, error) {
	if name, password, ok := x.r.BasicAuth(); ok {
		return x.CallerByPassword(x.ctx(), name, seal.NewSecret(password))
	}
	if token, ok := bearer(x.r); ok {
		return x.CallerBySession(x.ctx(), token)
	}
	if x.r.Header.Get("Authorization") != "" {
		return access.Caller{}, fault.New(fault.Unauthenticated, "the Authorization header can't be read").WithHint("use Basic or Bearer")
	}
	token, ok := cookied(x.r)
	if !ok {
		return access.Caller{}, fault.New(fault.Unauthenticated, "nobody is signed in").
			WithHint("use HTTP Basic, POST /login, or an access token of a service account")
	}
	if err := fromScript(x.r); err != nil {
		return access.Caller{}, err
	}
	return x.CallerBySession(x.ctx(), token)
}

// fromScript refuses a change with a cookie that a plain form of another site could have sent: a body must be JSON. A browser
// that says where a request comes from is checked before.
func fromScript(r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.ContentLength == 0 || isType(r, "application/json") {
		return nil
	}
	return fault.New(fault.Denied, "the body is not declared to be JSON").WithHint("send Content-Type: application/json with a session's cookie")
}

func isType(r *http.Request, want string) bool {
	got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && got == want
}

// bearer is the token of an Authorization header (RFC 6750 2.1).
func bearer(r *http.Request) (seal.Secret, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return seal.Secret{}, false
	}
	return seal.NewSecret(strings.TrimSpace(token)), true
}

func cookied(r *http.Request) (seal.Secret, bool) {
	c, err := r.Cookie(cookie)
	if err != nil || c.Value == "" {
		return seal.Secret{}, false
	}
	return seal.NewSecret(c.Value), true
}

// login answers with the session's text, as the body and as a cookie.
func login(x *exchange, in api.Login) (text, error) {
	if in.User != nil {
		in = *in.User
	}
	if in.Username == "" || in.Password == "" {
		return "", fault.New(fault.Invalid, "username or password is missing").WithHint(`send {"username": "...", "password": "..."}`)
	}
	token, err := x.Login(x.ctx(), in.Username, seal.NewSecret(in.Password))
	if err != nil {
		return "", err
	}
	http.SetCookie(x.w, &http.Cookie{
		Name: cookie, Value: token.Reveal(), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: x.r.TLS != nil, MaxAge: int(access.SessionLife.Seconds()),
	})
	return text(token.Reveal()), nil
}

// logout ends the session that the request comes with, if any.
func logout(x *exchange) (api.Done, error) {
	token, ok := bearer(x.r)
	if !ok {
		token, ok = cookied(x.r)
	}
	if ok {
		if err := x.Logout(x.ctx(), token); err != nil {
			return api.Done{}, err
		}
	}
	return api.Done{Status: "OK", Message: "Signed out."}, nil
}
