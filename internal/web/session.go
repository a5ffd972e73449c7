package web

import (
	"net/http"
	"net/url"
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/seal"
)

// cookie holds a session's text. It is the API's: whoever has signed in on the page may follow a link into the API.
const cookie = "token"

// doors are what nobody has to sign in for.
func doors() []route {
	return []route{
		{pattern: "GET " + root + "/sign-in", serve: showSignIn, open: true},
		{pattern: "POST " + root + "/sign-in", serve: signIn, open: true},
		{pattern: "POST " + root + "/sign-out", serve: signOut, open: true},
	}
}

// enter finds out whose request it is.
func (v *visit) enter(route route) (err error) {
	c, err := v.r.Cookie(cookie)
	if err == nil && c.Value != "" {
		v.caller, err = v.hub.CallerBySession(v.r.Context(), seal.NewSecret(c.Value))
	} else {
		err = fault.New(fault.Unauthenticated, "nobody is signed in")
	}
	if route.open {
		return nil
	}
	return err
}

// toSignIn sends the browser to where a person signs in, and back. A form that was filled in is lost; a page is not.
func (v *visit) toSignIn() {
	next := v.r.URL.RequestURI()
	if v.r.Method != http.MethodGet || v.htmx() {
		next = v.r.Header.Get("HX-Current-URL")
		if u, err := url.Parse(next); err == nil {
			next = u.RequestURI()
		}
	}
	to := root + "/sign-in"
	if local(next) && next != "/" {
		to += "?" + url.Values{"next": {next}}.Encode()
	}
	v.to(to)
}

// local reports whether a URL stays here.
func local(to string) bool {
	return strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.ContainsAny(to, "\\\t\r\n")
}

// signInPage is who wants to sign in, and where to go then.
type signInPage struct{ Username, Next string }

func showSignIn(v *visit) error {
	next := v.r.URL.Query().Get("next")
	if v.caller.Name != "" {
		v.to("/")
		return nil
	}
	return v.show(page{Title: "Sign in", Name: "sign-in", Data: signInPage{Next: next}})
}

func signIn(v *visit) error {
	in := signInPage{Username: strings.TrimSpace(v.r.PostFormValue("username")), Next: v.r.PostFormValue("next")}
	session, err := v.hub.Login(v.r.Context(), in.Username, seal.NewSecret(v.r.PostFormValue("password")))
	if err != nil {
		return v.show(page{Title: "Sign in", Name: "sign-in", Data: in, Err: err})
	}
	http.SetCookie(v.w, v.sessionCookie(session))
	if !local(in.Next) {
		in.Next = "/"
	}
	v.to(in.Next)
	return nil
}

// sessionCookie carries a session. It comes along when a service sends the browser back (Lax), and never with another site's form.
func (v *visit) sessionCookie(session seal.Secret) *http.Cookie {
	return &http.Cookie{
		Name: cookie, Value: session.Reveal(), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: v.r.TLS != nil, MaxAge: int(access.SessionLife.Seconds()),
	}
}

func signOut(v *visit) error {
	if c, err := v.r.Cookie(cookie); err == nil {
		if err := v.hub.Logout(v.r.Context(), seal.NewSecret(c.Value)); err != nil {
			return err
		}
	}
	http.SetCookie(v.w, &http.Cookie{Name: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.r.TLS != nil, MaxAge: -1})
	v.to(root + "/sign-in")
	return nil
}
