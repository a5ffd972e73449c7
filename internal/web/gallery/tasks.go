package gallery

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// probes are tests of a connection, each with another step that failed.
func probes() (all []Scene) {
	step := func(name, state string, ms float64, detail, hint string) api.ProbeStep {
		return api.ProbeStep{Name: name, State: state, Millis: ms, Detail: detail, Hint: hint}
	}
	good := []api.ProbeStep{
		step(api.StepResolve, api.StepOK, 1.8, "192.0.2.7, 2001:db8::7", ""), step(api.StepConnect, api.StepOK, 12.4, "192.0.2.7:443", ""),
		step(api.StepTLS, api.StepOK, 21.9, "TLS 1.3, certificate of eu.shop.example until 2030-01-31", ""),
		step(api.StepToken, api.StepOK, 183.2, "a live token for login", ""), step(api.StepAnswer, api.StepOK, 35.6, "401 Unauthorized to a request without credentials", ""),
	}
	all = append(all, Scene{Name: "test-passed", Title: "a test that went well", canned: canned{probe: &api.Probe{OK: true, Steps: good}}})
	why := map[string][2]string{
		api.StepResolve: {"there is no host eu.shop.example", "correct the host; if it is right, the name server (DNS) of this machine does not know it"},
		api.StepConnect: {"192.0.2.7:443 refuses connections", "nobody listens there: check the host and port, and that the service runs"},
		api.StepTLS:     {"the certificate of eu.shop.example has expired", "the service has to replace its certificate; check the clock of this machine too"},
		api.StepToken:   {"login.shop.example answered 401 Unauthorized, invalid_client: it does not know this client", "check client_id and client_secret"},
		api.StepAnswer:  {"eu.shop.example ended the connection without an answer", "it is asked again later"},
	}
	for n, at := range good {
		steps := append([]api.ProbeStep{}, good[:n]...)
		steps = append(steps, step(at.Name, api.StepFailed, at.Millis, why[at.Name][0], why[at.Name][1]))
		for _, rest := range good[n+1:] {
			if at.Name == api.StepToken || rest.Name == api.StepToken {
				steps = append(steps, rest)
				continue
			}
			steps = append(steps, step(rest.Name, api.StepSkipped, 0, "", ""))
		}
		all = append(all, Scene{Name: "test-" + at.Name + "-failed", Title: "a test that failed: " + at.Name, canned: canned{probe: &api.Probe{Steps: steps}}})
	}
	all = append(all, Scene{Name: "test-plain", Title: "a server without TLS at an address", canned: canned{probe: &api.Probe{OK: true, Steps: []api.ProbeStep{
		step(api.StepResolve, api.StepSkipped, 0, "127.0.0.1 is an address", ""), good[1], step(api.StepTLS, api.StepSkipped, 0, "the protocol is http: nothing is encrypted", ""),
		step(api.StepToken, api.StepSkipped, 0, "its credentials need no token", ""), good[4],
	}}}})
	for i := range all {
		all[i].Part, all[i].path, all[i].form = "test", at+"token-fresh/test", url.Values{}
	}
	return all
}

