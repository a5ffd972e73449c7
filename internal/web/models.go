package web

import (
	"net/http"
	"strings"

	"carnet.dev/carnet/api"
)

func modelRoutes() []route {
	return []route{
		{pattern: "GET " + root + "/models", serve: listModels},
		{pattern: "GET " + root + "/models/import", serve: showImport},
		{pattern: "POST " + root + "/models/check", serve: checkModel, limit: maxModel},
		{pattern: "POST " + root + "/models/import", serve: importModel, limit: maxModel},
		{pattern: "POST " + root + "/models/update", serve: updateModel, limit: maxModel},
		{pattern: "GET " + root + "/models/{id}", serve: showModel},
		{pattern: "GET " + root + "/models/{id}/export", serve: exportModel},
		{pattern: "POST " + root + "/models/{id}/delete", serve: deleteModel},
	}
}

// modelsPage lists models.
type modelsPage struct {
	api.ModelList
	Search string
	pager
}

func listModels(v *visit) error {
	in := v.r.URL.Query()
	p := modelsPage{Search: in.Get("search")}
	var err error
	if p.ModelList, err = v.hub.Models(v.r.Context(), v.caller, api.Query{Contains: p.Search, Skip: skip(in), Limit: perPage}); err != nil {
		return err
	}
	p.pager = newPager(root+"/models", in, p.Total)
	return v.show(page{Title: "Models", Name: "models", Nav: "models", Data: p})
}

// modelPage shows a model and a page of its operations.
type modelPage struct {
	api.Model
	Search       string
	Found        api.OperationList
	Integrations api.Overview
	pager
}

func showModel(v *visit) error {
	ctx, in, id := v.r.Context(), v.r.URL.Query(), v.r.PathValue("id")
	p := modelPage{Search: in.Get("search")}
	var err error
	if p.Model, err = v.hub.Model(ctx, v.caller, id); err != nil {
		return err
	}
	if p.Found, err = v.hub.ModelOperations(ctx, v.caller, id, p.Search, api.Query{Skip: skip(in), Limit: perPage}); err != nil {
		return err
	}
	if p.Integrations, err = v.hub.Overview(ctx, v.caller, api.OverviewQuery{Model: p.VersionID, Limit: 12}); err != nil {
		return err
	}
	p.pager = newPager(modelURL(id), in, p.Found.Total)
	return v.show(page{Title: p.VersionID, Name: "model", Nav: "models", Data: p})
}

func exportModel(v *visit) error {
	id := v.r.PathValue("id")
	document, err := v.hub.ExportModel(v.r.Context(), v.caller, id)
	if err != nil {
		return err
	}
	v.download(fileName(id)+".json", document)
	return nil
}

// download sends JSON to be kept as a file.
func (v *visit) download(name string, content []byte) {
	v.attachment("application/json", name)
	v.w.WriteHeader(http.StatusOK)
	v.w.Write(content)
}

// fileName is an id that every file system takes.
func fileName(id string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, id)
}

func deleteModel(v *visit) error {
	if err := v.hub.DeleteModel(v.r.Context(), v.caller, v.r.PathValue("id")); err != nil {
		return err
	}
	v.to(done(root+"/models", "model-deleted"))
	return nil
}
