package openapi

import (
	"carnet.dev/carnet/fault"
)

// A Rule is one thing that a document may do wrong.
type Rule struct {
	ID       string // stable, for those who filter
	Severity fault.Severity
	Text     string // in a sentence
}

// Rules returns all rules, the worst first, each with an id of its own.
func Rules() []Rule { return ruleTable[:] }

type rule int

// What a document may do wrong. Errors leave nothing to use; warnings say what was mended or left out; notes are for those who
// write the document.
const (
	syntax rule = iota
	documentUnknown
	versionUnsupported
	pathsMissing
	infoTooLong

	versionGuessed
	foreignWord
	controlCharacter
	tabIndent
	notUTF8
	nameTwice
	infoMissing
	infoNotText
	structure
	refBroken
	refCircular
	pathSlash
	operationNone
	operationIDTwice
	parameterIn
	parameterName
	parameterTwice
	parameterUndeclared
	parameterAbsent
	schemeType
	schemeMended
	schemeIncomplete
	schemeMissing
	flowUnknown
	flowImplicit
	serverURL
	serverVariable

	memberUnknown
	pathTrailingSlash
	operationIDMissing
	responsesMissing
	responseStatus
	parameterReserved
	parameterSchema
	bodyUnusual
	schemaType
	formatUnknown
	exampleMismatch
	tagParent
	dialectUnknown
)

var ruleTable = [...]Rule{
	syntax:             {"syntax", fault.Severe, "The text is neither JSON nor YAML, or a part of it is missing."},
	documentUnknown:    {"document-unknown", fault.Severe, "It is no OpenAPI document."},
	versionUnsupported: {"version-unsupported", fault.Severe, "The version of the specification is one that Carnet does not read."},
	pathsMissing:       {"paths-missing", fault.Severe, "There are no paths, so there is nothing to call."},
	infoTooLong:        {"info-too-long", fault.Severe, "Title and version are too long to name the model."},

	versionGuessed:      {"version-guessed", fault.Warning, "The version of the specification is missing, doubtful or unknown; what the rest looks like is taken."},
	foreignWord:         {"foreign-word", fault.Warning, "A word of OpenAPI 2.0 in a document of 3.x, or the reverse; it is read as what it means."},
	controlCharacter:    {"control-character", fault.Warning, "A control character, which YAML does not allow; read as a blank."},
	tabIndent:           {"tab-indent", fault.Warning, "YAML is indented by tabs, which it does not allow; read as blanks."},
	notUTF8:             {"not-utf8", fault.Warning, "Bytes that are not UTF-8; read as the replacement character."},
	nameTwice:           {"name-twice", fault.Warning, "An object has two members of one name; the last one counts."},
	infoMissing:         {"info-missing", fault.Warning, "Title or version is missing; one is made up."},
	infoNotText:         {"info-not-text", fault.Warning, "Title or version is not a text; it is taken as it is written."},
	structure:           {"structure", fault.Warning, "A value of the wrong type; it is left out, or read as what it means."},
	refBroken:           {"ref-broken", fault.Warning, "A $ref leads nowhere; what it stands for is left out."},
	refCircular:         {"ref-circular", fault.Warning, "A $ref leads to itself; what it stands for is left out."},
	pathSlash:           {"path-slash", fault.Warning, "A path does not begin with a slash; one is added."},
	operationNone:       {"operation-none", fault.Warning, "There is no operation to call."},
	operationIDTwice:    {"operation-id-twice", fault.Warning, "Several operations have one operationId; all but one get another."},
	parameterIn:         {"parameter-in", fault.Warning, "A parameter is in no place that there is; it is put where it belongs, or left out."},
	parameterName:       {"parameter-name", fault.Warning, "A parameter has no name; it is left out."},
	parameterTwice:      {"parameter-twice", fault.Warning, "A parameter is declared twice; the last one counts."},
	parameterUndeclared: {"parameter-undeclared", fault.Warning, "A {name} in a path is not declared; it is taken as a text."},
	parameterAbsent:     {"parameter-absent", fault.Warning, "A path parameter does not occur in the path; it is left out."},
	schemeType:          {"scheme-type", fault.Warning, "A security scheme of a type that there is not; an integration has to define it."},
	schemeMended:        {"scheme-mended", fault.Warning, "A security scheme in other words than the specification's; it is read as what it means."},
	schemeIncomplete:    {"scheme-incomplete", fault.Warning, "A security scheme that does not say all that is needed; an integration has to define it."},
	schemeMissing:       {"scheme-missing", fault.Warning, "A security requirement names a scheme that does not exist; an integration has to define it."},
	flowUnknown:         {"flow-unknown", fault.Warning, "An OAuth flow that there is not; it is left out."},
	flowImplicit:        {"flow-implicit", fault.Warning, "The implicit flow is the only one; it is no longer used (RFC 9700 2.1.2)."},
	serverURL:           {"server-url", fault.Warning, "A server without a URL, or with one that had to be put right."},
	serverVariable:      {"server-variable", fault.Warning, "A {variable} of a server's URL is not declared, or has no default; an integration has to say it."},

	memberUnknown:      {"member-unknown", fault.Note, "A member that the specification does not know here; nothing is made of it."},
	pathTrailingSlash:  {"path-trailing-slash", fault.Note, "A path ends in a slash; it is sent as it is."},
	operationIDMissing: {"operation-id-missing", fault.Note, "An operation has no operationId; its id is made of method and path."},
	responsesMissing:   {"responses-missing", fault.Note, "An operation has no responses."},
	responseStatus:     {"response-status", fault.Note, "A response whose status is none."},
	parameterReserved:  {"parameter-reserved", fault.Note, "Accept, Content-Type and Authorization are no parameters: the media types and security schemes say them."},
	parameterSchema:    {"parameter-schema", fault.Note, "A parameter has no schema; it takes anything."},
	bodyUnusual:        {"body-unusual", fault.Note, "GET, HEAD or DELETE has a body, which HTTP gives no meaning; it is sent."},
	schemaType:         {"schema-type", fault.Note, "A schema has a type that there is not; it takes anything."},
	formatUnknown:      {"format-unknown", fault.Note, "A format that nobody registered; it is not checked."},
	exampleMismatch:    {"example-mismatch", fault.Note, "An example or default is not of its schema's type, or none of its values."},
	tagParent:          {"tag-parent", fault.Note, "A tag's parent does not exist, or is the tag itself."},
	dialectUnknown:     {"dialect-unknown", fault.Note, "A dialect of JSON Schema other than 2020-12 and OpenAPI's own; schemas are read as 2020-12."},
}
