package api

import (
	"encoding/json"
	"io"
	"time"

	"carnet.dev/carnet/fault"
)

// An OperationList is the answer of GET /integrations/{name}/operations.
type OperationList struct {
	Operations []OperationSummary `json:"operations"`
	Total      int                `json:"total"`
}

// An OperationSummary is an operation's line in a list.
type OperationSummary struct {
	ID         string   `json:"id"`
	Method     string   `json:"method"`
	Path       string   `json:"path"`
	Summary    string   `json:"summary,omitempty"`
	Tags       []string `json:"tags,omitempty"`
	Deprecated bool     `json:"deprecated,omitempty"`
}

// An Operation is the answer of GET /integrations/{name}/operations/{id}. Schemas are JSON Schema as in the document, and
// Schemas holds the ones that their "$ref"s name, by reference.
type Operation struct {
	OperationSummary
	Description string                     `json:"description,omitempty"`
	Parameters  []Parameter                `json:"parameters"`
	Body        *Body                      `json:"body,omitempty"`
	Responses   []Response                 `json:"responses"`
	Security    []map[string][]string      `json:"security,omitempty"`
	Schemas     map[string]json.RawMessage `json:"schemas,omitempty"`
}

// A Parameter is an argument of an operation outside its body.
type Parameter struct {
	Name        string `json:"name"`
	In          string `json:"in"`
	Type        string `json:"type,omitempty"`
	Required    bool   `json:"required,omitempty"`
	Deprecated  bool   `json:"deprecated,omitempty"`
	Description string `json:"description,omitempty"`
	// Default is what the service takes if the argument is left out; of a required one it is sent.
	Default json.RawMessage `json:"default,omitempty"`
	Schema  json.RawMessage `json:"schema,omitempty"`
	Example json.RawMessage `json:"example,omitempty"`
}

// A Body is an operation's request body.
type Body struct {
	Required    bool        `json:"required,omitempty"`
	Description string      `json:"description,omitempty"`
	Content     []MediaType `json:"content"`
}

// A MediaType is one form that a body may take.
type MediaType struct {
	Type    string          `json:"type"`
	Schema  json.RawMessage `json:"schema,omitempty"`
	Example json.RawMessage `json:"example,omitempty"`
}

// A Response is what the document says of an answer.
type Response struct {
	Status      string   `json:"status"`
	Description string   `json:"description,omitempty"`
	Types       []string `json:"types,omitempty"`
}

// A Task runs an operation: the body of POST /integrations/{name}/operations/{id}/run.
type Task struct {
	// Parameters by their names in the document; "in.name" ("query.id") where a name occurs in several places. A value is
	// JSON; an array or object is serialized as the document says. An empty text leaves an optional parameter out.
	Parameters map[string]json.RawMessage `json:"parameters,omitempty"`
	// Typed are arguments as a person types them, over Parameters and RequestBodyPayload.
	Typed []Typed `json:"typed,omitempty"`
	// RequestBodyPayload is the body: JSON for a JSON media type or a form, a JSON string for anything else.
	RequestBodyPayload json.RawMessage `json:"requestBodyPayload,omitempty"`
	// RequestBodyBase64 is a body of any bytes, in place of RequestBodyPayload.
	RequestBodyBase64 []byte `json:"requestBodyBase64,omitempty"`
	// BodyContentType chooses the body's media type; the document's first that fits by default.
	BodyContentType string `json:"bodyContentType,omitempty"`
	// Files describes the files that come with the task as parts of a multipart/form-data request, in their order. It may be left
	// out; with the size of all of them the service is told how long the body is.
	Files []File `json:"files,omitempty"`
	// Next returns the files' content one after another, where a server hands a task on; io.EOF after the last. nil: there is none.
	Next func() (File, error) `json:"-"`
	// Stream makes the answer that of the API itself, as it comes: see Result.Body.
	Stream bool `json:"stream,omitempty"`
	// NoCheck leaves arguments unchecked that can be sent, whatever their schemas say.
	NoCheck bool `json:"noCheck,omitempty"`
	// CheckAnswer compares the answer's JSON with its schema; what differs is among the warnings.
	CheckAnswer bool `json:"checkAnswer,omitempty"`
	// Wait is for how many seconds, a day at most, an API that is busy is waited for: 429, and 503, as their Retry-After says.
	Wait float64 `json:"wait,omitempty"`
	// Waits hears of every pause of the task as it begins; nil: nobody wants to know.
	Waits func(Waiting) `json:"-"`
	// Paginate has the result say where the next page is: "auto" finds it out, and the rule of a page (Page.Rule) is a way to it.
	Paginate string `json:"paginate,omitempty"`
	// Items is the JSON Pointer of a page's items in the answer, where that is not found out or not right.
	Items *string `json:"items,omitempty"`
	// From is the Next of the page before this one. Arguments are those of the first page.
	From *Next `json:"from,omitempty"`
	// DryRun builds the request and returns it, its secrets masked, without sending it or getting a token.
	DryRun bool `json:"dryRun,omitempty"`
}

