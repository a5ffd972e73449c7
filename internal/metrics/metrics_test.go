package metrics_test

import (
	"context"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/metrics"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/mem"
	"carnet.dev/carnet/internal/token"
)

// scrape returns what Prometheus reads.
func scrape(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	if answer.Code != 200 {
		t.Fatalf("%d: %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

// tokens are some that a keeper could have.
type tokens struct{}

func (tokens) States(time.Time) (map[token.State]int, []time.Duration) {
	return map[token.State]int{token.Fresh: 2, token.Broken: 1}, []time.Duration{5 * time.Second, 20 * time.Minute, -time.Hour}
}

// broken is a driver whose reads fail.
type broken struct{ driver.Driver }

func (broken) Get(context.Context, string, string) (driver.Record, error) {
	return driver.Record{}, fault.New(fault.Unavailable, "away")
}

func busy(t *testing.T) *metrics.Metrics {
	t.Helper()
	m := metrics.New("1.2.3")
	m.Watch(tokens{})
	m.Renewal(token.Renewal{ID: "hidden-name", Outcome: token.OutcomeRefreshed, Took: 300 * time.Millisecond})
	m.Waited(2 * time.Second)
	m.Request("POST /integrations/{name}/operations/{id}/run", "POST", 200, 20*time.Millisecond)
	m.Request("", "other", 404, time.Millisecond)
	d := m.Driver(mem.New().Open())
	d.Get(t.Context(), "thing", "hidden-name")
	d.Put(t.Context(), driver.Record{Kind: "thing", ID: "hidden-name", Revision: 1}, 7) // a conflict
	m.Driver(broken{mem.New().Open()}).Get(t.Context(), "thing", "hidden-name")
	return m
}

func TestWhatIsCountedIsServed(t *testing.T) {
	text := scrape(t, busy(t))
	for _, line := range []string{
		`carnet_build_info{version="1.2.3"} 1`,
		`carnet_tokens{state="fresh"} 2`,
		`carnet_tokens{state="waiting"} 0`,
		`carnet_token_expiry_seconds_bucket{le="0"} 1`,
		`carnet_token_expiry_seconds_bucket{le="10"} 2`,
		`carnet_token_expiry_seconds_bucket{le="+Inf"} 3`,
		`carnet_token_renewals_total{outcome="refreshed"} 1`,
		`carnet_token_renewals_total{outcome="permanent"} 0`,
		`carnet_token_renewal_duration_seconds_count 1`,
		`carnet_token_wait_duration_seconds_sum 2`,
		`carnet_store_operation_duration_seconds_count{operation="get"} 2`,
		`carnet_store_errors_total{kind="unavailable",operation="get"} 1`,
		`carnet_http_requests_total{method="POST",route="POST /integrations/{name}/operations/{id}/run",status="200"} 1`,
		`carnet_http_requests_total{method="other",route="other",status="404"} 1`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("%s is missing", line)
		}
	}
	if strings.Contains(text, "hidden") || strings.Contains(text, `operation="put",kind`) || strings.Contains(text, `kind="conflict"`) {
		t.Error("a name is served, or an answer counts as an error")
	}
	if !strings.Contains(text, "go_goroutines ") || !strings.Contains(text, "process_resident_memory_bytes ") {
		t.Error("the numbers of the process are missing")
	}
}

func TestNamesFollowTheConventions(t *testing.T) {
	problems, err := promlint.New(strings.NewReader(scrape(t, busy(t)))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestThePageNamesWhatThereIs holds docs/metrics.md against what is served.
func TestThePageNamesWhatThereIs(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	names := func(pattern, text string) (all []string) {
		for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			all = append(all, found[1])
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	served := names(`(?m)^# TYPE (carnet_\w+) `, scrape(t, busy(t)))
	if listed := names("(?m)^\\| `(carnet_\\w+)", string(page)); !slices.Equal(listed, served) {
		t.Errorf("the page lists\n%q, served are\n%q", listed, served)
	}
	for _, used := range names(`(carnet_\w+)`, string(page)) {
		family := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(used, "")
		if !slices.Contains(served, family) {
			t.Errorf("the page uses %s, which is not served", used)
		}
	}
}
