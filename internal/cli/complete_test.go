package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// TestCompletion asks what the shells' scripts ask.
func TestCompletion(t *testing.T) {
	op := api.Operation{
		Parameters: []api.Parameter{
			{Name: "name", In: "query", Description: "whose it is", Schema: json.RawMessage(`{"type":"string"}`)},
			{Name: "state", In: "query", Type: "array", Schema: json.RawMessage(`{"type":"array","items":{"$ref":"#/state"}}`)},
			{Name: "urgent", In: "query", Schema: json.RawMessage(`{"type":"boolean"}`)},
			{Name: "filter", In: "query", Type: "object", Schema: json.RawMessage(`{"properties":{"state":{"$ref":"#/state"}}}`)},
		},
		Body: &api.Body{Content: []api.MediaType{{Type: "application/json", Schema: json.RawMessage(`{"$ref":"#/order"}`)}}},
		Schemas: map[string]json.RawMessage{
			"#/state": json.RawMessage(`{"enum":["open","shipped"]}`),
			"#/order": json.RawMessage(`{"properties":{"to":{"properties":{"city":{"type":"string"}}},"state":{"$ref":"#/state"},"again":{"$ref":"#/order"},
				"items":{"type":"array","items":{"properties":{"state":{"$ref":"#/state"}}}}}}`),
		},
	}
	for _, c := range []struct {
		answer any
		line   string
		want   string
	}{
		{api.IntegrationList{Results: []api.Stored{{Data: api.Integration{Name: "desk"}}}}, "run |", "desk :4"},
		{api.OperationList{Operations: []api.OperationSummary{{ID: "list", Summary: "all"}}}, "run desk |", "list\tall :4"},
		{api.ModelList{IntegrationModels: []api.Model{{VersionID: "Shop:1"}}}, "integration create x --model |", "Shop:1 :4"},
		{api.TokenList{Tokens: []api.Token{{Scheme: "oauth"}}}, "token renew desk --scheme |", "oauth :4"},
		{nil, "run desk list -o |", "data json yaml raw full :4"},
		{nil, "run desk list --paginate -o |", "data json jsonl yaml full :4"},
		{nil, "model list -o |", "table json yaml :4"},
		{op, "run desk list -p |na", "name=\twhose_it_is :6"},
		{op, "run desk list -p |state=", "state=open state=shipped :4"},
		{op, "run desk list -p |state=s", "state=shipped :4"},
		{op, "run desk list -p |query.state=o", "query.state=open :4"},
		{op, "run desk list -p |urgent=", "urgent=true urgent=false :4"},
		{op, "run desk list -p |filter.", "filter.state= :6"},
		{op, "run desk list -p |filter.state=o", "filter.state=open :4"},
		{op, "run desk list -p |name=@", ":0"},
		{op, "run desk list -f |", "again. items= state= to. :6"},
		{op, "run desk list -f |to.", "to.city= :6"},
		{op, "run desk list -f |body.state=", "body.state=open body.state=shipped :4"},
		{op, "run desk list -f |again.to.c", "again.to.city= :6"},
		{op, "run desk list -f |items[0].", "items[0].state= :6"},
		{op, "run desk list -f |items[0].state=o", "items[0].state=open :4"},
		{fault.New(fault.NotFound, "there is none"), "run desk list -p |na", ":6"},
	} {
		shell := newTerminal()
		shell.answer = c.answer
		line, typed, _ := strings.Cut(c.line, "|")
		exit := shell.run(t.Context(), append(append([]string{"__complete"}, strings.Fields(line)...), typed)...)
		got := strings.Join(strings.Fields(strings.ReplaceAll(shell.out.String(), "whose it is", "whose_it_is")), " ")
		if diff := cmp.Diff(strings.ReplaceAll(c.want, "\t", " "), got); exit != 0 || diff != "" {
			t.Errorf("%s: exit %d, -want +got\n%s", c.line, exit, diff)
		}
		if said := shell.err.String(); !strings.HasPrefix(said, "Completion ended with directive") {
			t.Errorf("%s: it is not silent: %s", c.line, said)
		}
	}
}

func TestCompletionScripts(t *testing.T) {
	for _, name := range []string{"bash", "zsh", "fish", "powershell", "help"} {
		shell := newTerminal()
		if exit := shell.run(t.Context(), "completion", name); exit != 0 || !strings.Contains(shell.out.String(), "carnet") {
			t.Errorf("%s: exit %d, %s", name, exit, &shell.err)
		}
	}
}
