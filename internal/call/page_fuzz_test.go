package call_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/model"
)

// answered is a transport that gives one answer to everything.
type answered struct{ link, body string }

// RoundTrip implements http.RoundTripper.
func (a answered) RoundTrip(r *http.Request) (*http.Response, error) {
	h := http.Header{"Content-Type": {"application/json"}, "Link": {a.link}}
	return &http.Response{StatusCode: 200, Header: h, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

// FuzzPage: whatever a service answers, the request for the next page goes to where the first went.
func FuzzPage(f *testing.F) {
	for _, seed := range [][3]string{
		{`<http://api.example/v1/list?page=2>; rel="next"`, `[1]`, "auto"},
		{`<//evil.example/v1>; rel=next; title="a\"b>`, `{"items":[1],"total":3}`, "auto"},
		{``, `{"items":[1],"links":[{"rel":"next","href":"/v1/../../x"}],"has_more":true}`, "auto"},
		{``, `{"data":{"next":{"href":["http:\\evil.example/v1/list"]}},"items":[{"id":1}]}`, "/data/next"},
		{``, `{"meta":{"next_cursor":{"a":1}},"items":[{"id":"x"}],"hasMore":"true"}`, "last:/id=cursor"},
		{``, `{"items":[1,2],"page":0,"total_pages":9}`, "page0=page"},
		{``, `{"items":[1,2],"next":"http://evil.example/?cursor=%2e%2e"}`, "/next=cursor"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	base := &url.URL{Scheme: "http", Host: "api.example", Path: "/v1"}
	op := &model.Operation{Summary: model.Summary{ID: "list", Method: "GET", Path: "/list"}, Parameters: []model.Parameter{
		{Name: "page", In: "query", Style: "form", Type: "integer"}, {Name: "cursor", In: "query", Style: "form", Type: "string"}}}
	f.Fuzz(func(t *testing.T, link, body, rule string) {
		r, err := call.Build(op, base, call.Arguments{})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := r.Send(t.Context(), &http.Client{Transport: answered{link, body}}, nil)
		if err == nil {
			err = answer.Whole()
		}
		if err != nil {
			t.Fatal(err)
		}
		p := call.Paging{Rule: rule}
		if call.Pageable(op, p, call.Arguments{}) != nil {
			return
		}
		page, err := answer.Page(op, call.Arguments{}, p)
		if err != nil || page.Next == nil {
			return
		}
		if r, err = call.Build(op, base, page.Next.Apply(call.Arguments{})); err != nil {
			return // the document does not take such a value
		}
		if page.Next.URL != "" {
			if r, err = r.Follow(page.Next.URL); err != nil {
				t.Fatalf("%q can't be followed: %v", page.Next.URL, err)
			}
		}
		shown, err := r.Show(nil)
		if err != nil {
			t.Fatal(err)
		}
		to, err := url.Parse(shown.URL)
		if err != nil || to.Scheme != "http" || to.Host != "api.example" || to.User != nil || to.Path != "/v1" && !strings.HasPrefix(to.Path, "/v1/") || strings.Contains(to.Path+"/", "/../") {
			t.Fatalf("the next page is at %s, %v", shown.URL, err)
		}
		again := call.Paging{Rule: page.Rule, Items: page.Items, From: page.Next}
		if err := call.Pageable(op, again, call.Arguments{}); err != nil {
			t.Fatalf("the rule %q that was found is none: %v", page.Rule, err)
		}
	})
}
