package appliance

import (
	"cmp"
	"errors"
	"net/http"
	"time"
)

// redfish is the management controller of a server that speaks DMTF's Redfish. A session is a resource: a login makes one, the
// answer's Location is its address, and to log out is to delete it. A session that lies unused ends; there are few.
//
// "Redfish Specification" (DSP0266, session management); "POST - Create a session" (Lenovo XClarity Controller REST API), for
// the 503, and of the older XClarity Controller, for the 403; "Using RESTful APIs" (Supermicro Redfish Reference Guide), for the 16 sessions; "Redfish authentication and
// sessions" (HPE), for the body of the 401.
type redfish struct{ *Appliance }

const (
	sessionsPath = "/redfish/v1/SessionService/Sessions"
	tokenHeader  = "X-Auth-Token"
)

// Redfish returns the management controller of a server.
func Redfish(o Options) *Appliance {
	o.Idle, o.Sessions = cmp.Or(o.Idle, 30*time.Minute), cmp.Or(o.Sessions, 16)
	o.FullStatus = cmp.Or(o.FullStatus, http.StatusServiceUnavailable)
	f := redfish{newAppliance("redfish", o)}
	f.mux.HandleFunc("POST "+sessionsPath, f.login)
	f.mux.HandleFunc("DELETE "+sessionsPath+"/{id}", f.logout)
	f.mux.HandleFunc("GET /redfish/v1/Systems", f.call)
	return f.Appliance
}

func (f redfish) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ UserName, Password string }
	err := errors.New("a session is made of JSON")
	if isType(r, "application/json") {
		err = decode(r, &body)
	}
	if err != nil {
		f.refuse(w, r, err, http.StatusBadRequest, "MalformedJSON")
		return
	}
	token, id := draw(32), draw(10)
	switch err := f.open(body.UserName, body.Password, token, id); {
	case errors.Is(err, errFull):
		f.refuse(w, r, err, f.options.FullStatus, "SessionLimitExceeded")
	case err != nil:
		f.refuse(w, r, err, http.StatusUnauthorized, "AccessDenied")
	default:
		w.Header().Set(tokenHeader, token)
		w.Header().Set("Location", sessionsPath+"/"+id)
		answer(w, http.StatusCreated, object{"@odata.id": sessionsPath + "/" + id, "@odata.type": "#Session.v1_4_0.Session",
			"Id": id, "Name": "User Session", "UserName": f.options.Username, "Password": nil})
	}
}

func (f redfish) refuse(w http.ResponseWriter, r *http.Request, why error, status int, message string) {
	f.refused(r, why)
	answer(w, status, object{"error": object{"code": "Base.1.8.GeneralError", "message": "A general error has occurred.",
		"@Message.ExtendedInfo": []object{{"MessageId": "Base.1.8." + message}}}})
}

// logout deletes the session that the path names; it has to be the token's own.
func (f redfish) logout(w http.ResponseWriter, r *http.Request) {
	s, err := f.use(r.Header.Get(tokenHeader))
	switch {
	case err != nil:
		f.refuse(w, r, err, http.StatusUnauthorized, "NoValidSession")
	case r.PathValue("id") != s.second:
		f.refuse(w, r, errUnknown, http.StatusNotFound, "ResourceMissingAtURI")
	default:
		f.leave(s.token)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (f redfish) call(w http.ResponseWriter, r *http.Request) {
	if _, err := f.use(r.Header.Get(tokenHeader)); err != nil {
		f.refuse(w, r, err, http.StatusUnauthorized, "NoValidSession")
		return
	}
	f.called()
	answer(w, http.StatusOK, object{"@odata.id": "/redfish/v1/Systems", "Name": "Computer System Collection",
		"Members@odata.count": 1, "Members": []object{{"@odata.id": "/redfish/v1/Systems/1"}}})
}
