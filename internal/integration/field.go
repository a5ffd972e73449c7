package integration

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/moment"
	"carnet.dev/carnet/internal/reference"
	"carnet.dev/carnet/internal/seal"
)

// field decodes one value into its place. A number or boolean may come as text: a shell knows nothing else.
func (d *decoder) field(raw jsontext.Value, pointer string, b binding) {
	text, isText := plain(raw)
	if raw.Kind() == 'n' {
		text, isText = "", true
	}
	if reference.Is(text) {
		d.reference(pointer, text, b)
		return
	}
	switch at := b.at.(type) {
	case *string:
		d.text(pointer, text, isText, at)
	case *address:
		if d.text(pointer, text, isText, (*string)(at)); text != "" && isText {
			if wrong := checkURL(text); wrong != "" {
				d.problem(pointer, "%s", wrong)
			}
		}
	case *scopes:
		d.scopes(raw, pointer, (*string)(at))
	case *seal.Secret:
		d.secret(pointer, text, isText, at)
	case *handedOn:
		if *at = handedOn(seal.NewSecret(text)); !isText {
			d.problem(pointer, "has to be a text")
		}
	case *bool:
		if *at = text == "true"; !isText || text != "true" && text != "false" && text != "" {
			d.problem(pointer, "has to be true or false")
		}
	case *int:
		n, err := strconv.Atoi(text)
		if *at = n; !isText || err != nil && text != "" {
			d.problem(pointer, "has to be a whole number")
		}
	case *float64:
		n, err := strconv.ParseFloat(text, 64)
		if *at = n; !isText || text != "" && (err != nil || math.IsNaN(n) || math.IsInf(n, 0)) {
			d.problem(pointer, "has to be a number of seconds")
		}
	case *time.Time:
		if d.moment(pointer, text, at); !isText {
			d.problem(pointer, "has to be a time: seconds or milliseconds since 1970, or ISO 8601")
		}
	case *map[string]seal.Secret:
		d.secrets(raw, pointer, at)
	case **model.Flows:
		d.flows(raw, pointer, at)
	case *pem:
		d.pem(pointer, text, isText, at)
	case **Token:
		if *at = nil; raw.Kind() != 'n' {
			*at = &Token{}
			d.fields(raw, pointer, tokenBindings(*at))
		}
	default:
		d.part(raw, pointer, reflect.ValueOf(at).Elem())
	}
}

// reference takes a reference, which is read when the field is used.
func (d *decoder) reference(pointer, text string, b binding) {
	if wrong := reference.Wrong(text); wrong != "" {
		d.problem(pointer, "%s", wrong)
		return
	}
	switch at := b.at.(type) {
	case *string:
		*at = text
		if b.refers() {
			return
		}
	case *address:
		*at = address(text)
		return
	case *scopes:
		*at = scopes(text)
		return
	case *pem:
		*at = pem(text)
		return
	case *seal.Secret:
		*at = seal.NewSecret(text)
		return
	}
	d.problem(pointer, "can't be a reference")
}

// plain is the text of a JSON string, number or boolean.
func plain(raw jsontext.Value) (string, bool) {
	switch raw.Kind() {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return "", false
		}
		return s, true
	case '0', 't', 'f':
		return string(raw), true
	}
	return "", false
}

func (d *decoder) text(pointer, text string, ok bool, at *string) {
	if !ok {
		d.problem(pointer, "has to be a text")
		return
	}
	*at = text
}

func (d *decoder) pem(pointer, text string, ok bool, at *pem) {
	d.text(pointer, text, ok, (*string)(at))
	if text != "" && !strings.Contains(text, "-----BEGIN ") {
		d.problem(pointer, "is no PEM text")
	}
}

// secret takes a new secret. A mask keeps the old one.
func (d *decoder) secret(pointer, text string, ok bool, at *seal.Secret) {
	switch {
	case !ok:
		d.problem(pointer, "has to be a text")
	case text != seal.Mask:
		*at = seal.NewSecret(text)
	case at.IsZero():
		d.problem(pointer, "is masked, and there is no stored value to keep; write the secret itself")
	}
}

// secrets takes a whole map; a masked value keeps the old one of that name.
func (d *decoder) secrets(raw jsontext.Value, pointer string, at *map[string]seal.Secret) {
	old := *at
	*at = map[string]seal.Secret{}
	d.object(raw, pointer, nil, func(name, pointer string, raw jsontext.Value) {
		s := old[name]
		text, ok := plain(raw)
		d.secret(pointer, text, ok || raw.Kind() == 'n', &s)
		if !s.IsZero() {
			(*at)[name] = s
		}
	})
}

// scopes takes a text or a list of texts.
func (d *decoder) scopes(raw jsontext.Value, pointer string, at *string) {
	if raw.Kind() == '[' {
		var list []string
		if json.Unmarshal(raw, &list) != nil || slices.ContainsFunc(list, func(s string) bool { return strings.ContainsAny(s, " \t") }) {
			d.problem(pointer, "has to be a text, or a list of texts without blanks")
			return
		}
		*at = strings.Join(list, " ")
		return
	}
	text, ok := plain(raw)
	d.text(pointer, text, ok || raw.Kind() == 'n', at)
}

func (d *decoder) flows(raw jsontext.Value, pointer string, at **model.Flows) {
	if *at = nil; raw.Kind() == 'n' {
		return
	}
	var flows model.Flows
	if json.Unmarshal(raw, &flows, json.RejectUnknownMembers(true)) != nil {
		d.problem(pointer, "has to be an object of flows as in OpenAPI: clientCredentials, password, authorizationCode, implicit")
		return
	}
	*at = &flows
}

func (d *decoder) moment(pointer, text string, at *time.Time) {
	*at = time.Time{}
	if text == "" || text == "0" { // never (RFC 7591 3.2.1)
		return
	}
	t, ok := moment.Parse(text)
	if !ok {
		d.problem(pointer, "has to be a time: seconds or milliseconds since 1970, or ISO 8601")
		return
	}
	*at = t.UTC()
}
