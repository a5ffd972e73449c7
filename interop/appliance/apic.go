package appliance

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// apic is the controller of Cisco ACI. The token of a login is a cookie and stands in the body too; it lives for 600 s, as the
// body says in a text, unless it is refreshed with a GET that carries the cookie itself. 24 hours after the login that ends. A
// dead token is a 403, and so is a missing right: only the body tells them apart.
//
// "Using the REST API" (Cisco APIC REST API Configuration Guide, Release 4.2(x) and Later); "REST Interface" (Troubleshooting
// Cisco Application Centric Infrastructure), for the 403. Whether a refresh ends the token before it is not said: here it does.
// The number of sessions is an administrator's setting, and how a login above it is answered not said: here with a 401.
type apic struct{ *Appliance }

const apicCookie = "APIC-cookie"

// APIC returns a Cisco ACI APIC.
func APIC(o Options) *Appliance {
	o.Life, o.Absolute = cmp.Or(o.Life, 600*time.Second), cmp.Or(o.Absolute, 24*time.Hour)
	a := apic{newAppliance("apic", o)}
	a.mux.HandleFunc("POST /api/aaaLogin.json", a.login)
	a.mux.HandleFunc("GET /api/aaaRefresh.json", a.refresh)
	a.mux.HandleFunc("POST /api/aaaLogout.json", a.logout)
	a.mux.HandleFunc("GET /api/class/{class}", a.call)
	return a.Appliance
}

// aaaUser is the body of a login and of a logout. Its media type is not looked at: the ending of the path says what it is.
type aaaUser struct {
	User struct {
		Attributes struct {
			Name     string `json:"name"`
			Password string `json:"pwd"`
		} `json:"attributes"`
	} `json:"aaaUser"`
}

func (a apic) login(w http.ResponseWriter, r *http.Request) {
	var body aaaUser
	if err := decode(r, &body); err != nil {
		a.refuse(w, r, err, http.StatusBadRequest, "Error: Invalid JSON")
		return
	}
	token, of := apicToken(), body.User.Attributes
	switch err := a.open(of.Name, of.Password, token, token); {
	case errors.Is(err, errFull):
		a.refuse(w, r, err, http.StatusUnauthorized, "Maximum number of web sessions reached")
	case err != nil:
		a.refuse(w, r, err, http.StatusUnauthorized, "Username or password is incorrect - FAILED local authentication")
	default:
		a.token(w, token)
	}
}

// refresh gives a new token for one that is still alive: nothing else proves who asks.
func (a apic) refresh(w http.ResponseWriter, r *http.Request) {
	old, token := cookie(r, apicCookie), apicToken()
	if err := a.renew(old, old, token, token); err != nil {
		a.timeout(w, r, err)
		return
	}
	a.token(w, token)
}

func (a apic) token(w http.ResponseWriter, token string) {
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }
	http.SetCookie(w, &http.Cookie{Name: apicCookie, Value: token, Path: "/", Secure: true, HttpOnly: true})
	a.imdata(w, http.StatusOK, object{"aaaLogin": object{"attributes": object{
		"token": token, "userName": a.options.Username, "sessionId": draw(24),
		"refreshTimeoutSeconds": seconds(a.options.Life), "maximumLifetimeSeconds": seconds(a.options.Absolute),
	}}})
}

// imdata answers with objects, in the envelope that all have.
func (a apic) imdata(w http.ResponseWriter, status int, objects ...object) {
	answer(w, status, object{"totalCount": fmt.Sprint(len(objects)), "imdata": append([]object{}, objects...)})
}

func (a apic) refuse(w http.ResponseWriter, r *http.Request, why error, status int, text string) {
	a.refused(r, why)
	a.imdata(w, status, object{"error": object{"attributes": object{"code": strconv.Itoa(status), "text": text}}})
}

func (a apic) timeout(w http.ResponseWriter, r *http.Request, why error) {
	a.refuse(w, r, why, http.StatusForbidden, "Token was invalid (Error: Token timeout)")
}

func (a apic) logout(w http.ResponseWriter, r *http.Request) {
	var body aaaUser
	if err := decode(r, &body); err != nil || body.User.Attributes.Name != a.options.Username {
		a.refuse(w, r, errors.New("a logout names the user"), http.StatusBadRequest, "Error: Invalid user")
		return
	}
	if err := a.leave(cookie(r, apicCookie)); err != nil {
		a.timeout(w, r, err)
		return
	}
	a.imdata(w, http.StatusOK)
}

// call answers a query of a class. One class is beyond the account's rights.
func (a apic) call(w http.ResponseWriter, r *http.Request) {
	if _, err := a.use(cookie(r, apicCookie)); err != nil {
		a.timeout(w, r, err)
		return
	}
	switch r.PathValue("class") {
	case "fvTenant.json":
		a.called()
		a.imdata(w, http.StatusOK, object{"fvTenant": object{"attributes": object{"dn": "uni/tn-common", "name": "common"}}})
	default:
		a.refuse(w, r, errors.New("a missing right"), http.StatusForbidden, "User does not have domain access to read this object")
	}
}

// apicToken draws a token in Base64, which has characters that mean something elsewhere.
func apicToken() string { return base64.StdEncoding.EncodeToString([]byte(draw(94))) }
