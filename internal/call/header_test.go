package call_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/model"
)

// TestDeclaredAcceptAndContentType: real documents require them, though they are not for a caller to say.
func TestDeclaredAcceptAndContentType(t *testing.T) {
	header := func(name, only string) model.Parameter {
		p := model.Parameter{Name: name, In: model.InHeader, Required: true, Style: "simple", Type: "string"}
		if only != "" {
			p.Default = jsontext.Value(only)
		}
		return p
	}
	op := &model.Operation{
		Summary:    model.Summary{ID: "op", Method: http.MethodPost, Path: "/"},
		Parameters: []model.Parameter{header("accept", ""), header("Content-Type", "")},
		Body:       &model.Body{Content: []model.MediaType{{Type: "application/json"}}},
		Responses:  []model.Response{{Status: "200", Types: []string{"application/xml"}}},
	}
	base := &url.URL{Scheme: "https", Host: "api.example"}
	for name, c := range map[string]struct {
		only                string
		arguments           map[string]jsontext.Value
		accept, contentType string
	}{
		"neither is given":     {"", nil, "application/xml, */*;q=0.8", "application/json"},
		"there is but one":     {`"application/vnd.x+json"`, nil, "application/vnd.x+json", "application/json"},
		"accept is chosen":     {"", map[string]jsontext.Value{"accept": jsontext.Value(`"text/csv"`)}, "text/csv", "application/json"},
		"the type is chosen":   {"", map[string]jsontext.Value{"Content-Type": jsontext.Value(`"text/json"`)}, "application/xml, */*;q=0.8", "text/json"},
		"an empty one is none": {"", map[string]jsontext.Value{"accept": jsontext.Value(`""`)}, "application/xml, */*;q=0.8", "application/json"},
	} {
		op.Parameters[0] = header("accept", c.only)
		request, err := call.Build(op, base, call.Arguments{Parameters: c.arguments, Payload: jsontext.Value(`{}`)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		shown, err := request.Show(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := shown.Header.Get("Accept"); got != c.accept {
			t.Errorf("%s: Accept is %s", name, got)
		}
		if got := shown.Header.Get("Content-Type"); got != c.contentType {
			t.Errorf("%s: Content-Type is %s", name, got)
		}
	}
}
