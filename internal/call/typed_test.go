package call_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/model"
)

// order is an operation with all that people type.
func order() *model.Operation {
	schemas := func(s string) jsontext.Value { return jsontext.Value(s) }
	return &model.Operation{
		Summary: model.Summary{ID: "order", Method: "POST", Path: "/orders/{id}"},
		Parameters: []model.Parameter{
			{Name: "id", In: "path", Required: true, Style: "simple", Type: "string", Schema: schemas(`{"type":"string"}`)},
			{Name: "limit", In: "query", Style: "form", Explode: true, Type: "integer", Schema: schemas(`{"type":"integer"}`)},
			{Name: "tag", In: "query", Style: "form", Type: "array", ItemType: "string", Schema: schemas(`{"type":"array","items":{"type":"string"}}`)},
			{Name: "filter", In: "query", Style: "deepObject", Explode: true, Type: "object", Schema: schemas(`{"$ref":"#/f"}`)},
			{Name: "where", In: "query", ContentType: "application/json", Schema: schemas(`{"type":"object","properties":{"n":{"type":"integer"},"a.b":{"type":"boolean"}}}`)},
			{Name: "page.size", In: "query", Style: "form", Type: "integer", Schema: schemas(`{"type":"integer"}`)},
			{Name: "page[no]", In: "query", Style: "form", Type: "integer", Schema: schemas(`{"type":"integer"}`)},
		},
		Body: &model.Body{Content: []model.MediaType{{Type: "application/json", Schema: schemas(`{"$ref":"#/order"}`)}}},
	}
}

func orderSchemas(ref string) jsontext.Value {
	return map[string]jsontext.Value{
		"#/f": jsontext.Value(`{"type":"object","properties":{"status":{"type":"string"},"min":{"type":"number"}}}`),
		"#/order": jsontext.Value(`{"allOf":[{"$ref":"#/thing"},{"type":"object","properties":{
			"to":{"type":"object","properties":{"city":{"type":"string"},"zip":{"type":"string"},"floor":{"type":["integer","null"]}}},
			"items":{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer"},"gift":{"type":"boolean"}}}},
			"tags":{"type":"array","items":{"type":"string"}}, "sizes":{"type":"array","items":{"type":"integer"}},
			"ref":{"oneOf":[{"type":"integer"},{"type":"string"}]}, "level":{"type":["integer","string"],"enum":["1",2]},
			"labels":{"type":"object","additionalProperties":{"type":"integer"}}, "any":{}}}]}`),
		"#/thing": jsontext.Value(`{"type":"object","properties":{"name":{"type":"string"},"again":{"$ref":"#/order"}}}`),
	}[ref]
}

// typed reads what a test types: "name=text", "name:=json", a field if it begins with "-".
func typed(args ...string) (all []call.Typed) {
	for _, arg := range args {
		name, text, _ := strings.Cut(arg, "=")
		var t call.Typed
		if plain, isJSON := strings.CutSuffix(name, ":"); isJSON {
			name, t.Value = plain, jsontext.Value(text)
		} else {
			t.Text = text
		}
		if field, isField := strings.CutPrefix(name, "-"); isField {
			t.Field = field
		} else {
			t.Parameter = name
		}
		all = append(all, t)
	}
	return all
}

