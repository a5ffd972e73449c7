package appliance

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// fmc is Cisco Secure Firewall Management Center. Its tokens come in headers of an answer without a body, together with the
// UUID of the domain that paths name. A token lives for 30 minutes, which nothing in the answer says, and can be refreshed
// three times.
//
// "Connecting with a Client" (Firepower Management Center REST API Quick Start Guide) and "Generate Authentication Token for
// FMC REST API Interactions"; "Refreshing a FMC REST API authentication token" (DevNet learning lab), whose sample has
// revokeaccess too. A token that has expired can still be refreshed, until the four lives are over: clients in the field do so
// after a 401. No limit of sessions is documented.
type fmc struct{ *Appliance }

// Domain is the UUID of the Management Center's global domain.
const Domain = "e276abec-e0f2-11e3-8169-6d9ed49b625f"

const (
	accessHeader  = "X-auth-access-token"
	refreshHeader = "X-auth-refresh-token"
)

// FMC returns a Cisco Secure Firewall Management Center.
func FMC(o Options) *Appliance {
	o.Life, o.Refreshes = cmp.Or(o.Life, 30*time.Minute), cmp.Or(o.Refreshes, 3)
	o.Absolute = cmp.Or(o.Absolute, o.Life*time.Duration(o.Refreshes+1))
	f := fmc{newAppliance("fmc", o)}
	f.late = true
	f.mux.HandleFunc("POST /api/fmc_platform/v1/auth/generatetoken", f.login)
	f.mux.HandleFunc("POST /api/fmc_platform/v1/auth/refreshtoken", f.refresh)
	f.mux.HandleFunc("POST /api/fmc_platform/v1/auth/revokeaccess", f.logout)
	f.mux.HandleFunc("GET /api/fmc_config/v1/domain/{domain}/object/networks", f.call)
	return f.Appliance
}

func (f fmc) login(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	access, refresh := uuid(), uuid()
	err := errors.New("the body of a login has to be empty")
	if r.ContentLength == 0 {
		err = f.open(user, password, access, refresh)
	}
	f.tokens(w, r, access, refresh, err)
}

func (f fmc) refresh(w http.ResponseWriter, r *http.Request) {
	access, refresh := uuid(), uuid()
	err := f.renew(r.Header.Get(accessHeader), r.Header.Get(refreshHeader), access, refresh)
	f.tokens(w, r, access, refresh, err)
}

// tokens answers with tokens, unless there are none.
func (f fmc) tokens(w http.ResponseWriter, r *http.Request, access, refresh string, err error) {
	if err != nil {
		text := "Invalid refresh token"
		if errors.Is(err, errPassword) {
			text = "Authentication failed" // it does not say of what
		}
		f.refuse(w, r, err, http.StatusUnauthorized, text)
		return
	}
	w.Header().Set(accessHeader, access)
	w.Header().Set(refreshHeader, refresh)
	w.Header().Set("DOMAIN_UUID", Domain)
	w.Header().Set("USER_UUID", "68d03c42-d9bd-11dc-89f2-b7961d42c462")
	w.WriteHeader(http.StatusNoContent)
}

func (f fmc) refuse(w http.ResponseWriter, r *http.Request, why error, status int, text string) {
	f.refused(r, why)
	answer(w, status, object{"error": object{"category": "FRAMEWORK", "severity": "ERROR",
		"messages": []object{{"description": text}}}})
}

func (f fmc) logout(w http.ResponseWriter, r *http.Request) {
	if err := f.leave(r.Header.Get(accessHeader)); err != nil {
		f.refuse(w, r, err, http.StatusUnauthorized, "Access token invalid.")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (f fmc) call(w http.ResponseWriter, r *http.Request) {
	if _, err := f.use(r.Header.Get(accessHeader)); err != nil {
		f.refuse(w, r, err, http.StatusUnauthorized, "Access token invalid.")
		return
	}
	if r.PathValue("domain") != Domain {
		f.refuse(w, r, errors.New("no such domain"), http.StatusNotFound, "The domain does not exist.")
		return
	}
	f.called()
	answer(w, http.StatusOK, object{
		"items":  []object{{"type": "Network", "name": "any-ipv4", "id": "cb7116e8-66a6-480b-8f9b-295191a0940a"}},
		"paging": object{"offset": 0, "limit": 25, "count": 1, "pages": 1},
	})
}

// uuid draws a UUID (RFC 9562 5.4).
func uuid() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
