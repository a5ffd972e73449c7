package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/server"
	"carnet.dev/carnet/internal/web"
)

// payloads are texts that become markup, or run, where somebody forgets to escape; %s says which field they came through. The first is
// harmless: what its pages are made of is all that pages may be made of.
var payloads = []string{
	`harmless %s`,
	`<script>pwn('%s')</script>`,
	`"><img src=x onerror=pwn('%s')>`,
	`' onmouseover='pwn("%s")' autofocus onfocus=pwn x='`,
	"` onclick=pwn(`%s`) `",
	`javascript:pwn('%s')//`,
	"java\tscript:pwn('%s')",
	"\x01javascript&colon;pwn('%s')",
	`data:text/html,<script>pwn('%s')</script>`,
	`</textarea></title></style></select></option></noscript><script>pwn('%s')</script>`,
	`--><svg/onload=pwn('%s')><pwn-%[1]s a=b>`,
	`<svg xmlns="http://www.w3.org/2000/svg"><a xlink:href="javascript:pwn('%s')"><text>x</text></a><foreignObject><iframe srcdoc="<script>pwn()</script>"></foreignObject></svg>`,
	`{{.}}{{template "layout" .}}${7*7}<%%= pwn('%s') %%>`,
	"\u202e\u2028\uff1cscript\uff1epwn('%s')\uff1c/script\uff1e<\u017fcript>pwn</\u017fcript>\ufeff",
	`\u003cscript\u003epwn('%s')\x3c/script\x3e%%3Cscript%%3Epwn%%3C/script%%3E&lt;script&gt;`,
	`<base href=//pwn.example><meta http-equiv=refresh content="0;url=javascript:pwn('%s')"><form action=//pwn.example><input name=pwn hx-get=/pwn hx-on:load=pwn()>`,
}

// An attack is a payload on its way through every field.
type attack struct {
	t       *testing.T
	number  int
	payload string
	fields  map[string]bool // and whether a page has shown it
	pages   int
	parts   map[string]bool // elements and attributes that were there
}

// in is the payload in a field; "x" is one that no page has to show.
func (a *attack) in(field string) string {
	if _, known := a.fields[field]; !known && field != "x" {
		a.fields[field] = false
	}
	return fmt.Sprintf(a.payload, field)
}

// named is the payload where a slash can't be, or other signs.
func (a *attack) named(field, without string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if strings.ContainsRune(without, r) || r < ' ' {
			return -1
		}
		return r
	}, a.in(field)))
}

// integration is the payload as a name, which has neither slashes nor more than 128 characters.
func (a *attack) integration() string {
	name := []rune(fmt.Sprint(a.number, " ", a.named("integration.name", "/")))
	return strings.TrimSpace(string(name[:min(len(name), 128)]))
}

// looks reads a page as browsers do: no element, no attribute and no link comes from a payload.
func (a *attack) looks(where string, answer *httptest.ResponseRecorder) {
	a.t.Helper()
	a.pages++
	header := answer.Header()
	if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		a.t.Errorf("%s: the policy is %q", where, csp)
	}
	if header.Get("X-Content-Type-Options") != "nosniff" {
		a.t.Errorf("%s: the headers are %v", where, header)
	}
	for name, values := range header {
		if strings.ContainsAny(name+strings.Join(values, ""), "\r\n<>") && name != "Location" {
			a.t.Errorf("%s: the header %s is %q", where, name, values)
		}
	}
	if !strings.HasPrefix(header.Get("Content-Type"), "text/html") {
		if answer.Body.Len() > 0 {
			a.t.Errorf("%s answered %d as %q", where, answer.Code, header.Get("Content-Type"))
		}
		return
	}
	if answer.Code == http.StatusInternalServerError {
		a.t.Errorf("%s answered %s", where, answer.Body)
	}
	page, err := html.Parse(strings.NewReader(answer.Body.String()))
	if err != nil {
		a.t.Fatal(err)
	}
	for n := range page.Descendants() {
		switch n.Type {
		case html.ElementNode:
			a.element(where, n)
		case html.CommentNode:
			a.t.Errorf("%s has the comment %q", where, n.Data)
		case html.TextNode:
			a.saw(n.Data)
		}
	}
}

var urls = []string{"href", "src", "action", "formaction", "xlink:href", "srcset", "poster", "data", "hx-get", "hx-post", "ping", "background", "cite"}