func TestTyped(t *testing.T) {
	for _, c := range []struct{ args, payload, query, body string }{
		{args: "limit=10", query: "limit=10"},
		{args: "tag=a", query: "tag=a"},
		{args: "tag=a tag=b", query: "tag=a,b"},
		{args: `tag=["a","b"]`, query: "tag=a,b"},
		{args: "tag[]=a tag[1]=b", query: "tag=a,b"},
		{args: "filter.status=open filter.min=1.5", query: "filter%5Bstatus%5D=open&filter%5Bmin%5D=1.5"},
		{args: "filter[status]=open", query: "filter%5Bstatus%5D=open"},
		{args: "query.filter.status=open", query: "filter%5Bstatus%5D=open"},
		{args: "where.n=7 where.a.b=true", query: "where=%7B%22n%22%3A7%2C%22a.b%22%3Atrue%7D"},
		{args: `where={"n":1}`, query: "where=%7B%22n%22%3A1%7D"},
		{args: "page.size=5 page[no]=2", query: "page.size=5&page%5Bno%5D=2"},
		{args: "-name=10 -to.city=Durban -to.zip=007 -to.floor=3", body: `{"name":"10","to":{"city":"Durban","zip":"007","floor":3}}`},
		{args: "-body.name=x -body.to.floor=null", body: `{"name":"x","to":{"floor":null}}`},
		{args: "-items[0].id=7 -items[0].gift=true -items[1].id=8", body: `{"items":[{"id":7,"gift":true},{"id":8}]}`},
		{args: "-tags=1 -tags=2 -sizes=1 -sizes=2", body: `{"tags":["1","2"],"sizes":[1,2]}`},
		{args: "-sizes=[1,2] -sizes=3 -sizes[]=4", body: `{"sizes":[1,2,3,4]}`},
		{args: "-ref=7 -any=7 -level=1", body: `{"ref":7,"any":"7","level":"1"}`},
		{args: "-ref=A7 -any:=7 -level=2", body: `{"ref":"A7","any":7,"level":2}`},
		{args: "-labels.blue=7 -any.thing.at[0]=all", body: `{"labels":{"blue":7},"any":{"thing":{"at":["all"]}}}`},
		{args: "-again.again.name=deep", body: `{"again":{"again":{"name":"deep"}}}`},
		{args: "-name=new -tags[]=c", payload: `{"name":"old","tags":["a","b"]}`, body: `{"name":"new","tags":["a","b","c"]}`},
		{args: "-tags=c", payload: `{"tags":["a","b"]}`, body: `{"tags":["c"]}`},
		{args: "-unheard:=1", body: `{"unheard":1}`},
		{args: "-name:=null", body: `{"name":null}`},
	} {
		r, err := call.Build(order(), &url.URL{Scheme: "https", Host: "api.example"}, call.Arguments{
			Parameters: map[string]jsontext.Value{"id": jsontext.Value(`"7"`)}, Payload: jsontext.Value(c.payload),
			Typed: typed(strings.Fields(c.args)...), Lookup: orderSchemas, NoCheck: true,
		})
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		shown, err := r.Show(nil)
		if err != nil {
			t.Fatal(err)
		}
		_, query, _ := strings.Cut(shown.URL, "?")
		if diff := cmp.Diff([]string{c.query, c.body}, []string{query, shown.Body}); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.args, diff)
		}
	}
}

func TestTypedThatIsWrong(t *testing.T) {
	for args, want := range map[string]string{
		"limt=1":              "there is no parameter limt; did you mean limit?",
		"limit=1 limit=2":     "limit is given twice",
		"limit=many":          "limit is not an integer",
		"limit.x=1":           "", // whatever it is, it is refused
		"filter.statos=x":     "there is no field filter.statos; did you mean filter.status?",
		"-nmae=x":             "there is no field nmae; did you mean name?",
		"-to.ctiy=x":          "there is no field to.ctiy; did you mean to.city?",
		"-to.quite.other=x":   "there is no field to.quite; there are city, floor, zip",
		"-items[1].id=7":      "items has no item [1] yet: the next is [0]",
		"-name=x -name.y=z":   "name is no object: it has no y",
		"-to.city=x -to[0]=y": "",
		"-tags.x=y":           "",
		"-items[0].id=x":      "items.0.id",
		"-" + strings.Repeat("again.", 300) + "name=x": "goes too deep",
	} {
		_, err := call.Build(order(), &url.URL{Scheme: "https", Host: "api.example"}, call.Arguments{
			Parameters: map[string]jsontext.Value{"id": jsontext.Value(`"7"`)}, Typed: typed(strings.Fields(args)...), Lookup: orderSchemas,
		})
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
	_, err := call.Build(order(), &url.URL{Scheme: "https", Host: "api.example"}, call.Arguments{Bytes: []byte("x"), Typed: typed("id=7", "-name=x"), Lookup: orderSchemas})
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("a field in a body of bytes: %v", err)
	}
}

func FuzzTyped(f *testing.F) {
	f.Add("-items[0].id", "7")
	f.Add("filter[status]", "open")
	f.Add("-tags[]", `["a"]`)
	f.Add("page[no]", "")
	f.Fuzz(func(t *testing.T, name, text string) {
		for _, noCheck := range []bool{false, true} {
			one := typed(name + "=" + text)
			_, err := call.Build(order(), &url.URL{Scheme: "https", Host: "api.example"}, call.Arguments{
				Parameters: map[string]jsontext.Value{"id": jsontext.Value(`"7"`)}, Typed: append(one, one...), Lookup: orderSchemas, NoCheck: noCheck,
			})
			if err != nil && !fault.Is(err, fault.Invalid) {
				t.Error(err)
			}
		}
	})
}
