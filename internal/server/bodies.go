package server

import (
	stdjson "encoding/json"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/api"
)

// A modelBody is api.ModelRequest, read leniently: the document's reader names what is wrong with it.
type modelBody struct{ api.ModelRequest }

func (modelBody) lenient() {}

func importModel(x *exchange, in modelBody) (done api.Created[api.Model], err error) {
	m, err := x.ImportModel(x.ctx(), x.caller, in.ModelRequest)
	if err != nil {
		return done, err
	}
	// A client of the compatible API insists on this status for models, and on "Created" for integrations.
	return api.Created[api.Model]{Status: "OK", Message: fmt.Sprintf("Imported the integration model %q.", m.VersionID), Data: m}, nil
}

func updateModel(x *exchange, in modelBody) (done api.ModelUpdate, err error) {
	o, err := x.updateOptions()
	if err != nil {
		return done, err
	}
	done, err = x.UpdateModel(x.ctx(), x.caller, in.ModelRequest, o)
	done.Status, done.Message = "OK", fmt.Sprintf("Updated the integration model %q.", done.Data.VersionID)
	if o.DryRun {
		done.Message = fmt.Sprintf("Nothing was stored: this is what would change in the integration model %q.", done.Changes.From)
	}
	return done, err
}

// validateModel answers with a text if the document is flawless, else with the list of its warnings.
func validateModel(x *exchange, in modelBody) (v api.Validation, err error) {
	warnings, err := x.ValidateModel(x.ctx(), x.caller, in.ModelRequest)
	if err != nil {
		return v, err
	}
	v.Status = "OK"
	if len(warnings) == 0 {
		v.Message, err = encode("The document can be used.")
	} else {
		v.Message, err = encode(warnings)
	}
	return v, err
}

func securitySchemes(x *exchange) (map[string]stdjson.RawMessage, error) {
	return x.SecuritySchemes(x.ctx(), x.caller, x.path("versionId"))
}

// An integrationBody is an integration within "properties", as most clients send it, or without.
type integrationBody struct {
	Properties api.Integration `json:"properties"`
}

// UnmarshalJSONFrom tells the two apart by the name, which only an integration has. It reads the value a second time: settings
// are small.
func (b *integrationBody) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	value = value.Clone()
	var look struct {
		Name jsontext.Value `json:"name"`
	}
	if value.Kind() == '{' {
		if err := json.Unmarshal(value, &look); err != nil {
			return err
		}
	}
	if len(look.Name) > 0 {
		return json.Unmarshal(value, &b.Properties, dec.Options())
	}
	type wrapped integrationBody // without this method
	return json.Unmarshal(value, (*wrapped)(b), dec.Options())
}

func createIntegration(x *exchange, in integrationBody) (done api.Created[api.Integration], err error) {
	i, err := x.CreateIntegration(x.ctx(), x.caller, in.Properties)
	if err != nil {
		return done, err
	}
	return api.Created[api.Integration]{Status: "Created", Message: fmt.Sprintf("Created the integration %q.", i.Name), Data: i}, nil
}

// settingsBody is the body of PUT /integrations/{name}/properties.
type settingsBody struct {
	Properties stdjson.RawMessage `json:"properties"` // authentication, server, tls, variables, version
}

// cloneBody is the body of POST /integrations/{name}/clone.
type cloneBody struct {
	Name string `json:"name"` // of the new integration
}

// passwordBody is the body of PUT /users/{name}/password.
type passwordBody struct {
	Password string `json:"password"`
}

// scheme is the security scheme of the path: "-" where there is only one.
func (x *exchange) scheme() string {
	if scheme := x.path("scheme"); scheme != "-" {
		return scheme
	}
	return ""
}

func updated(i api.Integration, err error) (api.Created[api.Integration], error) {
	if err != nil {
		return api.Created[api.Integration]{}, err
	}
	return api.Created[api.Integration]{Status: "Updated", Message: fmt.Sprintf("Updated the integration %q.", i.Name), Data: i}, nil
}

func deleted(what, name string, err error) (api.Done, error) {
	return done(err, "OK", "Deleted the %s %q.", what, name)
}

func done(err error, status, format string, args ...any) (api.Done, error) {
	if err != nil {
		return api.Done{}, err
	}
	return api.Done{Status: status, Message: fmt.Sprintf(format, args...)}, nil
}
