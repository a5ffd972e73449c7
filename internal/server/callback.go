package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"reflect"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
)

// page is a page for a person: HTML.
type page []byte

// callback is where a person's browser arrives after a consent. Whether it is signed in here decides what becomes of it, which is the
// hub's business.
func callback() endpoint {
	return endpoint{out: reflect.TypeFor[page](), serve: func(x *exchange) error {
		if x.r.Method != http.MethodGet { // a HEAD, which must not spend the code
			return fault.New(fault.Invalid, "this path does not know the method").WithHint("use GET")
		}
		redirect := map[string]string{}
		for name, values := range x.r.URL.Query() {
			if len(values) > 1 { // RFC 6749 3.1
				return fault.New(fault.Invalid, "a parameter of the redirect occurs twice").WithHint("begin again")
			}
			redirect[name] = values[0]
		}
		arrival, err := x.Callback(x.ctx(), x.caller, x.path("name"), redirect)
		if err != nil {
			return err
		}
		showPage(x.w, http.StatusOK, arrived{Arrival: arrival, Page: x.page(arrival.Integration)})
		return nil
	}}
}

// visitor is whoever a browser is signed in as, or nobody.
func visitor(x *exchange) (access.Caller, error) {
	session, ok := cookied(x.r)
	if !ok {
		return access.Caller{}, nil
	}
	c, err := x.CallerBySession(x.ctx(), session)
	if fault.Is(err, fault.Unauthenticated) {
		return access.Caller{}, nil
	}
	return c, err
}

// failPage shows an error to a person.
func failPage(x *exchange, err error) {
	showPage(x.w, fault.KindOf(err).Status(), arrived{Failure: failure(err, x.w.ID), Page: x.page(x.path("name"))})
}

type arrived struct {
	api.Arrival
	Failure api.Failure
	Page    string // URL of the integration's; empty: it has none
}

const arrivalStyle = `:root{color-scheme:light dark;background:#fff;color:#16211d}a{color:#0b5c45}@media(prefers-color-scheme:dark){:root{background:#0f1513;color:#e6ecea}a{color:#63d3ac}}body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem;overflow-wrap:anywhere}code{font-size:1.6rem;letter-spacing:.1em}`

var arrivalPage = template.Must(template.New("arrival").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{if .Failure.Message}}Not connected{{else if .Confirmation}}One more step{{else}}Connected{{end}} · Carnet</title>
<style>` + arrivalStyle + `</style>
<main>
{{if .Failure.Message -}}
<h1>Not connected</h1>
<p>{{.Failure.Message}}</p>
{{with .Failure.Hint}}<p>{{.}}</p>
{{end -}}
{{with .Page}}<p><a href="{{.}}">Back to the integration</a></p>
{{end -}}
{{else if .Confirmation -}}
<h1>One more step</h1>
<p>You are not signed in to Carnet in this browser. To connect the integration <strong>{{.Integration}}</strong>, type this code where you began:</p>
<p><code>{{.Confirmation}}</code></p>
<p>If you have not begun anything, close this page, and tell nobody the code: it would give your account to whoever asks for it.</p>
{{else -}}
<h1>Connected</h1>
<p>The integration <strong>{{.Integration}}</strong> has its token. You may close this page.</p>
{{with .Page}}<p><a href="{{.}}">Back to the integration</a></p>
{{end -}}
{{end -}}
</main>
</html>
`))

// showPage answers with a page that holds no script, loads nothing, sends nothing and is shown in no frame.
func showPage(w http.ResponseWriter, status int, a arrived) {
	var body bytes.Buffer
	if arrivalPage.Execute(&body, a) != nil {
		status, body = http.StatusInternalServerError, *bytes.NewBufferString("the page can't be shown")
	}
	sum := sha256.Sum256([]byte(arrivalStyle))
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	send(w, status, "text/html; charset=utf-8", body.Bytes())
}