// A Waiting is that a task waits: for an API that is busy, or for one that did not answer.
type Waiting struct {
	Seconds float64 `json:"seconds"`
	Host    string  `json:"host"`             // that is waited for
	Status  int     `json:"status,omitempty"` // that it answered with; 0: it did not answer
}

// A Typed is an argument as a person types it: its schema says whether the text 10 is a number. The same one a second time is the
// next item of a list.
type Typed struct {
	// Parameter is a parameter's name, perhaps with a path into it: "limit", "query.id", "filter.status".
	Parameter string `json:"parameter,omitempty"`
	// Field is the path of a member of the body, in place of Parameter: "customer.address.city", "items[0].name", "tags[]".
	Field string `json:"field,omitempty"`
	Text  string `json:"text,omitempty"`
	// Value is JSON, which is taken as it is, in place of Text.
	Value json.RawMessage `json:"value,omitempty"`
}

// A File is the body of a request, or a part of it, that comes as a stream.
type File struct {
	// Field is the part's name in a form; empty: the file is the whole body.
	Field string `json:"field,omitempty"`
	// Name is the file's name, as the service is told.
	Name string `json:"name,omitempty"`
	// ContentType is its media type; that of the document, or application/octet-stream, by default.
	ContentType string `json:"contentType,omitempty"`
	// Headers are more headers of the part.
	Headers map[string]string `json:"headers,omitempty"`
	// Size is in bytes; 0 if it is not known.
	Size    int64     `json:"size,omitempty"`
	Content io.Reader `json:"-"`
}

// A Result is what a task returns.
type Result struct {
	OK         bool              `json:"ok"`  // the status is 2xx
	URL        string            `json:"url"` // without secrets
	Status     int               `json:"status"`
	StatusText string            `json:"statusText"`
	Headers    map[string]string `json:"headers"`        // names in lower case; values of one name joined by ", "
	Data       json.RawMessage   `json:"data,omitempty"` // JSON as it came, or a string
	// Encoding is "base64" if Data is a string that holds bytes which are no UTF-8 text.
	Encoding string   `json:"encoding,omitempty"`
	Request  *Request `json:"request,omitempty"` // of a dry run
	Page     *Page    `json:"page,omitempty"`    // of a task with Paginate that succeeded
	// Warnings are what was noticed and did not keep the task from running.
	Warnings []fault.Problem `json:"warnings,omitempty"`
	// Body is the answer of a task with Stream, as the API sent it but for its Content-Encoding. Whoever gets it has to close it.
	Body io.ReadCloser `json:"-"`
}

// A Request is what a dry run would have sent.
type Request struct {
	Method  string              `json:"method"`
	URL     string              `json:"url"`
	Headers map[string][]string `json:"headers"`
	Body    string              `json:"body,omitempty"`
}

// A Token is the state of one integration's token for one security scheme; never the token itself.
type Token struct {
	Scheme       string     `json:"scheme"`
	State        string     `json:"state"` // empty, fresh, due, claimed, waiting, broken
	AccessToken  bool       `json:"access_token"`
	RefreshToken bool       `json:"refresh_token"`
	TokenType    string     `json:"token_type,omitempty"`
	Scope        string     `json:"scope,omitempty"`
	ExpiresIn    float64    `json:"expires_in,omitempty"` // seconds, as the server said
	ExpiresAt    *time.Time `json:"expires_at,omitempty"`
	CreatedAt    *time.Time `json:"created_at,omitempty"`
	RenewsAt     *time.Time `json:"renews_at,omitempty"`
	Generation   int64      `json:"generation"`
	Manual       bool       `json:"manual,omitempty"`
	AuthMethod   string     `json:"auth_method,omitempty"`
	Failures     int        `json:"failures,omitempty"`
	Reason       string     `json:"reason,omitempty"` // of the last failure, as a Diagnosis has it
	Cause        string     `json:"cause,omitempty"`  // of the last failure
	Hint         string     `json:"hint,omitempty"`
	NextTry      *time.Time `json:"next_try,omitempty"`
	Endings      []Ending   `json:"endings,omitempty"` // of what the token is got with
}

// A GivenToken is a token that somebody got elsewhere: the body of PUT /integrations/{name}/tokens/{scheme}. An access token, a
// refresh token or both; when the access token ends may be left out.
type GivenToken struct {
	AccessToken  string  `json:"access_token,omitempty"`
	RefreshToken string  `json:"refresh_token,omitempty"`
	TokenType    string  `json:"token_type,omitempty"` // Bearer by default
	Scope        string  `json:"scope,omitempty"`
	ExpiresIn    float64 `json:"expires_in,omitempty"` // seconds from now
	ExpiresAt    string  `json:"expires_at,omitempty"` // in place of it: a time, as in 2026-01-31T12:00:00Z
}

// A TokenList is the answer of GET /integrations/{name}/tokens.
type TokenList struct {
	Tokens []Token `json:"tokens"`
}

// Failure is the body of an error answer.
type Failure struct {
	Kind     string          `json:"kind"`
	Message  string          `json:"message"`
	Hint     string          `json:"hint,omitempty"`
	Problems []fault.Problem `json:"problems,omitempty"`
}
