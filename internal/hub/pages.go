package hub

import (
	"encoding/json"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/call"
)

// paging is how the pages of a task are gone through; nil: it is not about pages.
func paging(t api.Task) (*call.Paging, error) {
	if t.Paginate == "" {
		if t.From != nil || t.Items != nil {
			return nil, fault.New(fault.Invalid, "from and items are for tasks with paginate").WithHint(`give "paginate": "auto", or the rule of the page before`)
		}
		return nil, nil
	}
	if t.Stream {
		return nil, fault.New(fault.Invalid, "a page is read whole, and not as a stream").WithHint("give paginate or stream")
	}
	p := &call.Paging{Rule: t.Paginate, Items: t.Items}
	if n := t.From; n != nil {
		if n.URL == "" && n.Parameter == "" && n.Field == "" {
			return nil, fault.New(fault.Invalid, "from says neither url, parameter nor field").WithHint("give what next of the page before said")
		}
		p.From = &call.Next{URL: n.URL, Parameter: n.Parameter, Field: n.Field, Value: jsontext.Value(n.Value), Before: n.Before}
	}
	return p, nil
}

// paged is a task's request for the page that it is about.
func (e *errand) paged(r *call.Request) (*call.Request, error) {
	if e.paging == nil || e.paging.From == nil || e.paging.From.URL == "" {
		return r, nil
	}
	return r.Follow(e.paging.From.URL)
}

// page is a successful answer as a page.
func (e *errand) page(a *call.Answer) (*api.Page, error) {
	if e.paging == nil || a.Status/100 != 2 {
		return nil, nil
	}
	p, err := a.Page(e.described, e.arguments, *e.paging)
	if err != nil {
		return nil, err
	}
	if p.Note != "" {
		e.warnings = append(e.warnings, fault.Problem{Message: p.Note})
	}
	page := &api.Page{Rule: p.Rule, Items: p.Items, Count: p.Count}
	if n := p.Next; n != nil {
		page.Next = &api.Next{URL: n.URL, Parameter: n.Parameter, Field: n.Field, Value: json.RawMessage(n.Value), Before: n.Before}
	}
	return page, nil
}
