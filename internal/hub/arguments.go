package hub

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/model"
)

// arguments are what a task says, as package call takes it.
func arguments(t api.Task) call.Arguments {
	a := call.Arguments{
		Parameters:  make(map[string]jsontext.Value, len(t.Parameters)),
		Payload:     jsontext.Value(t.RequestBodyPayload),
		Bytes:       t.RequestBodyBase64,
		ContentType: t.BodyContentType,
		NoCheck:     t.NoCheck,
	}
	for name, value := range t.Parameters {
		a.Parameters[name] = jsontext.Value(value)
	}
	for _, typed := range t.Typed {
		a.Typed = append(a.Typed, call.Typed{Parameter: typed.Parameter, Field: typed.Field, Text: typed.Text, Value: jsontext.Value(typed.Value)})
	}
	if t.Next != nil {
		a.Upload = upload(t)
	}
	return a
}

// upload is the files of a task.
func upload(t api.Task) *call.Upload {
	u := &call.Upload{Next: func() (*call.File, error) {
		f, err := t.Next()
		if err != nil {
			return nil, err
		}
		return file(f), nil
	}}
	for _, f := range t.Files {
		u.Told = append(u.Told, *file(f))
	}
	return u
}

func file(f api.File) *call.File {
	size := f.Size
	if size <= 0 {
		size = -1
	}
	return &call.File{Field: f.Field, Name: f.Name, Type: f.ContentType, Header: f.Headers, Size: size, Content: f.Content}
}

// maxAhead bounds how many schemas are read before somebody asks for them.
const maxAhead = 100

// lookup finds the schemas of a model, each once. Whoever asks for one will ask for those that it refers to, so they are read
// together: a bucket of the store holds many.
func (h *Hub) lookup(ctx context.Context, m *model.Model) call.Lookup {
	reader, known := h.store.Schemas(m), map[string]jsontext.Value{}
	var ahead []string
	return func(ref string) jsontext.Value {
		if schema, ok := known[ref]; ok {
			return schema
		}
		wanted := append([]string{ref}, ahead[:min(len(ahead), maxAhead)]...)
		ahead = ahead[min(len(ahead), maxAhead):]
		found, err := reader.Read(ctx, wanted)
		if err != nil { // without its schema a value is taken as it is
			return nil
		}
		for _, name := range wanted {
			known[name] = found[name]
		}
		for _, schema := range found {
			for _, next := range references(schema) {
				if _, ok := known[next]; !ok {
					ahead = append(ahead, next)
				}
			}
		}
		return found[ref]
	}
}
