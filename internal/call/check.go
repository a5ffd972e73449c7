package call

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/check"
	"carnet.dev/carnet/internal/model"
)

// options are how a value of a media type is compared: what is no JSON is sent as texts.
func (b *builder) options(kind string) check.Options {
	return check.Options{Lookup: b.args.Lookup, Old: b.args.Old, Text: !isJSON(kind) && !isSequence(kind)}
}

// found takes over what a comparison found.
func (b *builder) found(r check.Report) {
	b.problems = append(b.problems, r.Problems...)
	b.report.Problems = append(b.report.Problems, r.Problems...)
	b.report.Warnings = append(b.report.Warnings, r.Warnings...)
	b.report.Notes = append(b.report.Notes, r.Notes...)
}

// compare compares an argument with the schema of its parameter. It returns how many problems there were before.
func (b *builder) compare(p *model.Parameter, pointer string, raw jsontext.Value) (before int) {
	before = len(b.problems)
	if b.args.NoCheck || string(raw) == `""` && (p.AllowEmpty || p.Required) { // an empty value is none
		return before
	}
	schema := p.Schema
	if len(schema) == 0 {
		schema = plainSchema(p)
	}
	b.found(check.Value(b.options(p.ContentType), schema, raw, pointer, p.Name))
	return before
}

// plainSchema is of a parameter of which only the type is known.
func plainSchema(p *model.Parameter) jsontext.Value {
	if p.Type == "" {
		return nil
	}
	schema := `{"type":"` + p.Type + `"`
	if p.ItemType != "" {
		schema += `,"items":{"type":"` + p.ItemType + `"}`
	}
	return jsontext.Value(schema + "}")
}

// compareBody compares a payload with the schema of its media type. A text that is the whole body was written by the caller.
func (b *builder) compareBody(m model.MediaType, payload jsontext.Value) {
	if b.args.NoCheck || len(m.Schema) == 0 || payload.Kind() == '"' && !isJSON(m.Type) {
		return
	}
	if strings.Contains(m.Type, "*") || !isJSON(m.Type) && !isForm(m.Type) && !isMultipart(m.Type) && !isXML(m.Type) {
		return // sequences have items, and the schema may be of one or of all
	}
	o := b.options(m.Type)
	if u := b.args.Upload; u != nil { // files are members of the body too, and those that have not come yet may be any
		_, all := u.expected()
		o.Given, o.Open = b.fileFields(), !all
	}
	b.found(check.Value(o, m.Schema, payload, bodyPointer, ""))
}

// fileFields are the fields that the files are for.
func (b *builder) fileFields() (fields []string) {
	files, _ := b.args.Upload.expected()
	for _, f := range files {
		fields = append(fields, f.Field)
	}
	return fields
}
