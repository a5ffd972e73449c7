package appliance

import (
	"cmp"
	"errors"
	"net/http"
	"time"
)

// bigip is F5 BIG-IP's iControl REST. A token lives for 1200 s, however often it is used, and a user may have a hundred:
// scripts that log in and never out are locked out by the hundred and first. A login names who checks the password, tmos.
//
// "iControl REST Authentication Token Management" (F5 DevCentral). The limit does not hold for the user admin, whom nobody
// should give to a program.
type bigip struct{ *Appliance }

const f5Header = "X-F5-Auth-Token"

// BIGIP returns an F5 BIG-IP.
func BIGIP(o Options) *Appliance {
	o.Life, o.Sessions = cmp.Or(o.Life, 1200*time.Second), cmp.Or(o.Sessions, 100)
	b := bigip{newAppliance("bigip", o)}
	b.mux.HandleFunc("POST /mgmt/shared/authn/login", b.login)
	b.mux.HandleFunc("DELETE /mgmt/shared/authz/tokens/{token}", b.logout)
	b.mux.HandleFunc("GET /mgmt/tm/ltm/pool", b.call)
	return b.Appliance
}

func (b bigip) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ Username, Password, LoginProviderName string }
	err := errors.New("a login is JSON")
	if isType(r, "application/json") {
		err = decode(r, &body)
	}
	if err == nil && body.LoginProviderName != "tmos" {
		err = errors.New("loginProviderName has to be tmos")
	}
	if err != nil {
		b.refuse(w, r, err, http.StatusBadRequest, "Bad Request: the body is not a login")
		return
	}
	token := draw(26)
	switch err := b.open(body.Username, body.Password, token, ""); {
	case errors.Is(err, errFull):
		b.refuse(w, r, err, http.StatusBadRequest, "Bad Request: user "+body.Username+" has reached maximum active login tokens")
	case err != nil:
		b.refuse(w, r, err, http.StatusUnauthorized, "Authentication failed.")
	default:
		b.token(w, token)
	}
}

func (b bigip) token(w http.ResponseWriter, token string) {
	now := b.options.Now()
	answer(w, http.StatusOK, object{
		"username": b.options.Username, "loginProviderName": "tmos", "generation": 0, "lastUpdateMicros": 0,
		"token": object{
			"token": token, "name": token, "userName": b.options.Username, "authProviderName": "tmos", "timeout": b.options.Life.Seconds(),
			"startTime":        now.Format("2006-01-02T15:04:05.000-0700"),
			"expirationMicros": now.Add(b.options.Life).UnixMicro(), "lastUpdateMicros": now.UnixMicro(), "partition": "[All]",
			"kind":     "shared:authz:tokens:authtokenitemstate",
			"selfLink": "https://localhost/mgmt/shared/authz/tokens/" + token,
		},
	})
}

func (b bigip) refuse(w http.ResponseWriter, r *http.Request, why error, status int, text string) {
	b.refused(r, why)
	answer(w, status, object{"code": status, "message": text, "restOperationId": 6229426, "kind": ":resterrorresponse"})
}

// unauthorized refuses a call whose token is dead.
func (b bigip) unauthorized(w http.ResponseWriter, r *http.Request, why error) {
	text := "X-F5-Auth-Token does not exist."
	if errors.Is(why, errExpired) {
		text = "X-F5-Auth-Token has expired."
	}
	b.refuse(w, r, why, http.StatusUnauthorized, text)
}

// logout deletes the token that the path names. Only its own user may, so the request carries one too.
func (b bigip) logout(w http.ResponseWriter, r *http.Request) {
	if _, err := b.use(r.Header.Get(f5Header)); err != nil {
		b.unauthorized(w, r, err)
		return
	}
	token := r.PathValue("token")
	if err := b.leave(token); err != nil {
		b.refuse(w, r, err, http.StatusNotFound, "The token does not exist.")
		return
	}
	answer(w, http.StatusOK, object{"token": token, "userName": b.options.Username})
}

func (b bigip) call(w http.ResponseWriter, r *http.Request) {
	if _, err := b.use(r.Header.Get(f5Header)); err != nil {
		b.unauthorized(w, r, err)
		return
	}
	b.called()
	answer(w, http.StatusOK, object{"kind": "tm:ltm:pool:poolcollectionstate",
		"items": []object{{"name": "web", "partition": "Common"}}})
}
