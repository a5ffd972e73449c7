package gallery_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/internal/token"
	"carnet.dev/carnet/internal/web/gallery"
)

var update = flag.Bool("update", false, "write testdata anew, from what the pages are")

// TestScenes holds each scene against its file, at a time that stands still. "go test ./internal/web/gallery -update" writes the files;
// what then differs is for people to look at.
func TestScenes(t *testing.T) {
	if *update {
		if err := os.RemoveAll("testdata"); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]bool{}
	for g, n := open(t), 0; n < len(g.Scenes); n++ { // what a process makes once is made out here: the channels of a bubble serve nobody else
		if g.Scenes[n].Name == "model" {
			parsed(t, g, g.Scenes[n])
		}
	}
	synctest.Test(t, func(t *testing.T) {
		g := open(t)
		for _, s := range g.Scenes {
			if file := filepath.Join("testdata", s.Name+".html"); want[file] {
				t.Errorf("two scenes are called %s", s.Name)
			} else {
				want[file] = true
				compare(t, file, seen(t, g, s))
			}
		}
	})
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !want[file] {
			t.Errorf("%s is of no scene: run with -update", file)
		}
	}
}

func open(t *testing.T) *gallery.Gallery {
	t.Helper()
	g, err := gallery.New(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Errorf("%v: run with -update", err)
		return
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// seen is the status, the title and the part of a page that a scene is about, laid out for people to read.
func seen(t *testing.T, g *gallery.Gallery, s gallery.Scene) string {
	t.Helper()
	page, answer := parsed(t, g, s)
	part := find(page, func(n *html.Node) bool { return n.Data == "main" })
	if s.Part != "" {
		part = find(page, func(n *html.Node) bool { return attribute(n, "id") == s.Part })
	}
	if part == nil {
		t.Errorf("%s has no part %q:\n%s", s.Name, s.Part, answer.Body)
		return ""
	}
	title := find(page, func(n *html.Node) bool { return n.Data == "title" })
	var out strings.Builder
	out.WriteString("<!-- " + s.Title + ": " + answer.Result().Status + ", " + words(title) + " -->\n")
	layOut(&out, part, 0)
	return digests.ReplaceAllString(strings.ReplaceAll(out.String(), answer.Header().Get("X-Request-Id"), "0123456789abcdef"), "")
}

// digests are of the content of other files and parts, and say nothing here.
var digests = regexp.MustCompile(`\?[0-9a-f]{16}\b|&amp;seen=[0-9a-f]{16}`)

func parsed(t *testing.T, g *gallery.Gallery, s gallery.Scene) (*html.Node, *httptest.ResponseRecorder) {
	t.Helper()
	answer := httptest.NewRecorder()
	if err := g.Serve(t.Context(), answer, s); err != nil {
		t.Fatal(err)
	}
	if answer.Code/100 == 3 {
		t.Errorf("%s leads to %s", s.Name, answer.Header().Get("Location"))
	}
	page, err := html.Parse(strings.NewReader(s.Change(answer.Body.String())))
	if err != nil {
		t.Fatal(err)
	}
	return page, answer
}

// layOut writes an element with one line for each element and text in it.
func layOut(out *strings.Builder, n *html.Node, depth int) {
	indent := strings.Repeat("  ", depth)
	switch text := strings.TrimSpace(n.Data); {
	case n.Type == html.TextNode && (n.Parent.Data == "code" || n.Parent.Data == "textarea" || attribute(n.Parent, "class") == "pre"):
		for line := range strings.Lines(short(n.Data)) {
			out.WriteString(indent + html.EscapeString(strings.TrimRight(line, "\n")) + "\n")
		}
	case n.Type == html.TextNode && text != "":
		out.WriteString(indent + html.EscapeString(strings.Join(strings.Fields(text), " ")) + "\n")
	case n.Type == html.ElementNode:
		start, end := "<"+n.Data, "</"+n.Data+">"
		for _, a := range n.Attr {
			start += " " + a.Key
			if a.Val != "" {
				start += `="` + html.EscapeString(short(a.Val)) + `"`
			}
		}
		start += ">"
		if slices.Contains([]string{"input", "link", "meta", "br", "use", "circle", "line", "rect"}, n.Data) {
			end = ""
		}
		if attribute(n, "class") == "icon" {
			out.WriteString(indent + "<svg class=\"icon\"> " + attribute(n.FirstChild, "href") + "\n")
			return
		}
		if only := n.FirstChild; only == nil || only.NextSibling == nil && only.Type == html.TextNode && !strings.Contains(only.Data, "\n") && len(only.Data) < 1000 {
			out.WriteString(indent + start + html.EscapeString(words(n)) + end + "\n")
			return
		}
		out.WriteString(indent + start + "\n")
		for child := range n.ChildNodes() {
			layOut(out, child, depth+1)
		}
		out.WriteString(indent + end + "\n")
	}
}

// short is a text that is not worth keeping whole: the beginning says what it is.
func short(text string) string {
	lines := strings.SplitAfter(text, "\n")
	switch {
	case len(lines) > 60:
		return strings.Join(lines[:20], "") + "…\n"
	case len(lines) == 1 && len(text) > 2000:
		return text[:200] + "…"
	}
	return text
}

func find(n *html.Node, fits func(*html.Node) bool) *html.Node {
	for one := range n.Descendants() {
		if one.Type == html.ElementNode && fits(one) {
			return one
		}
	}
	return nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// words is the text in an element.
func words(n *html.Node) string {
	var all []string
	for one := range n.Descendants() {
		if one.Type == html.TextNode {
			all = append(all, strings.Fields(one.Data)...)
		}
	}
	return strings.Join(all, " ")
}

// TestNothingIsMissing: every state of a token is in a panel and in the overview, and every step of a test has failed once.
func TestNothingIsMissing(t *testing.T) {
	g := open(t)
	pages := map[string]*html.Node{}
	for _, s := range g.Scenes {
		pages[s.Name], _ = parsed(t, g, s)
	}
	shows := func(scene, class string) bool {
		return find(pages[scene], func(n *html.Node) bool { return attribute(n, "class") == class }) != nil
	}
	states := []token.State{token.Empty, token.Fresh, token.Due, token.Claimed, token.Waiting, token.Broken}
	for _, state := range states {
		if !shows("overview", "chip "+string(state)) {
			t.Errorf("the overview has no integration that is %s", state)
		}
		found := false
		for _, s := range g.Scenes {
			found = found || s.Part == "tokens" && shows(s.Name, "state "+string(state))
		}
		if !found {
			t.Errorf("no token is %s", state)
		}
	}
	for _, state := range []string{"static", "open", "incomplete"} {
		if !shows("overview", "chip "+state) {
			t.Errorf("the overview has no integration that is %s", state)
		}
	}
	for _, step := range []string{api.StepResolve, api.StepConnect, api.StepTLS, api.StepToken, api.StepAnswer} {
		if !shows("test-"+step+"-failed", "fail") {
			t.Errorf("no test has failed to %s", step)
		}
	}
}

// TestHandler: the gallery lists its scenes, and shows each as it is, but for htmx.
func TestHandler(t *testing.T) {
	g := open(t)
	list := ask(g.Handler(), "/gallery")
	for _, s := range g.Scenes {
		if !strings.Contains(list.Body.String(), `href="/gallery/`+s.Name+`"`) {
			t.Errorf("%s is not listed", s.Name)
		}
		answer := ask(g.Handler(), "/gallery/"+s.Name)
		if body := answer.Body.String(); !strings.Contains(body, "</html>") && !strings.Contains(body, "</main>") || strings.Contains(body, "htmx.min.js") {
			t.Errorf("%s answers %d %s", s.Name, answer.Code, body)
		}
		if policy := answer.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("%s has the policy %q", s.Name, policy)
		}
	}
	if answer := ask(g.Handler(), "/gallery/nothing"); answer.Code != http.StatusNotFound {
		t.Errorf("an unknown scene answers %d", answer.Code)
	}
}

func ask(h http.Handler, path string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
	return answer
}
