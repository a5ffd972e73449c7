package server_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/server"
)

// Whose browser it is decides what the hub hears: the caller of its session, or nobody. Basic is not asked for, nor taken.
func TestCallback(t *testing.T) {
	redirect := map[string]string{"state": "s", "code": "hunter2-code", "iss": "https://a.example"}
	const at = "/callback/my%20shop?state=s&code=hunter2-code&iss=https%3A%2F%2Fa.example"
	for name, test := range map[string]struct {
		header, caller, says string
	}{
		"nobody":       {"X: y", "nobody", "BCDF-GHJK"},
		"an old one":   {"Cookie: token=gone", "nobody", "BCDF-GHJK"},
		"with Basic":   {basic(), "nobody", "BCDF-GHJK"},
		"with Bearer":  {"Authorization: Bearer " + sessionText, "nobody", "BCDF-GHJK"},
		"with session": {"Cookie: token=" + sessionText, "user ada", "Connected"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(server.Options{})
			s.sessions[sessionText] = access.Caller{Kind: access.KindUser, Name: "ada", Role: access.Admin}
			answer := s.ask("GET", at, "", test.header)
			if answer.Code != 200 || !strings.Contains(answer.Body.String(), test.says) || answer.Header().Get("Content-Type") != "text/html; charset=utf-8" {
				t.Errorf("answered %d %s", answer.Code, answer.Body)
			}
			if diff := cmp.Diff([]any{[]any{test.caller, "my shop", redirect}}, s.arrived); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(s.log.String()+answer.Body.String(), "hunter2-code") {
				t.Errorf("the code is shown:\n%s%s", s.log.String(), answer.Body)
			}
			csp := answer.Header().Get("Content-Security-Policy")
			if !regexp.MustCompile(`^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$`).MatchString(csp) {
				t.Errorf("the policy is %s", csp)
			}
			if answer.Header().Get("Referrer-Policy") != "no-referrer" || answer.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("the headers are %v", answer.Header())
			}
		})
	}
}

// What could spend a code by accident, or twice, does not reach the hub; what went wrong is shown as a page, in which nothing is markup.
func TestCallbackRefuses(t *testing.T) {
	s := newSite(server.Options{})
	for _, method := range []string{"HEAD", "POST"} {
		if answer := s.ask(method, "/callback/shop?state=s&code=c", ""); answer.Code/100 != 4 {
			t.Errorf("%s answered %d", method, answer.Code)
		}
	}
	if answer := s.ask("GET", "/callback/shop?state=s&code=c&code=d", ""); answer.Code != 400 || !strings.Contains(answer.Body.String(), "occurs twice") {
		t.Errorf("answered %d %s", answer.Code, answer.Body)
	}
	if len(s.arrived) != 0 {
		t.Errorf("the hub heard %v", s.arrived)
	}
	s.err = fault.New(fault.Upstream, "the service said <script>alert(1)</script>").WithHint("begin <b>again</b>")
	answer := s.ask("GET", "/callback/shop?state=s&code=c", "")
	if body := answer.Body.String(); answer.Code != fault.Upstream.Status() || strings.Contains(body, "<script") || strings.Contains(body, "<b>") ||
		!strings.Contains(body, "Not connected") || !strings.Contains(body, "begin &lt;b&gt;again") {
		t.Errorf("answered %d %s", answer.Code, body)
	}
	s.err = errUnclassed{}
	if body := s.ask("GET", "/callback/shop?state=s&code=c", "").Body.String(); strings.Contains(body, "hunter2") || !strings.Contains(body, "internal error") {
		t.Errorf("answered %s", body)
	}
}

type errUnclassed struct{}

func (errUnclassed) Error() string { return "hunter2" }

// TestCallbackLeadsBack: whoever is connected, or is not, finds the way back to the integration where there is a page; whoever shows
// a code has begun somewhere else.
func TestCallbackLeadsBack(t *testing.T) {
	for name, test := range map[string]struct {
		page   func(string) string
		header string
		err    error
		want   bool
	}{
		"connected": {func(name string) string { return "/ui/" + name + "/x" }, "Cookie: token=" + sessionText, nil, true},
		"refused":   {func(name string) string { return "/ui/" + name + "/x" }, "Cookie: token=" + sessionText, fault.New(fault.Upstream, "no"), true},
		"a code":    {func(name string) string { return "/ui/" + name + "/x" }, "X: y", nil, false},
		"no page":   {nil, "Cookie: token=" + sessionText, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(server.Options{IntegrationPage: test.page})
			s.sessions[sessionText], s.err = access.Caller{Kind: access.KindUser, Name: "ada", Role: access.Admin}, test.err
			body := s.ask("GET", "/callback/shop?state=s&code=c", "", test.header).Body.String()
			if strings.Contains(body, `<a href="/ui/shop/x">`) != test.want || strings.Contains(body, "<a ") != test.want {
				t.Errorf("answered %s", body)
			}
		})
	}
}
