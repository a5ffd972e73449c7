package call_test

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/model"
)

// TestPatience has an API that is busy, or closes the connection, and counts the requests and the time.
func TestPatience(t *testing.T) {
	const closes = -1
	for name, c := range map[string]struct {
		method  string
		key     bool
		after   func(now time.Time) string // Retry-After
		answers []int                      // one after another; the last for all others
		wait    time.Duration

		tries       int
		status      int // 0: no answer
		least, most time.Duration
		asked       time.Duration
	}{
		"a 429 with seconds":           {answers: []int{429, 429, 200}, after: seconds("7"), wait: time.Minute, tries: 3, status: 200, least: 14 * time.Second, most: 14 * time.Second},
		"a 503 with a date":            {answers: []int{503, 200}, after: inAMinute, wait: 2 * time.Minute, tries: 2, status: 200, least: 59 * time.Second, most: time.Minute},
		"a date that is past":          {answers: []int{503, 200}, after: seconds("Sun, 06 Nov 1994 08:49:37 GMT"), wait: time.Minute, tries: 2, status: 200},
		"a POST waits for a 429":       {method: "POST", answers: []int{429, 200}, wait: time.Minute, tries: 2, status: 200, least: 250 * time.Millisecond, most: 500 * time.Millisecond},
		"a POST waits for a 503":       {method: "POST", answers: []int{503, 200}, after: seconds("3"), wait: time.Minute, tries: 2, status: 200, least: 3 * time.Second, most: 3 * time.Second},
		"but not for one without time": {method: "POST", answers: []int{503, 200}, wait: time.Minute, tries: 1, status: 503},
		"nobody waits unless asked":    {answers: []int{429, 200}, after: seconds("1"), tries: 1, status: 429},
		"longer than there is time":    {answers: []int{429, 200}, after: seconds("3600"), wait: time.Minute, tries: 1, status: 429, asked: time.Hour},
		"a time without end":           {answers: []int{429, 200}, after: seconds("1e300"), wait: time.Minute, tries: 2, status: 200, least: 250 * time.Millisecond, most: 500 * time.Millisecond},
		"until the time is over":       {answers: []int{503}, after: seconds("25"), wait: time.Minute, tries: 3, status: 503, least: 50 * time.Second, most: 50 * time.Second, asked: 25 * time.Second},
		"other errors are answers":     {answers: []int{500, 200}, after: seconds("1"), wait: time.Minute, tries: 1, status: 500},
		"a closed connection":          {answers: []int{closes, 200}, tries: 2, status: 200, least: 250 * time.Millisecond, most: 500 * time.Millisecond},
		"again and again":              {answers: []int{closes}, tries: 3, least: 750 * time.Millisecond, most: 1500 * time.Millisecond},
		"as long as there is time":     {answers: []int{closes, closes, closes, closes, closes, 200}, wait: time.Minute, tries: 6, status: 200, least: 7 * time.Second, most: 16 * time.Second},
		"a POST is sent once":          {method: "POST", answers: []int{closes, 200}, wait: time.Minute, tries: 1},
		"a POST with a key is not":     {method: "POST", key: true, answers: []int{closes, 200}, tries: 2, status: 200, most: time.Second},
		"PUT is idempotent":            {method: "PUT", answers: []int{closes, 200}, tries: 2, status: 200, most: time.Second},
		"PATCH is not":                 {method: "PATCH", answers: []int{closes, 200}, tries: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				client := carnettest.Pipe(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					status := c.answers[min(tries, len(c.answers)-1)]
					if tries++; status == closes {
						panic(http.ErrAbortHandler)
					}
					if c.after != nil {
						w.Header().Set("Retry-After", c.after(time.Now()))
					}
					w.WriteHeader(status)
				}))
				client.Transport.(*http.Transport).DisableKeepAlives = true // the transport itself repeats what an old connection lost
				op := &model.Operation{Summary: model.Summary{ID: "op", Method: c.method, Path: "/op"},
					Parameters: []model.Parameter{{Name: "Idempotency-Key", In: "header", Style: "simple"}}}
				if c.method == "" {
					op.Method = "GET"
				}
				a := call.Arguments{Parameters: map[string]jsontext.Value{}}
				if c.key {
					a.Parameters["Idempotency-Key"] = jsontext.Value(`"k"`)
				}
				r, err := call.Build(op, &url.URL{Scheme: "http", Host: "api.example"}, a)
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				errand := call.Errand{Wait: c.wait, Usable: func() bool { return true }, Repeatable: func() bool { return call.Repeatable(op, a) }}
				answer, asked, err := call.Patiently(t.Context(), errand, func() (*call.Answer, error) { return r.Send(t.Context(), client, nil) })
				took, status := time.Since(began), 0
				if err == nil {
					status = answer.Status
					answer.Close()
				}
				if tries != c.tries || status != c.status || took < c.least || took > c.most || asked != c.asked {
					t.Errorf("%d tries in %s, status %d, asked %s, %v", tries, took, status, asked, err)
				}
			})
		})
	}
}

func seconds(text string) func(time.Time) string { return func(time.Time) string { return text } }

func inAMinute(now time.Time) string { return now.Add(time.Minute).UTC().Format(http.TimeFormat) }
