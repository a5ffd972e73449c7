package web

import (
	"net/url"
	"strconv"
	"strings"

	"carnet.dev/carnet/api"
)

func overviewRoutes() []route {
	return []route{{pattern: "GET /{$}", serve: overview}, {pattern: "GET " + root + "/{$}", serve: overview}, {pattern: "GET " + root, serve: overview}}
}

const perPage = 50

// overviewPage is the overview: which integrations, of how many, in which states.
type overviewPage struct {
	api.Overview
	Query  api.OverviewQuery
	Models int
	All    int // integrations, whatever is selected
	Chips  []chip
	pager
}

// A chip is a filter that can be switched on and off.
type chip struct {
	state
	Count  int
	URL    string
	Active bool
}

// order is how the states stand beside each other: what needs a person first.
var order = []string{"broken", "waiting", "incomplete", "claimed", "due", "empty", "fresh", "static", "open"}

func overview(v *visit) error {
	in := v.r.URL.Query()
	q := api.OverviewQuery{Search: in.Get("search"), State: in.Get("state"), Model: in.Get("model"), Skip: skip(in), Limit: perPage}
	o, err := v.hub.Overview(v.r.Context(), v.caller, q)
	if err != nil {
		return err
	}
	p := overviewPage{Overview: o, Query: q, pager: newPager("/", in, o.Total)}
	for _, n := range o.States {
		p.All += n
	}
	if p.All == 0 {
		models, err := v.hub.Models(v.r.Context(), v.caller, api.Query{Limit: 1})
		if err != nil {
			return err
		}
		p.Models = models.Total
	}
	p.Chips = []chip{{state{"", "All", ""}, p.All, with("/", in, "state", ""), q.State == ""}}
	for _, name := range order {
		if n := o.States[name]; n > 0 || q.State == name {
			p.Chips = append(p.Chips, chip{stateOf(name), n, with("/", in, "state", name), q.State == name})
		}
	}
	return v.show(page{Title: "Integrations", Name: "overview", Nav: "overview", Data: p})
}

func (p overviewPage) lives() []live {
	return []live{p.List()}
}

// List is the part of the page that refreshes itself.
func (p overviewPage) List() live {
	return live{ID: "integrations", URL: p.self, Name: "overview-list", Data: p}
}

// A pager leads through a long list.
type pager struct {
	From, To, Of int
	Newer, Older string // URLs; empty: there is no such page
	self         string
}

func skip(in url.Values) int {
	n, err := strconv.Atoi(in.Get("skip"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func newPager(path string, in url.Values, total int) pager {
	at := skip(in)
	p := pager{From: min(at+1, total), To: min(at+perPage, total), Of: total, self: with(path, in, "", "")}
	if at > 0 {
		p.Newer = with(path, in, "skip", positive(at-perPage))
	}
	if at+perPage < total {
		p.Older = with(path, in, "skip", strconv.Itoa(at+perPage))
	}
	return p
}

func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// with is a page's URL with one value of its query changed; another filter begins at the first page.
func with(path string, in url.Values, name, value string) string {
	query := url.Values{}
	for n, values := range in {
		if n != "live" && n != "seen" && n != "done" && len(values) > 0 && values[0] != "" && (n != "skip" || name == "") {
			query.Set(n, strings.TrimSpace(values[0]))
		}
	}
	if name != "" {
		query.Del(name)
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}
