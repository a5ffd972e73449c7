package gallery

import (
	"net/url"
	"slices"
	"time"
)

// scenes are all that there is to see, as of now.
func scenes(now time.Time) []Scene {
	return slices.Concat(overviews(), models(), forms(), panels(now), probes(), explanations(), runs(), connections(now), people(now), doors())
}

const (
	models_ = "/ui/models"
	at      = "/ui/integrations/"
)

func overviews() []Scene {
	return []Scene{
		{Name: "overview-empty", Title: "nothing there yet: three steps to begin", path: "/", world: empty},
		{Name: "overview-begun", Title: "a model, and no integration", path: "/", world: started},
		{Name: "overview-viewer", Title: "the same for whoever may only look", path: "/", world: started, role: "viewer"},
		{Name: "overview", Title: "integrations in every state", path: "/"},
		{Name: "overview-last", Title: "the last page of them", path: "/?skip=50"},
		{Name: "overview-broken", Title: "only those in a state", path: "/?state=broken"},
		{Name: "overview-search", Title: "a search", path: "/?search=token+fresh"},
		{Name: "overview-model", Title: "those of a model, in a state", path: "/?model=Pet+Shop%3A2.1&state=waiting"},
		{Name: "overview-nothing", Title: "nothing found", path: "/?search=no+such+thing"},
		{Name: "overview-none-in-state", Title: "nothing in that state", path: "/?search=service&state=broken"},
		{Name: "overview-done", Title: "after something was deleted", path: "/?done=deleted&search=service-01"},
	}
}

// forms are an integration's settings, for each kind of security scheme.
func forms() (all []Scene) {
	all = []Scene{
		{Name: "new", Title: "a new integration", path: at + "new", world: started},
		{Name: "new-no-model", Title: "no model to make one of", path: at + "new", world: empty},
		{Name: "new-refused", Title: "a name that is taken", path: at + "new", form: url.Values{"name": {"token-fresh"}, "model": {"Pet Shop:2.1"}}, world: full},
	}
	for _, s := range schemes() {
		all = append(all, Scene{Name: s.name, Title: "settings: " + s.title, Part: "form", path: at + s.name})
	}
	was := func(fields url.Values) url.Values {
		for name := range fields {
			if name[:4] != "was:" {
				fields["was:"+name] = []string{"as it was"}
			}
		}
		return fields
	}
	return append(all,
		Scene{Name: "form-server", Title: "server, TLS and variables that were changed", Part: "form", path: at + "other-hosts"},
		Scene{Name: "form-wrong", Title: "settings that can't be used, each field with what is wrong", path: at + "form-client-credentials",
			form: was(url.Values{"server.port": {"99999"}, "server.protocol": {"ftp"}, "authentication.login.token_url": {"no url"}, "authentication.login.auth_method": {"guess"}})},
		Scene{Name: "form-saved", Title: "after the settings were saved", path: at + "form-api-key?done=saved"},
		Scene{Name: "form-operator", Title: "an integration for whoever may run operations", path: at + "token-fresh", role: "operator"},
		Scene{Name: "form-viewer", Title: "an integration for whoever may only look", path: at + "token-broken-html", role: "viewer"},
		Scene{Name: "clone-refused", Title: "a clone whose name is taken", path: at + "token-fresh/clone", form: url.Values{"as": {"token-due"}}},
		Scene{Name: "advanced", Title: "the settings as JSON", path: at + "form-client-credentials/advanced"},
		Scene{Name: "advanced-viewer", Title: "the same for whoever may only look", path: at + "form-client-credentials/advanced", role: "viewer"},
		Scene{Name: "advanced-ok", Title: "a text that can be used", Part: "checked", path: at + "form-client-credentials/check", form: url.Values{"settings": {`{"server": {"host": "api.example"}}`}}},
		Scene{Name: "advanced-syntax", Title: "a text that is not JSON", path: at + "form-client-credentials/check", form: url.Values{"settings": {"{\n  \"server\": {\"host\" \"api.example\"}\n}"}}},
		Scene{Name: "advanced-wrong", Title: "settings that can't be used", path: at + "form-client-credentials/advanced", form: url.Values{"settings": {`{"server": {"host": "a b", "port": -1}, "tls": {"enabled": "perhaps"}}`}}},
	)
}

// panels are the states of tokens.
func panels(now time.Time) (all []Scene) {
	for _, t := range tokens(now) {
		all = append(all, Scene{Name: t.name, Title: t.title, Part: "tokens", path: at + t.name})
	}
	return append(all,
		Scene{Name: "token-none", Title: "credentials that need no token", Part: "tokens", path: at + "static"},
		Scene{Name: "token-to-fill-in", Title: "credentials that are missing", Part: "tokens", path: at + "form-jwt-bearer"},
		Scene{Name: "token-operator", Title: "a token for whoever may run operations", Part: "tokens", path: at + "token-refresh", role: "operator"},
		Scene{Name: "token-viewer", Title: "a token for whoever may only look", Part: "tokens", path: at + "token-refresh", role: "viewer"},
		Scene{Name: "token-renew-failed", Title: "a renewal that has just failed", path: at + "token-broken-html/token/renew", form: url.Values{"scheme": {"login"}}, canned: canned{renew: tokenFault()}},
		Scene{Name: "token-renewed", Title: "after a renewal", path: at + "token-fresh-first?done=renewed"},
	)
}

// explanations are why tokens are as they are.
func explanations() (all []Scene) {
	for _, name := range []string{"token-fresh", "token-fresh-unknown", "token-fresh-typed", "token-refused", "token-claimed", "token-clock", "token-refresh", "token-secret-ends", "token-connect",
		"token-empty", "token-waiting-service_down", "token-broken-invalid_client", "token-broken-alive"} {
		all = append(all, Scene{Name: "explain-" + name[len("token-"):], Title: "why " + name + " is as it is", path: at + name + "/explain?scheme=login"})
	}
	return append(all, Scene{Name: "explain-no-settings", Title: "settings that make no request", path: at + "form-jwt-bearer/explain?scheme=login"})
}