func (a *attack) element(where string, n *html.Node) {
	a.t.Helper()
	a.parts[n.Data] = true
	if n.Data == "script" && (n.FirstChild != nil || !strings.HasPrefix(value(n, "src"), "/ui/assets/")) {
		a.t.Errorf("%s has a script that is not ours", where)
	}
	for _, at := range n.Attr {
		name := strings.ToLower(at.Key)
		if at.Namespace != "" {
			name = at.Namespace + ":" + name
		}
		a.parts[n.Data+" "+name] = true
		a.saw(at.Val)
		if strings.HasPrefix(name, "on") || strings.HasPrefix(name, "hx-on") || name == "style" && n.Data != "style" {
			a.t.Errorf("%s: <%s> has %s=%q", where, n.Data, name, at.Val)
		}
		if !slices.Contains(urls, name) {
			continue
		}
		to, err := url.Parse(strings.TrimLeft(at.Val, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\v\f\r "))
		if n.Data == "a" && value(n, "id") == "kept" && strings.HasPrefix(at.Val, "data:application/octet-stream;base64,") && value(n, "download") != "" {
			continue // an answer to be kept as a file, which browsers never show
		}
		if err != nil || !slices.Contains([]string{"", "http", "https"}, to.Scheme) || to.Scheme == "" && !strings.HasPrefix(at.Val, "/") && !strings.HasPrefix(at.Val, "#") {
			a.t.Errorf("%s: <%s> leads to %s=%q", where, n.Data, name, at.Val)
		}
		if strings.HasPrefix(at.Val, "//") {
			a.t.Errorf("%s: <%s> leads away to %q", where, n.Data, at.Val)
		}
	}
}

func value(n *html.Node, name string) string {
	for _, at := range n.Attr {
		if at.Key == name {
			return at.Val
		}
	}
	return ""
}

var marks = regexp.MustCompile(`[a-z]+\.[a-z_]+`)

// saw notes which fields a page has shown.
func (a *attack) saw(text string) {
	for _, mark := range marks.FindAllString(text, -1) {
		if _, known := a.fields[mark]; known {
			a.fields[mark] = true
		}
	}
}

// TestScriptsStayText: whatever a document, a service or a person controls is text on every page, and so is what stands in a URL or comes
// back in a form. Every field is seen on some page, so that the test looks at what it wants to.
func TestScriptsStayText(t *testing.T) {
	b := newBrowser(t).signIn()
	b.api = server.New(b.hub, server.Options{IntegrationPage: web.IntegrationURL})
	allowed := harmless(t, b)
	for n, payload := range payloads[1:] {
		if testing.Short() && n > 0 { // under the race detector
			continue
		}
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			a := newAttack(t, n, payload)
			a.everywhere(b)
			for part := range a.parts {
				if !allowed[part] {
					t.Errorf("a page has <%s>, which harmless texts never bring", part)
				}
			}
		})
	}
}

// harmless is what pages are made of. Each field has to be seen on one.
func harmless(t *testing.T, b *browser) map[string]bool {
	a := newAttack(t, -1, payloads[0])
	a.everywhere(b)
	for field, shown := range a.fields {
		if !shown {
			t.Errorf("no page has shown what came through %s", field)
		}
	}
	if a.pages < 60 {
		t.Errorf("only %d pages were looked at", a.pages)
	}
	a.parts["textarea placeholder"] = true // of an example with control characters
	return a.parts
}

func newAttack(t *testing.T, n int, payload string) *attack {
	return &attack{t: t, number: n, payload: payload, fields: map[string]bool{}, parts: map[string]bool{}}
}

// everywhere sends the payload through every field, and looks at every page.
func (a *attack) everywhere(b *browser) {
	service := httptest.NewServer(http.HandlerFunc(a.service))
	a.t.Cleanup(service.Close)
	a.documents(b, service.URL)
	a.people(b)
	a.reflected(b)
}