// runs are operations to be run, and what comes of it.
func runs() []Scene {
	run := at + "token-fresh/run"
	choose := func(operation string) string { return run + "?operation=" + operation }
	preview := strings.Replace(choose("addPet"), "/run?", "/preview?", 1)
	form := strings.Replace(choose("placeOrder"), "/run?", "/form?", 1)
	pet := url.Values{"type": {"application/json"}, "as": {"text"}, "body": {`{"name": "Rex", "kind": "dog"}`}}
	broken := url.Values{"type": {"application/json"}, "as": {"text"}, "body": {`{"name": "Rex"`}}
	answered := func(name, title string, r api.Result) Scene {
		return Scene{Name: "answer-" + name, Title: title, Part: "answer", path: choose("ping"), form: url.Values{}, canned: canned{result: &r}}
	}
	quoted := func(text string) json.RawMessage { raw, _ := json.Marshal(text); return raw } // a text
	ok := func(contentType string, data json.RawMessage) api.Result {
		return api.Result{OK: true, Status: 200, StatusText: "OK", Headers: map[string]string{"content-type": contentType, "x-request-id": "7"}, Data: data}
	}
	binary := ok("image/png", quoted(base64.StdEncoding.EncodeToString([]byte("\x89PNG\r\n\x1a\n and more"))))
	binary.Encoding = "base64"
	warned := ok("application/json", json.RawMessage(`{"name":"Rex","born":"yesterday"}`))
	warned.Warnings = []fault.Problem{{Pointer: "/born", Message: "is no date", Severity: fault.Warning}, {Message: "the answer came after a second try"}}
	return []Scene{
		{Name: "run", Title: "choosing an operation", path: run},
		{Name: "run-search", Title: "operations found", Part: "found", path: run + "?search=photo"},
		{Name: "run-nothing", Title: "no operation found", Part: "found", path: run + "?search=no+such+thing"},
		{Name: "run-parameters", Title: "an operation with parameters of every kind", path: choose("listPets")},
		{Name: "run-body", Title: "an operation with a body", path: choose("addPet")},
		{Name: "run-binary-body", Title: "an operation that takes a file", path: choose("setPhoto")},
		{Name: "run-multipart", Title: "an operation that takes a form with a file", path: choose("addPapers")},
		{Name: "run-deprecated", Title: "an operation that is deprecated", path: choose("removePet")},
		{Name: "run-nested", Title: "a body with groups, lists and choices", path: choose("placeOrder")},
		{Name: "run-list-longer", Title: "the same with a list that has one more", Part: "fields", path: form, form: url.Values{"type": {"application/json"}, "as": {"fields"}, "do": {"add:b/lines"}}},
		{Name: "run-text", Title: "the same as JSON", Part: "fields", path: form, form: url.Values{"type": {"application/json"}, "as": {"fields"}, "do": {"text"}}},
		{Name: "run-broken-text", Title: "a body that is no JSON", path: choose("addPet"), form: broken},
		{Name: "run-none", Title: "an operation without arguments", path: choose("ping")},
		{Name: "run-unknown", Title: "an operation that is not there", path: choose("listPet")},
		{Name: "preview", Title: "the request as it would be sent", Part: "preview", path: preview, form: pet},
		{Name: "preview-refused", Title: "a request that can't be made", path: strings.Replace(choose("getPet"), "/run?", "/preview?", 1), form: url.Values{"text:p.id": {""}}},
		{Name: "run-wrong-arguments", Title: "arguments that the operation does not take", path: choose("listPets"), form: url.Values{"number:p.limit": {"many"}, "text:p.X-Trace": {"none"}}},
		{Name: "run-no-answer", Title: "a service that can't be reached", Part: "answer", path: choose("ping"), form: url.Values{}, canned: canned{run: fault.New(fault.Upstream, "eu.shop.example did not answer within 60 s").WithHint("the service is slow or a firewall drops the request")}},
		{Name: "run-no-token", Title: "no token to be had", Part: "answer", path: choose("ping"), form: url.Values{}, canned: canned{run: tokenFault()}},
		answered("json", "JSON", ok("application/json", json.RawMessage(`[{"name":"Rex","kind":"dog","born":null,"tags":["calm","<b>"]},{"name":"Mia","kind":"cat"}]`))),
		answered("text", "text", ok("text/plain; charset=utf-8", quoted("Rex\nMia\n"))),
		answered("markup", "HTML, which stays text", ok("text/html", quoted("<!doctype html><h1>Pets</h1><script>alert(1)</script>"))),
		answered("binary", "bytes", binary),
		answered("large", "more than is shown", ok("text/csv", quoted(strings.Repeat("a line of a large answer\n", 12000)))),
		answered("stream", "a stream of events", ok("text/event-stream", quoted("event: sold\ndata: {\"name\": \"Rex\"}\n\nevent: sold\ndata: {\"name\": \"Mia\"}\n\n"))),
		answered("empty", "no body", api.Result{OK: true, Status: 204, StatusText: "No Content", Headers: map[string]string{}}),
		answered("refused", "an error of the service", api.Result{Status: 422, StatusText: "Unprocessable Entity", Headers: map[string]string{"content-type": "application/problem+json"}, Data: json.RawMessage(`{"title":"no such kind","status":422}`)}),
		answered("down", "a service that is down", api.Result{Status: 503, StatusText: "Service Unavailable", Headers: map[string]string{"retry-after": "120"}, Data: quoted("<h1>Back soon</h1>")}),
		answered("warnings", "an answer with warnings", warned),
	}
}

func tokenFault() error {
	return fault.New(fault.Reconnect, "login.shop.example answered 200 OK, a page for people (Sign in to Pet Shop): is that the token URL?").
		WithHint("check token_url: a page for people came, where a token endpoint answers JSON")
}
