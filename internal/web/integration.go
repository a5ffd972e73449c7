package web

import (
	"bytes"
	"encoding/json"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

func integrationRoutes() []route {
	at := func(method, path string, serve func(*visit) error) route {
		return route{pattern: method + " " + root + "/integrations" + path, serve: serve}
	}
	return []route{
		at("GET", "/new", showNew),
		at("POST", "/new", createIntegration),
		at("GET", "/{name}", showIntegration),
		at("POST", "/{name}", saveIntegration),
		at("GET", "/{name}/advanced", showAdvanced),
		at("POST", "/{name}/advanced", saveAdvanced),
		at("POST", "/{name}/check", checkAdvanced),
		at("GET", "/{name}/export", exportIntegration),
		at("POST", "/{name}/clone", cloneIntegration),
		at("POST", "/{name}/delete", deleteIntegration),
		at("POST", "/{name}/test", testIntegration),
		at("POST", "/{name}/token/renew", renewToken),
		at("POST", "/{name}/token/clear", clearToken),
		at("POST", "/{name}/token/set", setToken),
		at("GET", "/{name}/explain", explainToken),
		at("POST", "/{name}/connect", connect),
		at("POST", "/{name}/connect/finish", finishConnection),
	}
}

// newPage is for a new integration.
type newPage struct {
	Models      []api.Model
	Name, Model string
}

func showNew(v *visit) error {
	return v.showNew(newPage{Model: v.r.URL.Query().Get("model")}, nil)
}

func (v *visit) showNew(p newPage, err error) error {
	models, listed := v.hub.Models(v.r.Context(), v.caller, api.Query{})
	if listed != nil {
		return listed
	}
	p.Models = models.IntegrationModels
	return v.show(page{Title: "New integration", Name: "integration-new", Nav: "overview", Data: p, Err: err})
}

func createIntegration(v *visit) error {
	p := newPage{Name: strings.TrimSpace(v.r.PostFormValue("name")), Model: v.r.PostFormValue("model")}
	i, err := v.hub.CreateIntegration(v.r.Context(), v.caller, api.Integration{Name: p.Name, Model: p.Model})
	if err != nil {
		return v.showNew(p, err)
	}
	v.to(done(integrationURL(i.Name), "created"))
	return nil
}

// integrationPage shows an integration: its settings as a form, and what its tokens are doing.
type integrationPage struct {
	Name, Model string
	Glance      api.IntegrationGlance
	Form        settingsForm
	Tokens      tokenPanel
	Given       givenForm
	Probe       *api.Probe
	Role        string
}

func (p integrationPage) lives() []live { return []live{p.Panel()} }

// Panel is the part with the tokens, which refreshes itself.
func (p integrationPage) Panel() live {
	return live{ID: "tokens", URL: integrationURL(p.Name), Name: "tokens", Data: p.Tokens}
}

// integration reads what the page shows.
func (v *visit) integration(name string) (p integrationPage, err error) {
	ctx := v.r.Context()
	stored, err := v.hub.Integration(ctx, v.caller, name)
	if err != nil {
		return p, err
	}
	p = integrationPage{Name: stored.Data.Name, Model: stored.Data.Properties.Type, Role: string(v.caller.Role)}
	m, err := v.hub.Model(ctx, v.caller, p.Model)
	if err != nil && !fault.Is(err, fault.NotFound) { // deleted behind our back: the settings are shown all the same
		return p, err
	}
	raw, err := v.hub.IntegrationSchema(ctx, v.caller, name)
	if err != nil {
		return p, err
	}
	settings := stored.Data.Properties.Properties
	if p.Form, err = newSettingsForm(raw, settings, m.Schemes); err != nil {
		return p, err
	}
	p.Given = newGivenForm(name, m.Schemes, stored.Metadata.Tokens)
	p.Tokens, err = v.tokens(name, settings, stored.Metadata)
	return p, err
}

func (v *visit) showIntegration(p integrationPage, err error) error {
	return v.show(page{Title: p.Name, Name: "integration", Nav: "overview", Data: p, Err: err})
}

func showIntegration(v *visit) error {
	p, err := v.integration(v.r.PathValue("name"))
	if err != nil {
		return err
	}
	return v.showIntegration(p, nil)
}

func saveIntegration(v *visit) error {
	name := v.r.PathValue("name")
	p, err := v.integration(name)
	if err != nil {
		return err
	}
	if err := v.r.ParseForm(); err != nil {
		return fault.New(fault.Invalid, "the form is not well formed")
	}
	changed := p.Form.changes(v.r.PostForm)
	if len(changed) == 0 {
		v.to(done(integrationURL(name), "unchanged"))
		return nil
	}
	if _, err := v.hub.SetIntegration(v.r.Context(), v.caller, name, changed); err != nil {
		p.Form.blame(err)
		return v.showIntegration(p, err)
	}
	v.to(done(integrationURL(name), "saved"))
	return nil
}

// advancedPage is an integration's settings as JSON.
type advancedPage struct {
	Name, Text string
	Checked    *checked
	Schema     string
}

// checked is what the check of a text found.
type checked struct {
	OK      bool
	Failure *failure
}

func showAdvanced(v *visit) error {
	name := v.r.PathValue("name")
	stored, err := v.hub.Integration(v.r.Context(), v.caller, name)
	if err != nil {
		return err
	}
	return v.showAdvanced(advancedPage{Name: name, Text: pretty(stored.Data.Properties.Properties)}, nil)
}

func (v *visit) showAdvanced(p advancedPage, err error) error {
	raw, failed := v.hub.IntegrationSchema(v.r.Context(), v.caller, p.Name)
	if failed != nil {
		return failed
	}
	p.Schema = pretty(raw)
	return v.show(page{Title: p.Name + ", advanced", Name: "advanced", Nav: "overview", Data: p, Err: err})
}

// settingsText is what was typed, if it is JSON.
func settingsText(v *visit) (text string, err error) {
	text = v.r.PostFormValue("settings")
	var any json.RawMessage
	if err := json.Unmarshal([]byte(text), &any); err != nil {
		at := ""
		if syntax, ok := err.(*json.SyntaxError); ok { //nolint:errorlint // Unmarshal returns it as it is
			before := text[:min(int(syntax.Offset), len(text))]
			at = " in line " + number(strings.Count(before, "\n")+1)
		}
		return text, fault.New(fault.Invalid, "this is not JSON%s", at).WithHint("a comma, a quote or a bracket may be missing or too many")
	}
	return text, nil
}

func checkAdvanced(v *visit) error {
	text, err := settingsText(v)
	if err == nil {
		err = v.hub.ValidateSettings(v.r.Context(), v.caller, v.r.PathValue("name"), json.RawMessage(text))
	}
	if !v.htmx() {
		return v.showAdvanced(advancedPage{Name: v.r.PathValue("name"), Text: text, Checked: &checked{OK: err == nil}}, err)
	}
	var out bytes.Buffer
	if err := v.templates.ExecuteTemplate(&out, "checked", checked{err == nil, explain(err, v.w.ID)}); err != nil {
		return err
	}
	v.send(200, out.Bytes())
	return nil
}

func saveAdvanced(v *visit) error {
	name := v.r.PathValue("name")
	text, err := settingsText(v)
	if err == nil {
		_, err = v.hub.ReplaceSettings(v.r.Context(), v.caller, name, json.RawMessage(text))
	}
	if err != nil {
		return v.showAdvanced(advancedPage{Name: name, Text: text}, err)
	}
	v.to(done(integrationURL(name, "advanced"), "saved"))
	return nil
}

func exportIntegration(v *visit) error {
	stored, err := v.hub.Integration(v.r.Context(), v.caller, v.r.PathValue("name"))
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(stored.Data, "", "  ")
	if err != nil {
		return err
	}
	v.download(fileName(stored.Data.Name)+".json", raw)
	return nil
}

func cloneIntegration(v *visit) error {
	i, err := v.hub.CloneIntegration(v.r.Context(), v.caller, v.r.PathValue("name"), strings.TrimSpace(v.r.PostFormValue("as")))
	if err != nil {
		return v.again(err)
	}
	v.to(done(integrationURL(i.Name), "cloned"))
	return nil
}

func deleteIntegration(v *visit) error {
	if err := v.hub.DeleteIntegration(v.r.Context(), v.caller, v.r.PathValue("name")); err != nil {
		return err
	}
	v.to(done("/", "deleted"))
	return nil
}

// again shows the integration with what went wrong.
func (v *visit) again(err error) error {
	p, failed := v.integration(v.r.PathValue("name"))
	if failed != nil {
		return failed
	}
	return v.showIntegration(p, err)
}

func testIntegration(v *visit) error {
	name := v.r.PathValue("name")
	probe, err := v.hub.TestIntegration(v.r.Context(), v.caller, name)
	if err != nil {
		return v.again(err)
	}
	p, err := v.integration(name)
	if err != nil {
		return err
	}
	p.Probe = &probe
	return v.showIntegration(p, nil)
}
