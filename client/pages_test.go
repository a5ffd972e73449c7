package client_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
)

// served is a client of a server that answers each task, after the first, with what its From leads to.
func served(t *testing.T, page func(from string) api.Result) *client.Client {
	return answering(t, client.Options{}, func(w http.ResponseWriter, r *http.Request) {
		var task api.Task
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &task); err != nil {
			t.Error(err)
		}
		from := task.Paginate
		if task.From != nil {
			from = task.From.URL + string(task.From.Value)
		}
		json.NewEncoder(w).Encode(page(from))
	})
}

func pageOf(rule, items, next string) api.Result {
	r := api.Result{OK: true, Status: 200, Data: json.RawMessage(`{"a/b":` + items + `}`), Page: &api.Page{Rule: rule, Items: new("/a~1b")}}
	var all []json.RawMessage
	json.Unmarshal([]byte(items), &all)
	r.Page.Count = len(all)
	if next != "" {
		r.Page.Next = &api.Next{Parameter: "cursor", Value: json.RawMessage(next)}
	}
	return r
}

func TestItems(t *testing.T) {
	for name, test := range map[string]struct {
		pages map[string]api.Result // by what leads to them
		want  string
		err   string
	}{
		"three pages, one of them empty": {map[string]api.Result{
			"auto": pageOf("/c=cursor", `[1,2]`, `"x"`), `"x"`: pageOf("/c=cursor", `[]`, `"y"`), `"y"`: pageOf("/c=cursor", `[3]`, ""),
		}, "1 2 3", ""},
		"a circle": {map[string]api.Result{
			"auto": pageOf("/c=cursor", `[1]`, `"x"`), `"x"`: pageOf("/c=cursor", `[2]`, `"y"`), `"y"`: pageOf("/c=cursor", `[3]`, `"x"`),
		}, "1 2 3", `leads in a circle`},
		"a circle of nothing is an end": {map[string]api.Result{
			"auto": pageOf("/c=cursor", `[1]`, `"x"`), `"x"`: pageOf("/c=cursor", `[]`, `"x"`),
		}, "1", ""},
		"the same page again": {map[string]api.Result{
			"auto": pageOf("page=p", `[1,1]`, `2`), "2": pageOf("page=p", `[1,1]`, `3`),
		}, "1 1", "does not count by p"},
		"two pages may be alike where a cursor leads": {map[string]api.Result{
			"auto": pageOf("/c=cursor", `[1]`, `"x"`), `"x"`: pageOf("/c=cursor", `[1]`, ""),
		}, "1 1", ""},
		"a page that fails": {map[string]api.Result{
			"auto": pageOf("/c=cursor", `[1]`, `"x"`), `"x"`: {Status: 503, StatusText: "Service Unavailable"},
		}, "1", "page 2: the API answered 503 Service Unavailable"},
		"no pages":          {map[string]api.Result{"auto": {OK: true, Status: 200, Data: json.RawMessage(`{}`), Page: &api.Page{}}}, "", "no pages"},
		"one item, no list": {map[string]api.Result{"auto": {OK: true, Status: 200, Data: json.RawMessage(`{"a":{"b":[1,{"c":2}]}}`), Page: &api.Page{Rule: "link", Items: new("/a/b/1"), Count: 1}}}, `{"c":2}`, ""},
		"an error":          {map[string]api.Result{}, "", "answer can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			c := served(t, func(from string) api.Result { return test.pages[from] })
			if len(test.pages) == 0 {
				c = answering(t, client.Options{}, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "?") })
			}
			var got []string
			var failed error
			for item, err := range c.Items(t.Context(), "ledger", "list", api.Task{}) {
				if failed = err; err == nil {
					got = append(got, string(item))
				}
			}
			text := ""
			if failed != nil {
				text = failed.Error()
			}
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" || (text != "") != (test.err != "") || !strings.Contains(text, test.err) {
				t.Errorf("%s, -want +got\n%s", text, diff)
			}
			if failed != nil && fault.KindOf(failed) == fault.Internal {
				t.Errorf("%v has no kind", failed)
			}
		})
	}
}

// TestPagesEndWithTheLoop: who has enough asks for no more.
func TestPagesEndWithTheLoop(t *testing.T) {
	asked := 0
	c := served(t, func(string) api.Result { asked++; return pageOf("/c=cursor", `[1,2]`, fmt.Sprint(asked)) })
	for range c.Items(t.Context(), "ledger", "list", api.Task{}) {
		if asked == 3 {
			break
		}
	}
	if asked != 3 {
		t.Errorf("%d pages were asked for", asked)
	}
}

// TestManyPages goes through ten thousand pages: what is kept of each is a number.
func TestManyPages(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector keeps memory of its own")
	}
	const pages, most = 10_000, 2 << 20 // of 10 MB
	asked := 0
	items := `["` + strings.Repeat("x", 1<<10) + `"]`
	c := served(t, func(string) api.Result {
		asked++
		next := ""
		if asked < pages {
			next = fmt.Sprintf(`"%d"`, asked)
		}
		return pageOf("/c=cursor", items, next)
	})
	var begun, now runtime.MemStats
	n := 0
	for _, err := range c.Items(t.Context(), "ledger", "list", api.Task{}) {
		if err != nil {
			t.Fatal(err)
		}
		switch n++; n {
		case 100:
			runtime.GC()
			runtime.ReadMemStats(&begun)
		case pages:
			runtime.GC()
			runtime.ReadMemStats(&now)
		}
	}
	if grown := int64(now.HeapAlloc) - int64(begun.HeapAlloc); n != pages || grown > most {
		t.Errorf("after %d pages %d bytes more are in use than after 100", n, grown)
	}
}
