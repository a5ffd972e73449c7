package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/client"
	"carnet.dev/carnet/internal/cli"
)

// A remote is a server to which a person's browser comes, or none does: it answers a connection's polls one after another.
type remote struct {
	settings, began string
	answers         []string // status, body
	began0          time.Time
	polls           []string // when, and with what
	asked           string   // what the connection began with
}

func (s *remote) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.Method == "GET":
		io.WriteString(w, `{"data":{"name":"tv","properties":{"properties":`+s.settings+`}}}`)
	case strings.HasSuffix(r.URL.Path, "/connection"):
		s.began0, s.asked = time.Now(), strings.TrimSpace(string(body))
		io.WriteString(w, s.began)
	default:
		var with map[string]string
		json.Unmarshal(body, &with)
		s.polls = append(s.polls, time.Since(s.began0).String()+" "+with["confirmation"])
		answer := `200 {"pending":true,"interval":5}`
		if len(s.answers) > 0 {
			answer, s.answers = s.answers[0], s.answers[1:]
		}
		status, text, _ := strings.Cut(answer, " ")
		w.WriteHeader(map[string]int{"200": 200, "403": 403, "424": 424, "503": 503}[status])
		io.WriteString(w, text)
	}
}

// connect runs the command against the remote, in a bubble, where time passes at once.
func (s *remote) connect(ctx context.Context, stdin string, args ...string) (code int, out, told string) {
	var stdout, stderr bytes.Buffer
	code = cli.Main(ctx, cli.Env{
		Args: append([]string{"integration", "connect", "tv", "--no-browser"}, args...), Stdin: strings.NewReader(stdin),
		Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" },
		Embedded: func(context.Context, cli.Options) (http.RoundTripper, func() error, error) {
			return client.Handler(s), func() error { return nil }, nil
		},
	})
	return code, stdout.String(), stderr.String()
}

const (
	byDevice  = `{"authentication":{"login":{"grant_type":"deviceCode"}}}`
	byCode    = `{"authentication":{"login":{"grant_type":"authorizationCode"}}}`
	connected = `200 {"token":{"scheme":"login","state":"fresh","access_token":true}}`
)

func deviceBegan() string {
	expires, _ := time.Now().Add(time.Minute).MarshalText()
	return `{"state":"s","expires":"` + string(expires) + `","user_code":"WDJB-MJHT","verification_uri":"https://a.example/device","interval":5}`
}

// The command asks as often as the server says, and goes on when the server is away for a while.
func TestConnectByDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &remote{settings: byDevice, began: deviceBegan(), answers: []string{
			`200 {"pending":true,"interval":5}`, `200 {"pending":true,"interval":10}`, `503 {"kind":"unavailable","message":"restarting"}`, connected}}
		code, out, told := s.connect(t.Context(), "")
		if code != 0 || !strings.Contains(out, "fresh") {
			t.Errorf("ended with %d %s", code, out)
		}
		for _, want := range []string{"https://a.example/device", "WDJB-MJHT", "still waiting, although restarting"} {
			if !strings.Contains(told, want) {
				t.Errorf("did not say %q: %s", want, told)
			}
		}
		if diff := cmp.Diff([]string{"5s ", "10s ", "20s ", "30s "}, s.polls); diff != "" || s.asked != "{}" {
			t.Errorf("began with %s: %s", s.asked, diff)
		}
	})
}

func TestConnectByDeviceEnds(t *testing.T) {
	for name, test := range map[string]struct {
		answers []string
		cancel  time.Duration
		code    int
		says    string
	}{
		"denied":      {[]string{`424 {"kind":"reconnect","message":"no token: a.example answered access_denied","hint":"connect again"}`}, time.Hour, 7, "access_denied"},
		"nobody came": {nil, time.Hour, 9, "nobody consented in time"},
		"Ctrl-C":      {nil, 12 * time.Second, 130, "interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &remote{settings: byDevice, began: deviceBegan(), answers: test.answers}
				ctx, cancel := context.WithTimeout(t.Context(), test.cancel)
				defer cancel()
				code, _, told := s.connect(ctx, "")
				if code != test.code || !strings.Contains(told, test.says) {
					t.Errorf("ended with %d: %s", code, told)
				}
			})
		})
	}
}

// The browser comes back to the server: signed in, or showing a code that is typed here, perhaps with a mistake first.
func TestConnectByCallback(t *testing.T) {
	const began = `{"state":"s","expires":"2999-01-01T00:00:00Z","authorization_url":"https://a.example/authorize","redirect_uri":"https://carnet.example/callback/tv","callback":true}`
	for name, test := range map[string]struct {
		answers []string
		stdin   string
		code    int
		polls   []string
	}{
		"signed in":      {[]string{`200 {"pending":true,"interval":2}`, connected}, "", 0, []string{"1s ", "3s "}},
		"not signed in":  {[]string{`200 {"pending":true,"confirm":true}`, `403 {"kind":"denied","message":"no"}`, connected}, "bcdf\nBCDF-GHJK\n", 0, []string{"1s ", "1s bcdf", "1s BCDF-GHJK"}},
		"nobody to type": {[]string{`200 {"pending":true,"confirm":true}`}, "", 2, []string{"1s "}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &remote{settings: byCode, began: began, answers: test.answers}
				code, _, told := s.connect(t.Context(), test.stdin, "--callback")
				if code != test.code || !strings.Contains(told, "https://carnet.example/callback/tv") || !strings.Contains(s.asked, `"callback":true`) {
					t.Errorf("began with %s, ended with %d: %s", s.asked, code, told)
				}
				if diff := cmp.Diff(test.polls, s.polls); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}
