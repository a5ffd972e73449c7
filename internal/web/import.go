package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
)

// importPage is a document on its way to become a model: first it is read and reported on, then it is stored.
type importPage struct {
	Update  string // the versionId of the model that is to be updated, if any
	URL     string
	Text    string
	Origin  string
	Name    string // of the file that was read
	Report  *api.Preview
	Changes *api.ModelChanges // of the model that is there
	Most    int               // changes and warnings to show
	Again   bool
}

const mostShown = 200

// mostPasted bounds the text that is sent back to whoever has no script, so that the file need not be chosen a second time.
const mostPasted = 1 << 20

func showImport(v *visit) error {
	p := importPage{Most: mostShown, Update: v.r.URL.Query().Get("update")}
	if p.Update != "" {
		m, err := v.hub.Model(v.r.Context(), v.caller, p.Update)
		if err != nil {
			return err
		}
		p.URL = m.Origin
	}
	return v.showImport(p, nil)
}

func (v *visit) showImport(p importPage, err error) error {
	title := "Import a model"
	if p.Update != "" {
		title = "Update a model"
	}
	return v.show(page{Title: title, Name: "import", Nav: "models", Data: p, Err: err})
}

// checkModel reads a document, and reports on it before anything is stored.
func checkModel(v *visit) error {
	p, r, err := v.document()
	if err != nil {
		return v.showImport(p, err)
	}
	report, err := v.hub.PreviewModel(v.r.Context(), v.caller, r)
	if err != nil {
		return v.showImport(p, err)
	}
	p.Report = &report
	if report.Exists || p.Update != "" {
		update, err := v.hub.UpdateModel(v.r.Context(), v.caller, r, api.UpdateOptions{Model: p.Update, DryRun: true})
		if err != nil {
			p.Report = nil
			return v.showImport(p, err)
		}
		p.Changes = &update.Changes
	}
	return v.showImport(p, nil)
}

func importModel(v *visit) error {
	p, r, err := v.document()
	if err != nil {
		return v.showImport(p, err)
	}
	m, err := v.hub.ImportModel(v.r.Context(), v.caller, r)
	if err != nil {
		return v.showImport(p, err)
	}
	v.to(done(modelURL(m.VersionID), "model-imported"))
	return nil
}

func updateModel(v *visit) error {
	p, r, err := v.document()
	if err != nil {
		return v.showImport(p, err)
	}
	u, err := v.hub.UpdateModel(v.r.Context(), v.caller, r, api.UpdateOptions{Model: p.Update, Force: v.r.PostForm.Get("force") != ""})
	if err != nil {
		return v.showImport(p, err)
	}
	v.to(done(modelURL(u.Data.VersionID), "model-updated"))
	return nil
}

// document reads what the form holds: a file, a URL or a text.
func (v *visit) document() (p importPage, r api.ModelRequest, err error) {
	p.Most = mostShown
	if err := v.r.ParseMultipartForm(maxModel); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return p, r, fault.New(fault.Invalid, "the document is larger than %d MiB", maxModel>>20)
		}
		return p, r, fault.New(fault.Invalid, "the form was cut off").WithHint("send it again")
	}
	form := v.r.PostForm
	p.Update, p.URL, p.Text, p.Origin = form.Get("update"), strings.TrimSpace(form.Get("url")), form.Get("text"), strings.TrimSpace(form.Get("origin"))
	data := []byte(p.Text)
	if file, head, err := v.r.FormFile("file"); err == nil {
		if data, err = read(file); err != nil {
			return p, r, err
		}
		if p.Name = head.Filename; len(data) <= mostPasted && !v.htmx() {
			p.Text = string(data)
		}
		p.Again = p.Text == "" && !v.htmx()
	}
	switch data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")); {
	case len(bytes.TrimSpace(data)) == 0 && p.URL == "":
		return p, r, fault.New(fault.Invalid, "there is no document").WithHint("choose a file, or give a URL or a text")
	case len(bytes.TrimSpace(data)) == 0:
		return p, api.ModelRequest{URL: p.URL}, nil
	}
	r.Origin = p.Origin
	if r.Model = data; data[0] != '{' || !json.Valid(data) { // YAML, or what the reader has to say something about
		r.Model, err = json.Marshal(string(data))
	}
	return p, r, err
}

func read(file multipart.File) ([]byte, error) {
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the file was cut off").WithHint("send it again")
	}
	return data, nil
}
