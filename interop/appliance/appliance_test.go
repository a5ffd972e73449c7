package appliance_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"carnet.dev/carnet/interop/appliance"
)

const (
	user     = "carnet"
	password = "correct horse+staple"
)

// A clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A machine is an appliance that listens.
type machine struct {
	*appliance.Appliance
	*clock
	t       *testing.T
	address string
}

func start(t *testing.T, name string, o appliance.Options) *machine {
	t.Helper()
	c := newClock()
	o.Now = c.Now
	a := appliance.All()[name](o)
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return &machine{a, c, t, server.URL}
}

// A reply is an answer, read.
type reply struct {
	status int
	header http.Header
	text   string
}

// at returns the value at a path into the body's JSON; nil if there is none.
func (r reply) at(path string) any {
	var v any
	if json.Unmarshal([]byte(r.text), &v) != nil {
		return nil
	}
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			if name != "0" || len(in) == 0 {
				return nil
			}
			v = in[0]
		default:
			return nil
		}
	}
	return v
}

// cookie returns the value of a cookie that the answer sets.
func (r reply) cookie(name string) string {
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// send makes a request; headers come in pairs, and no redirect is followed.
func (m *machine) send(method, path, body string, headers ...string) reply {
	m.t.Helper()
	r, err := http.NewRequestWithContext(m.t.Context(), method, m.address+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		m.t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, string(data)}
}

// open checks how many sessions are. Carnet logs out of a replaced one in the background, so that has a while to come about.
func (m *machine) open(want int) {
	m.t.Helper()
	for end := time.Now().Add(5 * time.Second); m.Stats().Open != want && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if got := m.Stats().Open; got != want {
		m.t.Errorf("%d sessions are open, want %d", got, want)
	}
}

// refusedLast checks what the last refusal was.
func (m *machine) refusedLast(want string) {
	m.t.Helper()
	all := m.Stats().Refusals
	if len(all) == 0 || !strings.HasSuffix(all[len(all)-1], ": "+want) {
		m.t.Errorf("the refusals are %q, want the last to be %q", all, want)
	}
}

func TestDocumentsAndSettings(t *testing.T) {
	for name, made := range appliance.All() {
		a := made(appliance.Options{})
		var document struct {
			OpenAPI string
			Info    struct{ Title, Version string }
			Paths   map[string]map[string]struct{ OperationID string }
		}
		if err := json.Unmarshal(a.Document(), &document); err != nil || !strings.HasPrefix(document.OpenAPI, "3.") ||
			document.Info.Title == "" || len(document.Paths) == 0 {
			t.Errorf("%s: the document is %+v: %v", name, document, err)
		}
		settings, err := a.Settings("http://127.0.0.1:8080")
		if err != nil {
			t.Fatal(name, err)
		}
		var read struct {
			Server struct {
				Protocol, Host string
				Port           int
			}
			Variables map[string]string
		}
		if err := json.Unmarshal(settings, &read); err != nil {
			t.Fatal(name, err)
		}
		if read.Server.Protocol != "http" || read.Server.Host != "127.0.0.1" || read.Server.Port != 8080 ||
			read.Variables["appliance"] != "http://127.0.0.1:8080" || bytes.Contains(settings, []byte("example.com")) {
			t.Errorf("%s: the settings are %s", name, settings)
		}
	}
}
