package server

import (
	"context"
	stdjson "encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/record"
)

// An exchange is one request, and whose it is.
type exchange struct {
	Hub
	r      *http.Request
	w      *record.Writer
	limit  int64         // of the body, in bytes
	upload io.ReadCloser // the body without that limit: for what is not kept in memory
	caller access.Caller
	page   func(integration string) string // URL of where people see it; "" if there is no page
}

func (x *exchange) ctx() context.Context       { return x.r.Context() }
func (x *exchange) path(segment string) string { return x.r.PathValue(segment) }

// size says how large a body may be.
type size int

const (
	forBody size = iota
	forTask
	forModel
)

// An endpoint serves a route, and knows its types for the API's document.
type endpoint struct {
	in, out reflect.Type // in: nil without a body
	serve   func(*exchange) error
}

// reading is an endpoint without a request body.
func reading[Out any](do func(*exchange) (Out, error)) endpoint {
	return endpoint{out: reflect.TypeFor[Out](), serve: func(x *exchange) error {
		out, err := do(x)
		if err != nil {
			return err
		}
		return x.answer(out)
	}}
}

// writing is an endpoint with a JSON body.
func writing[In, Out any](do func(*exchange, In) (Out, error)) endpoint {
	e := reading(func(x *exchange) (out Out, err error) {
		in, err := decode[In](x)
		if err != nil {
			return out, err
		}
		return do(x, in)
	})
	e.in = reflect.TypeFor[In]()
	return e
}

// lenient is a body that carries an OpenAPI document: its reader deals with what is imperfect in it.
type lenient interface{ lenient() }

// decode reads the body strictly: what is unknown, or of a wrong type, is named.
func decode[In any](x *exchange) (in In, err error) {
	data, err := x.body()
	if err != nil {
		return in, err
	}
	if len(data) == 0 {
		return in, fault.New(fault.Invalid, "the request has no body").WithHint("send a JSON object")
	}
	_, loose := any(in).(lenient)
	options := []json.Options{json.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(loose), jsontext.AllowInvalidUTF8(loose)}
	if loose {
		options = append(options, json.WithUnmarshalers(uncopied(data)))
	}
	if err = json.Unmarshal(data, &in, options...); err != nil {
		return in, malformed(err)
	}
	return in, nil
}

// uncopied leaves raw JSON where it is in the body: a document may be a hundred megabytes.
func uncopied(body []byte) *json.Unmarshalers {
	return json.UnmarshalFromFunc(func(d *jsontext.Decoder, raw *stdjson.RawMessage) error {
		v, err := d.ReadValue()
		end := int(d.InputOffset())
		*raw = body[end-len(v) : end : end]
		return err
	})
}

// body reads the whole body, in one piece if its length is known.
func (x *exchange) body() ([]byte, error) {
	var data []byte
	var err error
	if n := x.r.ContentLength; n > 0 && n <= x.limit {
		data = make([]byte, n)
		_, err = io.ReadFull(x.r.Body, data)
	} else {
		data, err = io.ReadAll(x.r.Body)
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, fault.New(fault.Invalid, "the request's body is larger than %d bytes", x.limit).WithHint("send less at once")
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "the request's body was cut off").WithHint("send it again")
	}
	return data, nil
}

// malformed says what is wrong with a body, and where. It never shows a value, which may be a secret.
func malformed(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	f := fault.New(fault.Invalid, "the request's body is not JSON").WithHint("send JSON in UTF-8")
	var problem fault.Problem
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		problem = fault.Problem{Pointer: string(syntax.JSONPointer), Message: "the JSON is broken at byte " + strconv.FormatInt(syntax.ByteOffset, 10)}
		if errors.Is(err, jsontext.ErrDuplicateName) {
			problem.Message = "the name occurs twice"
		}
	} else if wrong, ok := errors.AsType[*json.SemanticError](err); ok {
		problem = fault.Problem{Pointer: string(wrong.JSONPointer), Message: "has the wrong type"}
		if errors.Is(err, json.ErrUnknownName) {
			problem.Message = "is unknown"
		} else if wrong.GoType != nil {
			problem.Message = "should be " + kindName(wrong.GoType)
		}
		f = fault.New(fault.Invalid, "%s %s", fieldName(problem.Pointer), problem.Message).WithHint("GET /openapi.json says which fields there are")
	}
	f.Problems = []fault.Problem{problem}
	return f
}

// fieldName is a JSON Pointer as people write it: properties.name.
func fieldName(pointer string) string {
	if pointer == "" {
		return "the body"
	}
	return strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", ".")
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "a number"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "a text in base64"
		}
		return "a list"
	}
	return "an object"
}

// A document is JSON that is sent as it is.
type document []byte

// text is a plain text.
type text string

func (x *exchange) answer(out any) error {
	switch out := out.(type) {
	case document:
		send(x.w, http.StatusOK, "application/json", out)
		return nil
	case text:
		send(x.w, http.StatusOK, "text/plain; charset=utf-8", []byte(out))
		return nil
	}
	data, err := encode(out)
	if err != nil {
		return err
	}
	send(x.w, http.StatusOK, "application/json", data)
	return nil
}

// encode writes JSON as package api's tags mean it. What an API answered may hold anything, and is passed on.
func encode(v any) ([]byte, error) {
	return json.Marshal(v, jsonv1.OmitEmptyWithLegacySemantics(true), json.Deterministic(true),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// reply is for bodies of our own making, which can be encoded.
func reply(w http.ResponseWriter, status int, body any) {
	data, err := encode(body)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte(`{"kind":"internal","message":"the answer can't be encoded"}`)
	}
	send(w, status, "application/json", data)
}

func send(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) // an error is the client's going away
}
