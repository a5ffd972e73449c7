package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
)

//go:embed templates/*.html
var templateFiles embed.FS

// parse returns the templates; each page is one of its own name, which the layout is wrapped around.
func parse() (all *template.Template) {
	part := func(l live) (template.HTML, error) {
		html, _, err := l.render(all)
		return html, err
	}
	all = template.Must(template.New("").Funcs(functions).Funcs(template.FuncMap{"live": part}).ParseFS(templateFiles, "templates/*.html"))
	return all
}

// A page is what a visit is answered with.
type page struct {
	Title string
	Name  string // of its template
	Nav   string // which entry of the navigation it belongs to
	Data  any
	Err   error  // what went wrong, shown above the page, whose status follows
	Note  string // what was done, shown above the page
}

// A frame is what the layout shows around a page.
type frame struct {
	page
	Caller  access.Caller
	Role    string
	Path    string
	Failure *failure
	Version string
	Body    template.HTML
}

// notes are what a redirect says was done, by the name in its query: no text of a URL is ever shown.
var notes = map[string]string{
	"model-imported":   "The model is imported. Make an integration of it next.",
	"model-updated":    "The model is updated; its integrations stay as they are.",
	"model-deleted":    "The model is deleted.",
	"created":          "The integration is made. Fill in its credentials.",
	"cloned":           "The integration is made, with the same settings and secrets. It gets its own tokens.",
	"saved":            "The settings are saved.",
	"unchanged":        "Nothing was changed.",
	"deleted":          "The integration is deleted, with its tokens.",
	"renewed":          "There is a new token.",
	"cleared":          "The token is gone; the next task gets a new one.",
	"token-set":        "The token is stored. It is never shown again.",
	"user-made":        "The user is made.",
	"user-disabled":    "The user is signed out, and can't sign in.",
	"user-enabled":     "The user can sign in again.",
	"user-deleted":     "The user is deleted.",
	"account-disabled": "The service account is disabled; its access tokens have ended.",
	"account-enabled":  "The service account is enabled.",
	"account-deleted":  "The service account is deleted.",
	"password-set":     "The password is changed.",
	"session-ended":    "The session is ended.",
	"connected":        "The integration is connected.",
}

// done is the URL of a page that says what was done.
func done(to, note string) string {
	mark := "?"
	if strings.Contains(to, "?") {
		mark = "&"
	}
	return to + mark + "done=" + url.QueryEscape(note)
}

// show renders a page, or only the part of it that is asked for.
func (v *visit) show(p page) error {
	query := v.r.URL.Query()
	if id := query.Get("live"); id != "" && p.Err == nil {
		return v.showLive(p, id, query.Get("seen"))
	}
	if p.Note == "" {
		p.Note = notes[query.Get("done")]
	}
	f := frame{page: p, Caller: v.caller, Role: string(v.caller.Role), Path: v.r.URL.Path, Failure: explain(p.Err, v.w.ID), Version: v.version}
	var body, whole bytes.Buffer
	if err := v.templates.ExecuteTemplate(&body, p.Name, f); err != nil {
		return err
	}
	f.Body = template.HTML(body.String()) // it comes out of a template
	if err := v.templates.ExecuteTemplate(&whole, "layout", f); err != nil {
		return err
	}
	status := http.StatusOK
	if p.Err != nil {
		v.w.Err = p.Err
		status = fault.KindOf(p.Err).Status()
	}
	v.send(status, whole.Bytes())
	return nil
}

// A live part of a page refreshes itself, every few seconds, and only if it has changed: what has the focus is not disturbed.
type live struct {
	ID   string
	URL  string // of the page, with its query
	Name string // of the template
	Data any
}

// A living page has live parts.
type living interface{ lives() []live }

func (v *visit) showLive(p page, id, seen string) error {
	page, ok := p.Data.(living)
	if ok {
		for _, l := range page.lives() {
			if l.ID != id {
				continue
			}
			part, digest, err := l.render(v.templates)
			if err != nil {
				return err
			}
			if digest == seen {
				v.w.WriteHeader(http.StatusNoContent)
				return nil
			}
			v.send(http.StatusOK, []byte(part))
			return nil
		}
	}
	return fault.New(fault.NotFound, "the page has no such part").WithHint("load it again")
}

// render makes the part with the attributes by which htmx refreshes it.
func (l live) render(templates *template.Template) (template.HTML, string, error) {
	var inner, whole bytes.Buffer
	if err := templates.ExecuteTemplate(&inner, l.Name, l.Data); err != nil {
		return "", "", err
	}
	sum := sha256.Sum256(inner.Bytes())
	digest := hex.EncodeToString(sum[:8])
	u, err := url.Parse(l.URL)
	if err != nil {
		return "", "", err
	}
	query := u.Query()
	query.Del("done")
	query.Set("live", l.ID)
	query.Set("seen", digest)
	u.RawQuery = query.Encode()
	err = templates.ExecuteTemplate(&whole, "live", struct {
		ID, URL string
		Body    template.HTML
	}{l.ID, u.String(), template.HTML(inner.String())}) // it comes out of a template
	return template.HTML(whole.String()), digest, err
}

func (v *visit) send(status int, body []byte) {
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	v.w.Write(body) // an error is the browser's going away
}

// htmx reports whether a script on the page asks, for a part of it.
func (v *visit) htmx() bool { return v.r.Header.Get("HX-Request") == "true" }

// to sends the browser on.
func (v *visit) to(address string) {
	if v.htmx() {
		v.w.Header().Set("HX-Redirect", address)
		v.w.WriteHeader(http.StatusNoContent)
		return
	}
	v.w.Header().Set("Location", address)
	v.w.WriteHeader(http.StatusSeeOther)
}
