package openapi_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/openapi"
)

// validate reads a document with its notes, and returns "line:column rule pointer" of each problem.
func validate(t *testing.T, text string) (*model.Document, []string) {
	t.Helper()
	d, err := openapi.Source{Data: []byte(text), Notes: true}.Read(t.Context())
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var all []string
	for _, p := range d.Model.Warnings {
		if p.Severity != fault.Warning && p.Severity != fault.Note {
			t.Errorf("%+v of a document that can be used", p)
		}
		all = append(all, fmt.Sprintf("%d:%d %s %s", p.Line, p.Column, p.Rule, p.Pointer))
	}
	return d, all
}

// TestSins: each is said at its place, and what was meant is there.
func TestSins(t *testing.T) {
	parameters := func(d *model.Document) string {
		var all []string
		for _, p := range d.Operations[0].Parameters {
			all = append(all, p.In+":"+p.Name)
		}
		return d.Operations[0].Path + " " + strings.Join(all, ",")
	}
	schemes := func(d *model.Document) string {
		var all []string
		for _, s := range d.Model.Schemes {
			all = append(all, strings.TrimRight(fmt.Sprintf("%s:%s:%s:%s", s.Type, s.Scheme, s.In, strings.Join(s.Flows.Names(), "+")), ":"))
		}
		return strings.Join(all, ",")
	}
	servers := func(d *model.Document) string {
		var all []string
		for _, s := range d.Model.Servers {
			all = append(all, s.URL)
		}
		return strings.Join(all, ",")
	}
	body := func(d *model.Document) string {
		if b := d.Operations[0].Body; b != nil {
			return b.Content[0].Type + " " + string(b.Content[0].Schema)
		}
		return "none"
	}
	id := func(d *model.Document) string { return d.Model.VersionID + " " + d.Model.Specification }
	three := func(paths, more string) string {
		return "{\"openapi\": \"3.0.4\", \"info\": {\"title\": \"T\", \"version\": \"1\"}, \"paths\": {\n" + paths + "\n}" + more + "}"
	}
	operation := func(more string) string {
		return three(`"/x": {"get": {"operationId": "x", "responses": {"200": {}}`+more+`}}`, "")
	}
	scheme := func(s string) string {
		return three(`"/x": {"get": {"operationId": "x", "responses": {"200": {}}}}`, `, "components": {"securitySchemes": {"s":`+"\n"+s+`}}`)
	}
	for name, c := range map[string]struct {
		text  string
		found string // one of the problems
		what  func(*model.Document) string
		want  string
	}{
		"version as a number": {"openapi: 3.1\ninfo: {title: T, version: 1.0}\npaths: {}", "2:18 info-not-text /info/version", id, "T:1.0 OpenAPI 3.1"},
		"version 3":           {`{"openapi": 3, "info": {"title": "T", "version": "1"}, "paths": {}}`, "", id, "T:1 OpenAPI 3"},
		"version with a v":    {`{"openapi": "v3.0.1", "info": {"title": "T", "version": "1"}, "paths": {}}`, "", id, "T:1 OpenAPI 3.0.1"},
		"a newer version":     {`{"openapi": "3.3.0", "info": {"title": "T", "version": "1"}, "paths": {}}`, "1:2 version-guessed /openapi", id, "T:1 OpenAPI 3.3.0"},
		"swagger 3":           {`{"swagger": "3.0.0", "info": {"title": "T", "version": "1"}, "paths": {}}`, "1:2 version-guessed /swagger", id, "T:1 OpenAPI 3.0.0"},
		"no version of 2.0":   {`{"host": "a.b", "info": {"title": "T", "version": "1"}, "paths": {}}`, "1:1 version-guessed /openapi", id, "T:1 Swagger 2.0"},
		"no version of 3":     {`{"info": {"title": "T", "version": "1"}, "paths": {}}`, "1:1 version-guessed /openapi", id, "T:1 OpenAPI 3.0"},
		"both":                {`{"swagger": "2.0", "openapi": "3.0.0", "info": {"title": "T", "version": "1"}, "paths": {}}`, "1:2 version-guessed /swagger", id, "T:1 OpenAPI 3.0.0"},
		"no info":             {`{"openapi": "3.0.0", "servers": [{"url": "https://a.example/v1"}], "paths": {}}`, "1:1 info-missing /info", id, "a.example:0.0.0 OpenAPI 3.0.0"},
		"info without both":   {"{\"openapi\": \"3.0.0\",\n \"info\": {}, \"paths\": {}}", "2:2 info-missing /info/version", id, "Untitled:0.0.0 OpenAPI 3.0.0"},

		"undeclared path parameter": {three(`"/x/{a}": {"get": {}}`, ""), "2:12 parameter-undeclared /paths/~1x~1{a}/get", parameters, "/x/{a} path:a"},
		"absent path parameter":     {three(`"/x": {"get": {"parameters": [{"name": "a", "in": "path"}]}}`, ""), "2:31 parameter-absent /paths/~1x/get/parameters/0", parameters, "/x "},
		"other capital letters":     {three(`"/x/{user_id}": {"get": {"parameters": [{"name": "userId", "in": "path"}]}}`, ""), "2:41 parameter-absent /paths/~1x~1{user_id}/get/parameters/0", parameters, "/x/{user_id} path:user_id"},
		"a colon in the path":       {three(`"/x/:a/y": {"get": {"parameters": [{"name": "a", "in": "path"}]}}`, ""), "2:36 parameter-absent /paths/~1x~1:a~1y/get/parameters/0", parameters, "/x/{a}/y path:a"},
		"in in capitals":            {operation(`, "parameters": [{"name": "a", "in": "Query"}]`), "2:91 parameter-in /paths/~1x/get/parameters/0/in", parameters, "/x query:a"},
		"in: headers":               {operation(`, "parameters": [{"name": "a", "in": "headers"}]`), "2:91 parameter-in /paths/~1x/get/parameters/0/in", parameters, "/x header:a"},
		"no in":                     {three(`"/x/{b}": {"get": {"parameters": [{"name": "a"}, {"name": "b"}]}}`, ""), "2:35 parameter-in /paths/~1x~1{b}/get/parameters/0/in", parameters, "/x/{b} query:a,path:b"},
		"in nowhere":                {operation(`, "parameters": [{"name": "a", "in": "space"}]`), "2:91 parameter-in /paths/~1x/get/parameters/0/in", parameters, "/x "},
		"no name":                   {operation(`, "parameters": [{"in": "query"}]`), "2:77 parameter-name /paths/~1x/get/parameters/0", parameters, "/x "},
		"no schema":                 {operation(`, "parameters": [{"name": "a", "in": "query"}]`), "2:77 parameter-schema /paths/~1x/get/parameters/0", parameters, "/x query:a"},
		"a parameter twice":         {operation(`, "parameters": [{"name": "a", "in": "query"}, {"name": "a", "in": "query"}]`), "2:107 parameter-twice /paths/~1x/get/parameters/1", parameters, "/x query:a"},
		"parameters by name":        {operation(`, "parameters": {"p": {"name": "a", "in": "query"}}`), "2:62 structure /paths/~1x/get/parameters", parameters, "/x query:a"},
		"no list of parameters":     {operation(`, "parameters": null`), "", parameters, "/x "},
		"a reserved header":         {operation(`, "parameters": [{"name": "accept", "in": "header", "schema": {}}]`), "2:77 parameter-reserved /paths/~1x/get/parameters/0", parameters, "/x header:accept"},
		"a parameter that is gone":  {operation(`, "parameters": [{"$ref": "#/components/parameters/p"}]`), "2:78 ref-broken /paths/~1x/get/parameters/0/$ref", parameters, "/x "},
		"no slash":                  {three(`"x": {"get": {}}`, ""), "2:1 path-slash /paths/x", parameters, "/x "},
		"a trailing slash":          {three(`"/x/": {"get": {}}`, ""), "2:1 path-trailing-slash /paths/~1x~1", parameters, "/x/ "},
		"a method in capitals":      {three(`"/x": {"GET": {}}`, ""), "2:8 structure /paths/~1x/GET", parameters, "/x "},
		"no such method":            {three(`"/x": {"get": {}, "fetch": {}}`, ""), "2:19 member-unknown /paths/~1x/fetch", parameters, "/x "},
		"a method twice":            {three(`"/x": {"get": {"parameters": [{"name": "a", "in": "query"}]}, "get": {}}`, ""), "2:63 name-twice /paths/~1x/get", parameters, "/x "},
		"no responses":              {three(`"/x": {"get": {}}`, ""), "2:8 responses-missing /paths/~1x/get/responses", parameters, "/x "},
		"no operationId":            {three(`"/x": {"get": {}}`, ""), "2:8 operation-id-missing /paths/~1x/get/operationId", parameters, "/x "},
		"a strange status":          {three(`"/x": {"get": {"responses": {"ok": {}}}}`, ""), "2:30 response-status /paths/~1x/get/responses/ok", parameters, "/x "},

		"a body in 3.x":        {operation(`, "consumes": ["text/csv"], "parameters": [{"in": "body", "schema": {"type": "string"}}]`), "2:104 foreign-word /paths/~1x/get/parameters/0/in", body, `text/csv {"type": "string"}`},
		"a form in 3.x":        {operation(`, "parameters": [{"in": "formData", "name": "f", "type": "file"}]`), "2:78 foreign-word /paths/~1x/get/parameters/0/in", body, `multipart/form-data {"type":"object","properties":{"f":{"type":"string","format":"binary"}}}`},
		"a form, with schemas": {operation(`, "parameters": [{"in": "formData", "name": "f", "schema": {"type": "integer"}}]`), "2:78 foreign-word /paths/~1x/get/parameters/0/in", body, `application/x-www-form-urlencoded {"type":"object","properties":{"f":{"type":"integer"}}}`},
		"a body on GET":        {operation(`, "requestBody": {"content": {"a/b": {}}}`), "2:62 body-unusual /paths/~1x/get/requestBody", body, "a/b "},
		"requestBody in 2.0":   {`{"swagger": 2.0, "info": {"title": "T", "version": "1"}, "paths": {"/x": {"post": {"requestBody": {"content": {"a/b": {}}}}}}}`, "1:84 foreign-word /paths/~1x/post/requestBody", body, "a/b "},
		"host in 3.x":          {three("", `, "host": "a.example", "basePath": "/v1", "schemes": ["https"]`), "3:4 foreign-word /host", servers, "https://a.example/v1"},
		"servers in 2.0":       {`{"swagger": 2.0, "info": {"title": "T", "version": "1"}, "servers": [{"url": "/v1"}], "paths": {}}`, "1:58 foreign-word /servers", servers, "/v1"},
		"one server alone":     {three("", `, "servers": {"url": "https://a.example"}`), "3:4 structure /servers", servers, "https://a.example"},
		"no protocol":          {three("", `, "servers": [{"url": "a.example/v1"}, {"url": "localhost:80"}, {"url": "v1/x"}]`), "3:17 server-url /servers/0/url", servers, "https://a.example/v1,http://localhost:80,v1/x"},
		"a host with protocol": {`{"swagger": 2.0, "info": {"title": "T", "version": "1"}, "host": "http://a.example/", "paths": {}}`, "1:58 server-url /host", servers, "http://a.example"},
		"undeclared variable":  {three("", `, "servers": [{"url": "https://{where}.example"}]`), "3:17 server-variable /servers/0/url", servers, "https://{where}.example"},

		"apikey":                 {scheme(`{"type": "APIKEY", "in": "Header", "name": "k"}`), "4:2 scheme-mended /components/securitySchemes/s/type", schemes, "apiKey::header"},
		"api_key":                {scheme(`{"type": "api_key", "name": "k"}`), "3:39 scheme-mended /components/securitySchemes/s/in", schemes, "apiKey::header"},
		"a key without a name":   {scheme(`{"type": "apiKey", "in": "header"}`), "3:39 scheme-incomplete /components/securitySchemes/s", schemes, "apiKey::header"},
		"bearer as a type":       {scheme(`{"type": "Bearer"}`), "4:2 scheme-mended /components/securitySchemes/s/type", schemes, "http:bearer"},
		"basic as a type of 3.x": {scheme(`{"type": "basic"}`), "4:2 scheme-mended /components/securitySchemes/s/type", schemes, "http:basic"},
		"JWT as a scheme":        {scheme(`{"type": "http", "scheme": "JWT"}`), "4:18 scheme-mended /components/securitySchemes/s/scheme", schemes, "http:bearer"},
		"no scheme":              {scheme(`{"type": "http", "bearerFormat": "JWT"}`), "3:39 scheme-mended /components/securitySchemes/s/scheme", schemes, "http:bearer"},
		"http and OAuth":         {scheme(`{"type": "http", "scheme": "OAuth"}`), "4:18 scheme-type /components/securitySchemes/s/scheme", schemes, "http:oauth"},
		"http, OAuth and flows":  {scheme(`{"type": "http", "scheme": "OAuth", "flows": {"password": {}}}`), "4:18 scheme-mended /components/securitySchemes/s/scheme", schemes, "oauth2:::password"},
		"oauth":                  {scheme(`{"type": "oauth", "flows": {"client_credentials": {}, "accessCode": {}, "x": {}}}`), "4:73 flow-unknown /components/securitySchemes/s/flows/x", schemes, "oauth2:::clientCredentials+authorizationCode"},
		"a flow of 2.0":          {scheme(`{"type": "oauth2", "flow": "application", "tokenUrl": "/t"}`), "4:20 foreign-word /components/securitySchemes/s/flow", schemes, "oauth2:::clientCredentials"},
		"no type":                {scheme(`{"scheme": "basic"}`), "3:39 scheme-mended /components/securitySchemes/s/type", schemes, "http:basic"},
		"nonsense":               {scheme(`{"type": "magic"}`), "4:2 scheme-type /components/securitySchemes/s/type", schemes, "magic"},
		"securityDefinitions":    {three("", `, "securityDefinitions": {"s": {"type": "basic"}}`), "3:4 foreign-word /securityDefinitions", schemes, "http:basic"},

		"a wrong example":    {operation(`, "parameters": [{"name": "a", "in": "query", "schema": {"type": "integer", "example": "one"}}]`), "2:136 example-mismatch /paths/~1x/get/parameters/0/schema/example", parameters, "/x query:a"},
		"a wrong default":    {operation(`, "parameters": [{"name": "a", "in": "query", "schema": {"type": "string", "enum": ["b"], "default": "c"}}]`), "2:150 example-mismatch /paths/~1x/get/parameters/0/schema/default", parameters, "/x query:a"},
		"an unknown format":  {operation(`, "parameters": [{"name": "a", "in": "query", "schema": {"type": "string", "format": "ulid"}}]`), "2:135 format-unknown /paths/~1x/get/parameters/0/schema/format", parameters, "/x query:a"},
		"an unknown type":    {operation(`, "parameters": [{"name": "a", "in": "query", "schema": {"type": "date"}}]`), "2:117 schema-type /paths/~1x/get/parameters/0/schema/type", parameters, "/x query:a"},
		"an unused bad $ref": {three("", `, "components": {"schemas": {"a": {"$ref": "#/components/schemas/b"}}}`), "3:37 ref-broken /components/schemas/a/$ref", parameterless, ""},
		"an unknown dialect": {`{"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}, "jsonSchemaDialect": "http://json-schema.org/draft-07/schema#"}`, "1:75 dialect-unknown /jsonSchemaDialect", parameterless, ""},
		"a tag's parent":     {`{"openapi": "3.2.0", "info": {"title": "T", "version": "1"}, "paths": {}, "tags": [{"name": "a", "parent": "b"}]}`, "1:98 tag-parent /tags/0/parent", parameterless, ""},
		"definitions in 3.x": {three(`"/x": {"get": {"parameters": [{"name": "a", "in": "query", "schema": {"$ref": "#/definitions/a"}}]}}`, `, "definitions": {"a": {"type": "string"}}`), "", parameters, "/x query:a"},
	} {
		t.Run(name, func(t *testing.T) {
			d, found := validate(t, c.text)
			if c.found != "" && !slices.Contains(found, c.found) {
				t.Errorf("no %q in\n%s", c.found, strings.Join(found, "\n"))
			}
			if got := c.what(d); got != c.want {
				t.Errorf("read %q, want %q", got, c.want)
			}
		})
	}
}

