package web

import (
	"net/url"

	"carnet.dev/carnet/api"
)

// connectPage is a person's consent under way.
type connectPage struct {
	Name, Scheme string
	api.Connection
	Host  string // where the browser goes
	State api.Connected
}

// connect begins a person's consent. The browser is not redirected: a form may lead nowhere else (Content-Security-Policy), and
// whoever consents should see where.
func connect(v *visit) error {
	name, scheme := v.r.PathValue("name"), v.r.PostFormValue("scheme")
	began, err := v.hub.ConnectIntegration(v.r.Context(), v.caller, name, scheme, api.Connect{Callback: true})
	if err != nil {
		return v.again(err)
	}
	p := connectPage{Name: name, Scheme: scheme, Connection: began}
	to := began.AuthorizationURL
	if to == "" {
		to = began.VerificationURI
	}
	if u, err := url.Parse(to); err == nil {
		p.Host = u.Host
	}
	return v.show(page{Title: "Connect " + name, Name: "connect", Nav: "overview", Data: p})
}

// finishConnection asks how a consent stands, and goes on when it has ended.
func finishConnection(v *visit) error {
	name, state := v.r.PathValue("name"), v.r.PostFormValue("state")
	with := map[string]string{"state": state}
	confirmation := v.r.PostFormValue("confirmation")
	confirms := confirmation != ""
	if confirms {
		with["confirmation"] = confirmation
	}
	p := connectPage{Name: name, Connection: api.Connection{State: state}}
	var err error
	if p.State, err = v.hub.FinishConnection(v.r.Context(), v.caller, with); err != nil {
		if delete(with, "confirmation"); confirms { // who mistyped the code types it again
			p.State, _ = v.hub.FinishConnection(v.r.Context(), v.caller, with)
		}
		return v.showStanding(p, err)
	}
	if p.State.Token != nil {
		v.to(done(integrationURL(name), "connected"))
		return nil
	}
	return v.showStanding(p, nil)
}

func (v *visit) showStanding(p connectPage, err error) error {
	return v.show(page{Title: "Connect " + p.Name, Name: "connect-standing", Nav: "overview", Data: p, Err: err})
}

// explainPage is why a token is as it is, and what would be asked next.
type explainPage struct{ api.Explanation }

func explainToken(v *visit) error {
	e, err := v.hub.ExplainToken(v.r.Context(), v.caller, v.r.PathValue("name"), v.r.URL.Query().Get("scheme"))
	if err != nil {
		return err
	}
	return v.show(page{Title: "Token of " + e.Integration, Name: "explain", Nav: "overview", Data: explainPage{e}})
}