// service answers as a token endpoint and an API that somebody else controls.
func (a *attack) service(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	body, status, contentType := "", "200 OK", "application/json"
	quoted := func(v any) string { raw, _ := json.Marshal(v); return string(raw) } // of texts
	line := func(field string) string { return a.named(field, "") }
	switch r.URL.Path {
	case "/token":
		body = quoted(map[string]any{"access_token": "t", "token_type": a.in("token.type"), "scope": a.in("token.scope"), "expires_in": 3600})
	case "/refused":
		status = "400 " + line("token.status")
		body = quoted(map[string]any{"error": a.in("token.error"), "error_description": a.in("token.description"), "error_uri": a.in("x")})
	case "/page":
		contentType, body = "text/html", "<title>"+a.in("x")+"</title>"+a.in("x")
	case "/elsewhere":
		w.Header().Set("Location", "https://elsewhere.example/"+url.PathEscape(a.in("x")))
		w.WriteHeader(http.StatusFound)
		return
	case "/json":
		body = quoted(map[string]any{a.in("answer.name"): a.in("answer.value")})
	case "/html":
		status, contentType, body = "418 "+line("x"), "text/html; charset=utf-8", a.in("answer.html")
	case "/svg":
		contentType, body = "image/svg+xml", a.in("answer.svg")
	case "/odd":
		contentType, body = line("answer.type"), a.in("answer.odd")
	}
	connection, stream, err := w.(http.Hijacker).Hijack()
	if err != nil {
		a.t.Error(err)
		return
	}
	defer connection.Close()
	fmt.Fprintf(stream, "HTTP/1.1 %s\r\nContent-Type: %s\r\nX-Odd: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, contentType, line("answer.header"), len(body), body)
	stream.Flush()
}

// document is one in which the payload is everywhere.
func (a *attack) document(server string) json.RawMessage {
	flows := func(path string) map[string]any {
		return map[string]any{"clientCredentials": map[string]any{"tokenUrl": server + path, "scopes": map[string]any{"read": a.in("scope.description")}}}
	}
	operation := func(id string) map[string]any {
		return map[string]any{"operationId": id, "responses": map[string]any{}, "security": []any{map[string]any{}}}
	}
	raw, err := json.Marshal(map[string]any{
		"openapi": "3.0.3",
		"info": map[string]any{"title": a.in("info.title"), "version": a.in("info.version"), "description": a.in("info.description"), "termsOfService": a.in("x"),
			"contact": map[string]any{"name": a.in("x"), "url": a.in("x"), "email": a.in("x")}, "license": map[string]any{"name": a.in("x")}},
		"externalDocs": map[string]any{"url": a.in("x"), "description": a.in("x")},
		"servers": []any{map[string]any{"url": server, "description": a.in("x"), "variables": map[string]any{a.in("variable.name"): map[string]any{"default": a.in("variable.default"), "enum": []string{a.in("variable.enum")}, "description": a.in("variable.description")}}},
			map[string]any{"url": a.in("server.url")}},
		"tags": []any{map[string]any{"name": a.in("x"), "description": a.in("x")}},
		"components": map[string]any{"securitySchemes": map[string]any{
			a.in("scheme.key"): map[string]any{"type": "apiKey", "in": "header", "name": a.in("scheme.name"), "description": a.in("x")},
			"good":             map[string]any{"type": "oauth2", "flows": flows("/token")}, "refused": map[string]any{"type": "oauth2", "flows": flows("/refused")},
			"page": map[string]any{"type": "oauth2", "flows": flows("/page")}, "elsewhere": map[string]any{"type": "oauth2", "flows": flows("/elsewhere")},
			"person":   map[string]any{"type": "oauth2", "flows": map[string]any{"authorizationCode": map[string]any{"authorizationUrl": a.in("x"), "tokenUrl": server + "/token", "scopes": map[string]any{}}}},
			"consent":  map[string]any{"type": "oauth2", "flows": map[string]any{"authorizationCode": map[string]any{"authorizationUrl": server + "/authorize", "tokenUrl": server + "/refused", "scopes": map[string]any{}}}},
			"relative": map[string]any{"type": "oauth2", "flows": map[string]any{"clientCredentials": map[string]any{"tokenUrl": a.in("flow.url"), "scopes": map[string]any{}}}},
		}},
		"paths": map[string]any{
			"/json": map[string]any{"get": operation("json")}, "/html": map[string]any{"get": operation("html")}, "/svg": map[string]any{"get": operation("svg")}, "/odd": map[string]any{"get": operation("odd")},
			"/" + a.named("path.name", "{}/?#"): map[string]any{"post": map[string]any{
				"operationId": a.in("operation.id"), "summary": a.in("operation.summary"), "description": a.in("operation.description"), "tags": []string{a.in("x")},
				"externalDocs": map[string]any{"url": a.in("x")}, "security": []any{map[string]any{}},
				"parameters": []any{
					map[string]any{"name": a.in("parameter.name"), "in": "query", "description": a.in("parameter.description"), "schema": map[string]any{"type": "string", "enum": []string{a.in("parameter.enum")}}},
					map[string]any{"name": "hint", "in": "query", "required": true, "example": a.in("parameter.example"), "schema": map[string]any{"type": "string"}},
					map[string]any{"name": "given", "in": "query", "schema": map[string]any{"type": "string", "default": a.in("parameter.default")}},
				},
				"requestBody": map[string]any{"description": a.in("body.description"), "content": map[string]any{
					"application/json": map[string]any{"schema": map[string]any{"type": "object", "properties": map[string]any{
						a.in("property.name"): map[string]any{"type": "string", "example": a.in("property.example")}, "e": map[string]any{"type": "string", "enum": []string{a.in("property.enum")}}, "d": map[string]any{"type": "string", "default": a.in("property.default")}}}},
					a.in("media.type"): map[string]any{},
				}},
				"responses": map[string]any{"200": map[string]any{"description": a.in("x")}},
			}},
		},
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return raw
}

// documents looks at what a document and a service control.
func (a *attack) documents(b *browser, service string) {
	t, admin := a.t, access.Local("test")
	document := a.document(service)
	check := url.Values{"text": {string(document)}}
	a.looks("a check", b.post("/ui/models/check", check))
	m, err := b.hub.ImportModel(t.Context(), admin, api.ModelRequest{Model: document})
	if err != nil {
		t.Fatal(err)
	}
	check.Set("update", m.VersionID)
	check.Set("text", strings.ReplaceAll(strings.Replace(string(document), `"/json"`, `"/jsonx"`, 1), "parameter.enum", "parameter.other"))
	a.looks("an update", b.post("/ui/models/check", check))
	name := a.integration()
	if _, err := b.hub.CreateIntegration(t.Context(), admin, api.Integration{Name: name, Model: m.Model}); err != nil {
		t.Fatal(err)
	}
	quoted := func(text string) json.RawMessage { raw, _ := json.Marshal(text); return raw } // a text
	host, _, _ := strings.Cut(strings.TrimPrefix(service, "http://"), ":")
	settings := api.Settings{"variables.x": quoted(a.in("variable.value")), "server.host": quoted(host), "server.protocol": quoted("http"), "server.port": quoted(service[strings.LastIndex(service, ":")+1:])}
	for _, scheme := range []string{"good", "refused", "page", "elsewhere", "person", "consent"} {
		settings["authentication."+scheme+".client_id"] = quoted(a.in("client.id"))
		settings["authentication."+scheme+".client_secret"] = quoted("secret")
	}
	if _, err := b.hub.SetIntegration(t.Context(), admin, name, settings); err != nil {
		t.Fatal(err)
	}
	model, at := "/ui/models/"+url.PathEscape(m.VersionID), "/ui/integrations/"+url.PathEscape(name)
	for _, path := range []string{"/", "/ui/models", model, model + "?search=e", "/ui/models/import?update=" + url.QueryEscape(m.VersionID), "/ui/integrations/new", at, at + "/advanced", at + "/run",
		"/?model=" + url.QueryEscape(m.VersionID), "/?live=integrations", at + "?live=tokens"} {
		a.looks(path, b.get(path))
	}
	a.looks("a model in use", b.post(model+"/delete", nil))
	a.looks("a clone of the same name", b.post(at+"/clone", url.Values{"as": {name}}))
	a.looks("a test", b.post(at+"/test", nil))
	for _, scheme := range []string{"good", "refused", "page", "elsewhere", "relative", a.in("scheme.key")} {
		answer := b.post(at+"/token/renew", url.Values{"scheme": {scheme}})
		a.looks("renewing "+scheme, answer)
		a.looks("explaining "+scheme, b.get(at+"/explain?scheme="+url.QueryEscape(scheme)))
	}
	a.looks("the integration with its tokens", b.get(at))
	a.looks("the overview with their states", b.get("/"))
	a.consent(b, name, at)
	for _, operation := range []string{"json", "html", "svg", "odd"} {
		a.looks("running "+operation, b.post(at+"/run?operation="+operation, nil))
	}
	run := at + "/run?operation=" + url.QueryEscape(a.in("operation.id"))
	shown := b.get(run)
	a.looks("the operation", shown)
	typed := a.filled(shown)
	a.looks("its request", b.post(strings.Replace(run, "/run?", "/preview?", 1), typed))
	a.looks("running it", b.post(run, typed))
	a.looks("its form again", b.post(strings.Replace(run, "/run?", "/form?", 1), typed))
	typed.Set("do", "text")
	a.looks("its body as a text", b.post(strings.Replace(run, "/run?", "/form?", 1), typed))
	typed.Set("as", "text")
	typed.Set("body", a.in("argument.broken"))
	a.looks("a body that is no JSON", b.post(run, typed))
	typed.Set("body", string(quoted(a.in("argument.body"))))
	a.looks("a body of another kind", b.post(run, typed))
	typed.Set("type", a.in("media.type"))
	a.looks("a body of that type", b.post(run, typed))
	typed.Set("do", "add:"+a.in("x"))
	typed.Set("shape:"+a.in("x"), a.in("x"))
	a.looks("a form that was made up", b.post(strings.Replace(run, "/run?", "/form?", 1), typed))
	a.looks("activity", b.get("/ui/activity"))
}

// filled is the form of an operation, with the payload in each field that a person may write into.
func (a *attack) filled(answer *httptest.ResponseRecorder) url.Values {
	page, err := html.Parse(strings.NewReader(answer.Body.String()))
	if err != nil {
		a.t.Fatal(err)
	}
	values := url.Values{}
	for n := range page.Descendants() {
		name := value(n, "name")
		switch {
		case name == "" || n.Data == "button":
		case value(n, "type") == "hidden", n.Data == "select" && name == "type":
			values.Set(name, value(n, "value"))
		case n.Data == "select":
			for option := range n.Descendants() {
				if value(option, "value") != "" {
					values.Set(name, value(option, "value"))
				}
			}
		case n.Data == "input" || n.Data == "textarea":
			values.Set(name, a.in("argument.value"))
		}
	}
	values.Set("type", "application/json")
	return values
}

// consent looks at the pages of a person's consent, and at those that the browser comes back to.
func (a *attack) consent(b *browser, name, at string) {
	a.looks("a document's authorization URL", b.post(at+"/connect", url.Values{"scheme": {"person"}}))
	answer := b.post(at+"/connect", url.Values{"scheme": {"consent"}})
	a.looks("connecting", answer)
	state := regexp.MustCompile(`name="state" value="([^"]+)"`).FindStringSubmatch(answer.Body.String())
	if state == nil {
		a.t.Fatalf("there is no state: %s", answer.Body)
	}
	finish := at + "/connect/finish"
	a.looks("waiting", b.post(finish, url.Values{"state": {state[1]}}))
	back := func(query url.Values) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		b.api.ServeHTTP(answer, b.cookied(httptest.NewRequest("GET", "/callback/"+url.PathEscape(name)+"?"+query.Encode(), nil)))
		return answer
	}
	a.looks("another state", back(url.Values{"state": {a.in("x")}, "code": {"c"}}))
	a.looks("a parameter twice", back(url.Values{"state": {"s", "t"}, "code": {"c"}}))
	a.looks("a refusal", back(url.Values{"state": {state[1]}, "error": {a.in("callback.error")}, "error_description": {a.in("callback.description")}, "error_uri": {a.in("x")}}))
	a.looks("the refusal where it began", b.post(finish, url.Values{"state": {state[1]}}))
	again := regexp.MustCompile(`name="state" value="([^"]+)"`).FindStringSubmatch(b.post(at+"/connect", url.Values{"scheme": {"consent"}}).Body.String())
	if again == nil {
		a.t.Fatal("there is no second state")
	}
	a.looks("a code that is refused", back(url.Values{"state": {again[1]}, "code": {a.in("x")}, "iss": {a.in("x")}}))
	a.looks("a wrong confirmation", b.post(finish, url.Values{"state": {a.in("x")}, "confirmation": {a.in("x")}}))
}

// people looks at what people type into forms that are refused, and at what is kept of them.
func (a *attack) people(b *browser) {
	x := func(field string) string { return a.in(field) }
	a.looks("a user's name", b.post("/ui/access/users", url.Values{"name": {x("user.name") + "/"}, "role": {"viewer"}, "password": {"a password"}}))
	a.looks("a user's role", b.post("/ui/access/users", url.Values{"name": {"x"}, "role": {x("user.role")}, "password": {"a password"}}))
	a.looks("an account's name", b.post("/ui/access/accounts", url.Values{"name": {x("account.name") + "/"}, "role": {"viewer"}}))
	a.looks("a password", b.post("/ui/access/users/"+url.PathEscape(a.in("x"))+"/password", url.Values{"password": {"a password"}}))
	a.looks("a session", b.post("/ui/access/sessions/"+url.PathEscape(a.in("x"))+"/end", nil))
	for _, path := range []string{"/ui/access", "/ui/account"} {
		a.looks(path, b.get(path))
	}
	a.looks("an integration's name", b.post("/ui/integrations/new", url.Values{"name": {x("refilled.name") + "/"}, "model": {a.in("x")}}))
	a.looks("a document's URL", b.post("/ui/models/check", url.Values{"url": {x("refilled.url")}, "origin": {x("refilled.origin")}}))
	a.looks("a text that is no document", b.post("/ui/models/check", url.Values{"text": {x("refilled.text")}}))
	a.looks("a document with mistakes", b.post("/ui/models/check", url.Values{"text": {`{"openapi": "3.0.0", "info": {"title": "x", "version": 1}, "paths": {"/x": {"get": {"parameters": [{"$ref": "#/` +
		strings.Trim(string(raw(x("problem.reference"))), `"`) + `"}, {"in": "query", "name": "a", "schema": {"type": ` + string(raw(x("problem.type"))) + `}}], "responses": {}}}}}`}}))
	at := "/ui/integrations/" + url.PathEscape(a.integration())
	wrong := url.Values{}
	for _, field := range []string{"server.host", "server.protocol", "server.port", "server.base_path", "tls.ca", "authentication.good.token_url", "authentication.good.grant_type", "authentication.good.auth_method", "authentication.good.scope"} {
		wrong.Set(field, x("setting."+strings.ReplaceAll(field[strings.LastIndex(field, ".")+1:], ".", "_")))
		wrong.Set("was:"+field, "")
	}
	a.looks("wrong settings", b.post(at, wrong))
	a.looks("a wrong variable", b.post(at, url.Values{"variables": {"x = " + x("variable.value")}, "was:variables": {"y"}}))
	a.looks("advanced settings", b.post(at+"/advanced", url.Values{"settings": {`{"server": {` + string(raw(x("advanced.field"))) + `: 1}}`}}))
	a.looks("advanced settings that are no JSON", b.post(at+"/advanced", url.Values{"settings": {x("advanced.text")}}))
	a.looks("the check of them", b.post(at+"/check", url.Values{"settings": {`{"server": {` + string(raw(x("advanced.field"))) + `: 1}}`}}, "HX-Request", "true"))
	a.looks("a scheme", b.post(at+"/token/renew", url.Values{"scheme": {x("chosen.scheme")}}))
	a.looks("a typed token", b.post(at+"/token/set", url.Values{"scheme": {"good"}, "access_token": {"t"}, "expires": {x("given.expires")}}))
}

func raw(text string) json.RawMessage {
	quoted, _ := json.Marshal(text) // a text
	return quoted
}

// reflected looks at what stands in URLs.
func (a *attack) reflected(b *browser) {
	q := func(field string) string { return url.QueryEscape(a.in(field)) }
	x := url.QueryEscape(a.in("x"))
	path := url.PathEscape(a.in("x"))
	at := "/ui/integrations/" + url.PathEscape(a.integration())
	for _, to := range []string{
		"/?search=" + q("query.search"), "/?state=" + q("query.state"), "/?model=" + q("query.model"), "/?done=" + x, "/?skip=" + x, "/?live=" + x, "/?live=integrations&seen=" + x,
		"/ui/models?search=" + q("query.models"), "/ui/models/" + path, "/ui/models/import?update=" + x, "/ui/integrations/" + path, "/ui/integrations/new?model=" + x, at + "/run?search=" + q("query.operations"),
		at + "/run?operation=" + q("query.operation"), at + "/explain?scheme=" + q("query.scheme"), at + "?live=" + x, "/ui/nothing/" + path,
		"/ui/activity?target=" + q("query.target") + "&caller=" + q("query.caller") + "&action=" + x + "&outcome=" + x + "&before=" + x, "/ui/sign-in?next=" + x,
	} {
		a.looks(to, b.get(to))
	}
	stranger := &browser{t: a.t, hub: b.hub, page: b.page, cookies: map[string]string{}}
	a.looks("signing in", stranger.get("/ui/sign-in?next="+q("query.next")))
	a.looks("signing in as", stranger.post("/ui/sign-in", url.Values{"username": {a.in("sign.name")}, "password": {"x"}, "next": {a.in("x")}}))
	answer := stranger.get("/ui/models?x=" + x)
	if to := answer.Header().Get("Location"); !strings.HasPrefix(to, "/ui/sign-in?next=") {
		a.t.Errorf("a stranger is sent to %q", to)
	}
}
