package web

import (
	"net/url"
	"strings"

	"carnet.dev/carnet/api"
)

// activityPage shows who did what.
type activityPage struct {
	api.AuditList
	Query    api.AuditQuery
	Actions  []string
	Outcomes []string
	Older    string
	First    string // the page's first, if this is another; else empty
	self     string
}

// How many entries a page shows, and at how many it looks for them.
const (
	entriesShown = 100
	entriesSeen  = 4_000
)

// kinds of what is done, and how it ends, to choose from.
var (
	actions = []string{"operation", "operation.run", "token", "token.renew", "token.connect", "token.clear", "token.set", "integration", "integration.update",
		"model", "user", "account", "session"}
	outcomes = []string{"ok", "failed", "started", "invalid", "unauthenticated", "denied", "not found", "conflict", "reconnect", "upstream", "unavailable", "internal"}
)

func activityRoutes() []route {
	return []route{{pattern: "GET " + root + "/activity", serve: activity}}
}

func activity(v *visit) error {
	in, path := v.r.URL.Query(), root+"/activity"
	p := activityPage{Actions: actions, Outcomes: outcomes, self: with(path, in, "", "")}
	p.Query = api.AuditQuery{
		Caller: strings.TrimSpace(in.Get("caller")), Action: in.Get("action"), Target: strings.TrimSpace(in.Get("target")),
		Outcome: in.Get("outcome"), Before: in.Get("before"), Limit: entriesShown, Look: entriesSeen,
	}
	var err error
	if p.AuditList, err = v.hub.AuditEntries(v.r.Context(), v.caller, p.Query); err != nil {
		return err
	}
	if p.Next != "" {
		p.Older = with(path, in, "before", p.Next)
	}
	if p.Query.Before != "" {
		p.First = with(path, in, "before", "")
	}
	return v.show(page{Title: "Activity", Name: "activity", Nav: "activity", Data: p})
}

func (p activityPage) lives() []live { return []live{p.Log()} }

// Log is the part of the page that refreshes itself.
func (p activityPage) Log() live {
	return live{ID: "log", URL: p.self, Name: "activity-log", Data: p}
}

// Of is where what an entry was done to can be seen; empty: nowhere.
func (p activityPage) Of(e api.AuditEntry) string {
	kind, _, _ := strings.Cut(e.Action, ".")
	name, rest, _ := strings.Cut(e.Target, " ")
	switch {
	case e.Target == "" || strings.HasSuffix(e.Action, ".delete"):
		return ""
	case kind == "operation" && rest != "":
		return integrationURL(name, "run") + "?" + url.Values{"operation": {rest}}.Encode()
	case kind == "token" || kind == "operation":
		return integrationURL(name)
	case kind == "integration":
		return integrationURL(e.Target)
	case kind == "model":
		return modelURL(e.Target)
	}
	return ""
}
