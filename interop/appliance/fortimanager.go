package appliance

import (
	"cmp"
	"encoding/base64"
	"errors"
	"net/http"
	"time"
)

// fortimanager is FortiManager. There is one path, to which everything is posted: logins, calls and logouts differ in the body
// alone, which holds the session too. The status is always 200; a dead session has the code of a missing right, -11.
//
// "FMG JSON API Introduction" (How to use the FortiManager API); "Technical Tip: Using FortiManager API" and "Technical Tip:
// Limiting Login Sessions from Specific Admin User" (Fortinet Community), for the idle timeout and the 32 sessions. How a login
// above them is answered is not said: here as a wrong password is.
type fortimanager struct{ *Appliance }

// FortiManager returns a FortiManager.
func FortiManager(o Options) *Appliance {
	o.Idle, o.Sessions = cmp.Or(o.Idle, 15*time.Minute), cmp.Or(o.Sessions, 32)
	f := fortimanager{newAppliance("fortimanager", o)}
	f.mux.HandleFunc("POST /jsonrpc", f.rpc)
	return f.Appliance
}

// rpcRequest is what is posted.
type rpcRequest struct {
	ID      any         `json:"id"`
	Method  string      `json:"method"`
	Params  []rpcParams `json:"params"`
	Session *string     `json:"session"`
	Verbose int         `json:"verbose"`
}

type rpcParams struct {
	URL  string `json:"url"`
	Data struct {
		User     string `json:"user"`
		Password string `json:"passwd"`
	} `json:"data"`
	Fields []string `json:"fields"`
}

// Codes of FortiManager's.
const (
	rpcOK        = 0
	rpcBad       = -20 // here for all that is wrong with a request
	rpcNoRight   = -11
	rpcLoginFail = -22
)

func (f fortimanager) rpc(w http.ResponseWriter, r *http.Request) {
	var q rpcRequest
	if err := decode(r, &q); err != nil || len(q.Params) != 1 {
		f.refuse(w, r, q, cmp.Or(err, errors.New("one call in params is wanted")), rpcBad, "Invalid request")
		return
	}
	switch call := q.Method + " " + q.Params[0].URL; call {
	case "exec /sys/login/user", "exec sys/login/user":
		f.login(w, r, q)
	case "exec /sys/logout", "exec sys/logout":
		f.logout(w, r, q)
	default:
		f.call(w, r, q, call)
	}
}

func (f fortimanager) login(w http.ResponseWriter, r *http.Request, q rpcRequest) {
	token, of := base64.StdEncoding.EncodeToString([]byte(draw(64))), q.Params[0].Data
	if err := f.open(of.User, of.Password, token, ""); err != nil {
		f.refuse(w, r, q, err, rpcLoginFail, "Login fail")
		return
	}
	f.answer(w, q, rpcOK, "OK", nil, token)
}

func (f fortimanager) logout(w http.ResponseWriter, r *http.Request, q rpcRequest) {
	if err := f.leave(q.session()); err != nil {
		f.refuse(w, r, q, err, rpcNoRight, "No permission for the resource")
		return
	}
	f.answer(w, q, rpcOK, "OK", nil, "")
}

func (f fortimanager) call(w http.ResponseWriter, r *http.Request, q rpcRequest, call string) {
	if _, err := f.use(q.session()); err != nil {
		f.refuse(w, r, q, err, rpcNoRight, "No permission for the resource")
		return
	}
	switch call {
	case "get /dvmdb/device":
	case "get /cli/global/system/admin/user":
		f.refuse(w, r, q, errors.New("a missing right"), rpcNoRight, "No permission for the resource")
		return
	default:
		f.refuse(w, r, q, errors.New("no such resource"), rpcBad, "Invalid url")
		return
	}
	f.called()
	f.answer(w, q, rpcOK, "OK", []object{{"name": "FGT-1", "ip": "10.0.0.7", "conn_status": 1}}, "")
}

func (f fortimanager) refuse(w http.ResponseWriter, r *http.Request, q rpcRequest, why error, code int, text string) {
	f.refused(r, why)
	f.answer(w, q, code, text, nil, "")
}

// answer writes what every answer has, and its data and session if there are any.
func (f fortimanager) answer(w http.ResponseWriter, q rpcRequest, code int, text string, data any, session string) {
	url := ""
	if len(q.Params) > 0 {
		url = q.Params[0].URL
	}
	result := object{"status": object{"code": code, "message": text}, "url": url}
	if data != nil {
		result["data"] = data
	}
	body := object{"id": q.ID, "result": []object{result}}
	if session != "" {
		body["session"] = session
	}
	answer(w, http.StatusOK, body)
}

func (q rpcRequest) session() string {
	if q.Session == nil {
		return ""
	}
	return *q.Session
}
