package web

import (
	"io"
	"strings"

	"carnet.dev/carnet/api"
)

// A preview is the request as it would be sent, secrets masked, and what sends the same from a shell.
type preview struct {
	Request      *api.Request
	Curl, Carnet string
	Failure      *failure
	err          error
}

// preview builds the request without sending it. Of a file there is only the name.
func (v *visit) preview(p runPage, t api.Task, files []api.File) *preview {
	t.DryRun, t.Stream, t.Next = true, false, named(files)
	shown, err := v.hub.RunOperation(v.r.Context(), v.caller, p.Name, p.Operation.ID, t)
	if err != nil {
		return &preview{Failure: explain(err, v.w.ID), err: err}
	}
	return newPreview(p, t, shown.Request, files)
}

func newPreview(p runPage, t api.Task, r *api.Request, files []api.File) *preview {
	return &preview{Request: r, Curl: curl(r, files), Carnet: carnet(p.Name, p.Operation, t, files)}
}

// named hands out files that hold nothing but words about themselves.
func named(files []api.File) func() (api.File, error) {
	if len(files) == 0 {
		return nil
	}
	next := 0
	return func() (api.File, error) {
		if next == len(files) {
			return api.File{}, io.EOF
		}
		f := files[next]
		next++
		f.Content = strings.NewReader("(the file " + f.Name + ")")
		return f, nil
	}
}
