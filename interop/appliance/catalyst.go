package appliance

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"
)

// catalyst is Cisco Catalyst Center, once called DNA Center: HTTP basic for a token of an hour, which is a JWT, in a body with
// one member. It can't be refreshed, and there is no logout; nor is a limit of sessions documented.
//
// "Authentication" (Cisco Catalyst Center API, Release 2.3.7.9).
type catalyst struct{ *Appliance }

// CatalystCenter returns a Cisco Catalyst Center.
func CatalystCenter(o Options) *Appliance {
	o.Life = cmp.Or(o.Life, time.Hour)
	c := catalyst{newAppliance("catalyst", o)}
	c.mux.HandleFunc("POST /dna/system/api/v1/auth/token", c.login)
	c.mux.HandleFunc("GET /dna/intent/api/v1/network-device", c.call)
	return c.Appliance
}

func (c catalyst) login(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	token := c.token()
	if err := c.open(user, password, token, ""); err != nil {
		c.refused(r, err)
		answer(w, http.StatusUnauthorized, object{"error": "Authentication has failed. Please provide valid credentials."})
		return
	}
	answer(w, http.StatusOK, object{"Token": token})
}

// token draws a JWT. Nobody but the real appliance could verify one, so its signature is a random text.
func (c catalyst) token() string {
	part := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(`{"sub":"%s","authSource":"internal","tenantName":"TNT0","exp":%d,"username":%q}`,
		draw(24), c.options.Now().Add(c.options.Life).Unix(), c.options.Username)
	return part([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." + part([]byte(claims)) + "." + part([]byte(draw(32)))
}

func (c catalyst) call(w http.ResponseWriter, r *http.Request) {
	if _, err := c.use(r.Header.Get("X-Auth-Token")); err != nil {
		c.refused(r, err)
		answer(w, http.StatusUnauthorized, object{"exp": "token expired"})
		return
	}
	c.called()
	answer(w, http.StatusOK, object{"version": "1.0", "response": []object{{
		"hostname": "cat_9k_1", "managementIpAddress": "10.10.20.81", "reachabilityStatus": "Reachable",
	}}})
}
