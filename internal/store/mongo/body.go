package mongo

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"go.mongodb.org/mongo-driver/v2/bson"

	"carnet.dev/carnet/fault"
)

// What a server takes (https://www.mongodb.com/docs/manual/reference/limits/): documents of 16 MiB, nested 100 deep. A body is not all
// of a document.
const (
	mostBSON = 15 << 20
	mostDeep = 90
)

// A body that is JSON is kept as a document, so that an operator can read it; where it would not come back byte for byte, or a
// server would refuse it, as the text that it is. Any other body is kept as binary.
func encode(body []byte) any {
	if len(body) == 0 || body[0] != '{' || !utf8.Valid(body) {
		return bson.Binary{Data: body}
	}
	r := reader{jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true)), mostBSON}
	document, ok := r.read()
	if ok {
		if again, err := write(document); err == nil && bytes.Equal(again, body) {
			return document
		}
	}
	return string(body)
}

// decode is the body that encode kept.
func decode(kept bson.RawValue) ([]byte, error) {
	switch kept.Type {
	case bson.TypeBinary:
		_, data := kept.Binary()
		return bytes.Clone(data), nil
	case bson.TypeString:
		return []byte(kept.StringValue()), nil
	case bson.TypeEmbeddedDocument:
		var document bson.D
		if err := kept.Unmarshal(&document); err == nil {
			return write(document)
		}
	}
	return nil, fault.New(fault.Internal, "a stored body is a BSON %s, which nobody has written", kept.Type)
}

// Names of members must not hold what means something in a query. Full-width characters stand for it, as MongoDB's manual advised
// before it took such names; not all compatible services do yet.
var (
	escape   = strings.NewReplacer(".", "\uff0e", "$", "\uff04")
	unescape = strings.NewReplacer("\uff0e", ".", "\uff04", "$")
)

// A reader makes BSON of JSON, as long as there is room.
type reader struct {
	*jsontext.Decoder
	room int // bytes that are left
}

// take reports whether there is room for so many bytes more.
func (r *reader) take(size int) bool {
	r.room -= size
	return r.room >= 0
}

// read makes BSON of the next JSON value; false: it has no equivalent.
func (r *reader) read() (any, bool) {
	switch r.PeekKind() {
	case '{':
		return r.object()
	case '[':
		return r.array()
	}
	t, err := r.ReadToken()
	if err != nil || !r.take(8) {
		return nil, false
	}
	switch t.Kind() {
	case 'n':
		return nil, true
	case 't', 'f':
		return t.Bool(), true
	case '"':
		text := t.String()
		return text, r.take(len(text))
	}
	if n, err := strconv.ParseInt(t.String(), 10, 64); err == nil {
		return n, true
	}
	n, err := strconv.ParseFloat(t.String(), 64)
	return n, err == nil
}

// begin reads what begins an object or an array.
func (r *reader) begin() bool {
	_, err := r.ReadToken()
	return err == nil && r.StackDepth() <= mostDeep && r.take(8)
}

func (r *reader) array() (any, bool) {
	list := bson.A{}
	if !r.begin() {
		return nil, false
	}
	for r.PeekKind() != ']' {
		if r.PeekKind() == '[' { // FerretDB 1 refuses arrays in arrays
			return nil, false
		}
		item, ok := r.read()
		if !ok || !r.take(len(strconv.Itoa(len(list)))+2) { // BSON numbers the items
			return nil, false
		}
		list = append(list, item)
	}
	_, err := r.ReadToken()
	return list, err == nil
}

func (r *reader) object() (any, bool) {
	document, seen := bson.D{}, map[string]bool{}
	if !r.begin() {
		return nil, false
	}
	for r.PeekKind() != '}' {
		t, err := r.ReadToken()
		if err != nil {
			return nil, false
		}
		name := t.String()
		if name == "" || seen[name] || strings.ContainsRune(name, 0) {
			return nil, false
		}
		seen[name] = true
		value, ok := r.read()
		key := escape.Replace(name)
		if !ok || !r.take(len(key)+2) {
			return nil, false
		}
		document = append(document, bson.E{Key: key, Value: value})
	}
	_, err := r.ReadToken()
	return document, err == nil
}

// write makes JSON of a document.
func write(document any) ([]byte, error) {
	var out bytes.Buffer
	e := jsontext.NewEncoder(&out)
	if err := writeValue(e, document); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func writeValue(e *jsontext.Encoder, value any) error {
	switch v := value.(type) {
	case bson.D:
		e.WriteToken(jsontext.BeginObject)
		for _, member := range v {
			if err := e.WriteToken(jsontext.String(unescape.Replace(member.Key))); err != nil {
				return err
			}
			if err := writeValue(e, member.Value); err != nil {
				return err
			}
		}
		return e.WriteToken(jsontext.EndObject)
	case bson.A:
		e.WriteToken(jsontext.BeginArray)
		for _, item := range v {
			if err := writeValue(e, item); err != nil {
				return err
			}
		}
		return e.WriteToken(jsontext.EndArray)
	case nil:
		return e.WriteToken(jsontext.Null)
	case bool:
		return e.WriteToken(jsontext.Bool(v))
	case string:
		return e.WriteToken(jsontext.String(v))
	case int32:
		return e.WriteToken(jsontext.Int(int64(v)))
	case int64:
		return e.WriteToken(jsontext.Int(v))
	case float64:
		return e.WriteToken(jsontext.Float(v))
	}
	return fault.New(fault.Internal, "a stored body holds a %T, which nobody has written", value)
}
