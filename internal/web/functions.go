package web

import (
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// functions are what templates can do.
var functions = template.FuncMap{
	"asset":       assetURL,
	"icon":        icon,
	"state":       stateOf,
	"moment":      moment,
	"at":          func(t time.Time) template.HTML { return moment(&t) },
	"when":        when,
	"ago":         func(t time.Time) string { return relative(time.Since(t)) },
	"count":       count,
	"number":      number,
	"models":      func() string { return root + "/models" },
	"model":       modelURL,
	"integration": integrationURL,
	"short":       short,
	"dict":        dict,
	"list":        func(all ...string) []string { return all },
	"inc":         func(n int) int { return n + 1 },
	"bytes":       bytesText,
	"join":        strings.Join,
	"in":          func(all []string, one string) bool { return slices.Contains(all, one) },
	"step":        stepName,
	"past":        func(t *time.Time) bool { return t.Before(time.Now()) },
	"ms":          func(seconds float64) float64 { return 1000 * seconds },
	"path":        url.PathEscape,
}

// IntegrationURL is where people see the integration of a name.
func IntegrationURL(name string) string { return integrationURL(name) }

func modelURL(id string, more ...string) string {
	return root + "/models/" + url.PathEscape(id) + suffix(more)
}

func integrationURL(name string, more ...string) string {
	return root + "/integrations/" + url.PathEscape(name) + suffix(more)
}

func suffix(more []string) (path string) {
	for _, m := range more {
		path += "/" + url.PathEscape(m)
	}
	return path
}

// icon is a drawing of assets/icons.svg; texts beside it say what it means.
func icon(name string) template.HTML {
	return template.HTML(`<svg class="icon" aria-hidden="true" width="16" height="16"><use href="` + template.HTMLEscapeString(assetURL("icons.svg")+"#"+name) + `"/></svg>`)
}

// A state is how a page shows the state of a token or an integration: by a word and a shape, and a colour on top.
type state struct{ Name, Text, Title string }

var states = map[string]state{
	"fresh":      {"fresh", "Fresh", "there is a live token"},
	"due":        {"due", "Due", "the token is renewed with the next task, or in a moment"},
	"claimed":    {"claimed", "Renewing", "somebody is getting a token right now"},
	"waiting":    {"waiting", "Waiting", "the last attempt failed; the next one follows by itself"},
	"broken":     {"broken", "Broken", "no token can be got until a person does something"},
	"empty":      {"empty", "No token yet", "the first task gets one"},
	"static":     {"static", "Ready", "its credentials need no token"},
	"open":       {"open", "Open", "its model asks for no credentials"},
	"incomplete": {"incomplete", "To fill in", "credentials are missing"},
}

func stateOf(name string) state {
	if s, ok := states[name]; ok {
		return s
	}
	return state{"incomplete", name, ""}
}

// moment is a time as an element, in words, with its exact value for scripts and on hovering.
func moment(t *time.Time) template.HTML {
	if t == nil || t.IsZero() {
		return "–"
	}
	u := t.UTC()
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, u.Format(time.RFC3339), u.Format("2006-01-02 15:04:05 UTC"), relative(time.Since(u))))
}

// when is a time as an element, by the clock.
func when(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	u := t.UTC()
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s" data-clock>%s</time>`, u.Format(time.RFC3339), relative(time.Since(u)), u.Format("2006-01-02 15:04:05")))
}

// relative is a time ago, or, if negative, to come.
func relative(ago time.Duration) string {
	in := ago < 0
	d := ago.Abs()
	var text string
	switch {
	case d < 45*time.Second:
		if in {
			return "in less than a minute"
		}
		return "just now"
	case d < 90*time.Minute:
		text = strconv.Itoa(int(d.Round(time.Minute)/time.Minute)) + " min"
	case d < 48*time.Hour:
		text = strconv.Itoa(int(d.Round(time.Hour)/time.Hour)) + " h"
	default:
		text = count(int(d.Round(24*time.Hour)/(24*time.Hour)), "day")
	}
	if in {
		return "in " + text
	}
	return text + " ago"
}

// count is a number of things.
func count(n int, what string) string {
	if n != 1 {
		if strings.HasSuffix(what, "y") {
			what = strings.TrimSuffix(what, "y") + "ie"
		}
		what += "s"
	}
	return number(n) + " " + what
}

// number groups digits: 22,361.
func number(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// bytesText is a size for people.
func bytesText(n int64) string {
	for i, unit := range []string{"GiB", "MiB", "KiB"} {
		if size := int64(1) << (30 - 10*i); n >= size {
			return strings.TrimSuffix(strconv.FormatFloat(float64(n)/float64(size), 'f', 1, 64), ".0") + " " + unit
		}
	}
	return count(int(n), "byte")
}

func short(most int, text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// dict makes the data of a nested template.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict wants pairs")
	}
	d := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		d[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return d, nil
}

// stepName says what a step of a test did, or was to do.
func stepName(name, state string) string {
	done, todo := map[string]string{
		"resolve": "Name resolved", "connect": "Connected", "tls": "TLS verified", "token": "Token got", "answer": "Server answered",
	}, map[string]string{
		"resolve": "Resolve the name", "connect": "Connect", "tls": "Verify TLS", "token": "Get a token", "answer": "Have the server answer",
	}
	if state == "ok" {
		return done[name]
	}
	return todo[name]
}