func parameterless(*model.Document) string { return "" }

func TestSecurityRequirementsAsTheyAreWritten(t *testing.T) {
	more := `, "components": {"securitySchemes": {"Key": {"type": "http", "scheme": "basic"}}}`
	for security, want := range map[string]string{
		`[{"key": []}]`: "[map[Key:[]]]", `{"Key": ["a"]}`: "[map[Key:[a]]]", `["Key"]`: "[map[Key:[]]]", `null`: "[]", `[]`: "[]",
		`[{"#/components/securitySchemes/Key": []}]`: "[map[Key:[]]]",
	} {
		d := read(t, document(`{"/x": {"get": {"operationId": "x", "security": `+security+`}}}`, more))
		if got := fmt.Sprint(operation(t, d, "x").Security); got != want {
			t.Errorf("%s: %s, want %s", security, got, want)
		}
	}
}

// TestTexts: whatever the bytes are, the document is the same.
func TestTexts(t *testing.T) {
	text := "openapi: 3.0.0\ninfo: {title: \"Käse 🧀\", version: \"1\"}\npaths: {}\n"
	wide := func(order binary.AppendByteOrder, mark bool) (out []byte) {
		units := utf16.Encode([]rune(text))
		if mark {
			units = append([]uint16{0xfeff}, units...)
		}
		for _, u := range units {
			out = order.AppendUint16(out, u)
		}
		return out
	}
	wider := func(order binary.AppendByteOrder) (out []byte) {
		for _, r := range "\ufeff" + text {
			out = order.AppendUint32(out, uint32(r))
		}
		return out
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(text))
	z.Close()
	for name, data := range map[string][]byte{
		"UTF-8": []byte(text), "with a mark": []byte("\xef\xbb\xbf" + text), "gzip": zipped.Bytes(),
		"UTF-16, little end": wide(binary.LittleEndian, true), "UTF-16, big end": wide(binary.BigEndian, true),
		"UTF-16 without a mark": wide(binary.LittleEndian, false), "UTF-16, big end, without a mark": wide(binary.BigEndian, false),
		"UTF-32, little end": wider(binary.LittleEndian), "UTF-32, big end": wider(binary.BigEndian),
	} {
		d, err := openapi.Read(data, "")
		if err != nil || d.Model.Title != "Käse 🧀" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMendedYAML: what YAML refuses for its characters alone is read, if it can be read in one way only.
func TestMendedYAML(t *testing.T) {
	for text, want := range map[string]string{
		"openapi: 3.0.0\ninfo:\n\ttitle: T\n\tversion: '1'\npaths: {}\n":                               "3:1 tab-indent ",
		"openapi: 3.0.0\ninfo: {title: \"a\x01b\", version: '1'}\npaths: {}\n":                         "2:17 control-character ",
		"openapi: 3.0.0\ninfo: {title: \"K\xe4se\", version: '1'}\npaths: {}\n":                        "2:17 not-utf8 ",
		"openapi: 3.0.0\ninfo: {title: T, title: U, version: '1'}\npaths: {}\n":                        "2:18 name-twice /info/title",
		"{\"openapi\": \"3.0.0\", \"info\": {\"title\": \"\x7f\", \"version\": \"1\"}, \"paths\": {}}": "",
	} {
		_, found := validate(t, text)
		if want != "" && !slices.Contains(found, want) || want == "" && len(found) != 1 {
			t.Errorf("%q: no %q in %q", text, want, found)
		}
	}
	for text, want := range map[string]string{
		"openapi: 3.0.0\ninfo:\n\ttitle: T\n  version: '1'\npaths: {}\n": "3", // one tab may be two blanks, or eight
		"openapi: 3.0.0\ninfo: {title: a: b}\n":                          "2",
		"{\"openapi\":\n \"3.0.0\" \"info\"}":                            "2",
	} {
		_, err := openapi.Read([]byte(text), "")
		if p := fault.ProblemsOf(err); len(p) != 1 || fmt.Sprint(p[0].Line) != want || p[0].Column == 0 || p[0].Rule != "syntax" {
			t.Errorf("%q: %v %+v", text, err, p)
		}
	}
}

// TestRulesAreTold: each has an id of its own, and what it says.
func TestRulesAreTold(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range openapi.Rules() {
		if r.ID == "" || r.Text == "" || r.Severity == "" || seen[r.ID] {
			t.Errorf("%+v", r)
		}
		seen[r.ID] = true
	}
}
