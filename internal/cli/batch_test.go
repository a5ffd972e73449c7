package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/cli"
)

// A depot is an API behind which an operation takes some time, and counts how many run at once.
type depot struct {
	env     cli.Env
	out, in bytes.Buffer
	err     bytes.Buffer
	run     func(t api.Task) (time.Duration, api.Result, *fault.Error)

	mu        sync.Mutex
	now, most int
	asked     int
	cancelled int
}

var order = api.Operation{
	OperationSummary: api.OperationSummary{ID: "order", Method: "POST", Path: "/orders/{id}"},
	Parameters:       []api.Parameter{{Name: "id", In: "path"}, {Name: "limit", In: "query"}, {Name: "filter", In: "query"}, {Name: "body", In: "query"}},
	Body:             &api.Body{},
}

func newDepot(input string) *depot {
	d := &depot{run: func(api.Task) (time.Duration, api.Result, *fault.Error) {
		return 0, api.Result{OK: true, Status: 200}, nil
	}}
	d.in.WriteString(input)
	d.env = cli.Env{
		Stdin: &d.in, Stdout: &d.out, Stderr: &d.err, Getenv: func(string) string { return "" },
		Embedded: func(context.Context, cli.Options) (http.RoundTripper, func() error, error) {
			return client.Handler(http.HandlerFunc(d.serve)), func() error { return nil }, nil
		},
	}
	return d
}

func (d *depot) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		json.NewEncoder(w).Encode(order)
		return
	}
	var t api.Task
	if err := json.NewDecoder(r.Body).Decode(&t); err != nil {
		panic(err)
	}
	d.mu.Lock()
	d.asked++
	d.now++
	d.most = max(d.most, d.now)
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.now--
	}()
	takes, result, failure := d.run(t)
	select {
	case <-time.After(takes):
	case <-r.Context().Done():
		d.mu.Lock()
		d.cancelled++
		d.mu.Unlock()
		failure = fault.New(fault.Unavailable, "cut off")
	}
	if failure != nil {
		w.WriteHeader(failure.Kind.Status())
		json.NewEncoder(w).Encode(api.Failure{Kind: failure.Kind.String(), Message: failure.Message})
		return
	}
	json.NewEncoder(w).Encode(result)
}

func (d *depot) main(ctx context.Context, args ...string) int {
	d.env.Args = append([]string{"run", "desk", "order", "--all", "-"}, args...)
	return cli.Main(ctx, d.env)
}

// A printed record.
type printed struct {
	Line   int
	OK     bool
	Status int
	Data   json.RawMessage
	Error  *api.Failure
	Input  json.RawMessage
}

func (d *depot) records(t *testing.T) (all []printed) {
	t.Helper()
	for text := range strings.Lines(d.out.String()) {
		var r printed
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		all = append(all, r)
	}
	return all
}

func numbers(all []printed) (lines []int) {
	for _, r := range all {
		lines = append(lines, r.Line)
	}
	return lines
}

// text is the id of a task's line.
func text(t api.Task) string {
	for _, typed := range t.Typed {
		if typed.Parameter == "id" {
			return typed.Text + string(typed.Value)
		}
	}
	return ""
}

// ids are lines with the ids from 1 to n.
func ids(n int) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, "{\"id\":%d}\n", i+1)
	}
	return all.String()
}

// TestBatchKeepsOrder runs lines of which the first are slow; at once there are as many as --jobs says.
func TestBatchKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, unordered := range []bool{false, true} {
			d := newDepot(ids(40))
			d.run = func(task api.Task) (time.Duration, api.Result, *fault.Error) {
				takes := time.Second
				if text(task) == "1" {
					takes = time.Minute
				}
				return takes, api.Result{Status: 200, Data: json.RawMessage(`{"id": ` + text(task) + `}`)}, nil
			}
			began := time.Now()
			if exit := d.main(t.Context(), "--jobs", "5", fmt.Sprintf("--unordered=%t", unordered)); exit != 0 || d.most != 5 {
				t.Fatalf("exit %d, %d at once: %s", exit, d.most, &d.err)
			}
			lines := numbers(d.records(t))
			switch took := time.Since(began); {
			case len(lines) != 40:
				t.Errorf("%d results", len(lines))
			case unordered && (lines[39] != 1 || took != time.Minute):
				t.Errorf("unordered: %v in %s", lines, took)
			case !unordered && (!slices.IsSorted(lines) || took < time.Minute || took > 70*time.Second):
				t.Errorf("in order: %v in %s", lines, took)
			}
			for _, r := range d.records(t) {
				if want := fmt.Sprintf(`{"id":%d}`, r.Line); string(r.Data) != want || !r.OK || r.Status != 200 || r.Input != nil {
					t.Errorf("line %d: %+v", r.Line, r)
				}
			}
			if d.err.String() != "carnet: 40 lines run\n" {
				t.Errorf("said %q", &d.err)
			}
		}
	})
}

// TestBatchDoesNotRunAhead: while the first line is under way, no more than some per job are begun after it.
func TestBatchDoesNotRunAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(ids(10_000))
		begun := 0
		d.run = func(task api.Task) (time.Duration, api.Result, *fault.Error) {
			if text(task) == "1" {
				return time.Hour, api.Result{Status: 200}, nil
			}
			return time.Millisecond, api.Result{Status: 200}, nil
		}
		go func() {
			time.Sleep(59 * time.Minute)
			d.mu.Lock()
			defer d.mu.Unlock()
			begun = d.asked
		}()
		if exit := d.main(t.Context(), "--jobs", "3"); exit != 0 || d.asked != 10_000 || begun > 20 || begun < 10 {
			t.Errorf("exit %d, %d of %d were begun while the first was under way", exit, begun, d.asked)
		}
	})
}

// forever gives so many lines, and remembers how much memory there was.
type forever struct {
	left  int
	line  []byte
	rest  []byte
	peaks []uint64
}

func (f *forever) Read(b []byte) (int, error) {
	if len(f.rest) == 0 {
		if f.left == 0 {
			return 0, io.EOF
		}
		if f.left--; f.left%1_000 == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			f.peaks = append(f.peaks, m.HeapAlloc)
		}
		f.rest = f.line
	}
	n := copy(b, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func TestBatchKeepsMemoryFlat(t *testing.T) {
	d := newDepot("")
	d.run = func(api.Task) (time.Duration, api.Result, *fault.Error) {
		return 0, api.Result{Status: 200, Data: json.RawMessage(`"` + strings.Repeat("x", 4000) + `"`)}, nil
	}
	list := &forever{left: 5_000, line: []byte(`{"id": 7, "body": "` + strings.Repeat("y", 4000) + "\"}\n")}
	d.env.Stdin, d.env.Stdout = list, io.Discard
	if exit := d.main(t.Context(), "--jobs", "8"); exit != 0 || d.asked != 5_000 {
		t.Fatalf("exit %d after %d: %s", exit, d.asked, &d.err)
	}
	if first, last := list.peaks[0], list.peaks[len(list.peaks)-1]; last > first+8<<20 {
		t.Errorf("from %d to %d bytes: %v", first, last, list.peaks)
	}
}

// TestBatchLines says what a line may be, and what the command line says of each.
func TestBatchLines(t *testing.T) {
	defaults := []string{"-p", "limit=10", "-p", "filter.state=open", "-p", "filter.since=2026", "-d", `{"item":"book"}`, "-f", "currency=ZAR", "-f", "to.city=Durban", "-f", "tags[]=new"}
	const all = `{"typed":[{"parameter":"limit","text":"10"},{"parameter":"filter.state","text":"open"},{"parameter":"filter.since","text":"2026"},` +
		`{"field":"currency","text":"ZAR"},{"field":"to.city","text":"Durban"},{"field":"tags[]","text":"new"}],"requestBodyPayload":{"item":"book"},"wait":300}`
	for line, want := range map[string]string{
		`{}`: all,
		`{"limit": 5}`: `{"typed":[{"parameter":"filter.state","text":"open"},{"parameter":"filter.since","text":"2026"},{"field":"currency","text":"ZAR"},` +
			`{"field":"to.city","text":"Durban"},{"field":"tags[]","text":"new"},{"parameter":"limit","value":5}],"requestBodyPayload":{"item":"book"},"wait":300}`,
		`{"query.limit": "5", "filter": {"state": []}}`: `{"typed":[{"field":"currency","text":"ZAR"},{"field":"to.city","text":"Durban"},{"field":"tags[]","text":"new"},` +
			`{"parameter":"query.limit","text":"5"},{"parameter":"filter","value":{"state": []}}],"requestBodyPayload":{"item":"book"},"wait":300}`,
		`{"filter.state": "shipped", "limit": null}`: `{"typed":[{"parameter":"filter.since","text":"2026"},{"field":"currency","text":"ZAR"},{"field":"to.city","text":"Durban"},` +
			`{"field":"tags[]","text":"new"},{"parameter":"filter.state","text":"shipped"},{"parameter":"limit","value":null}],"requestBodyPayload":{"item":"book"},"wait":300}`,
		`{"body": {"item": "pen", "currency": "EUR", "to": {"street": "West"}, "tags": []}}`: `{"typed":[{"parameter":"limit","text":"10"},{"parameter":"filter.state","text":"open"},` +
			`{"parameter":"filter.since","text":"2026"},{"field":"to.city","text":"Durban"}],"requestBodyPayload":{"item": "pen", "currency": "EUR", "to": {"street": "West"}, "tags": []},"wait":300}`,
		`{"body": "text"}`: `{"typed":[{"parameter":"limit","text":"10"},{"parameter":"filter.state","text":"open"},{"parameter":"filter.since","text":"2026"}],"requestBodyPayload":"text","wait":300}`,
		`{"body.currency": "EUR", "body.to": {"city": "Busan"}, "query.body": "@/etc/passwd"}`: `{"typed":[{"parameter":"limit","text":"10"},{"parameter":"filter.state","text":"open"},` +
			`{"parameter":"filter.since","text":"2026"},{"field":"tags[]","text":"new"},{"field":"currency","text":"EUR"},{"field":"to","value":{"city": "Busan"}},{"parameter":"query.body","text":"@/etc/passwd"}],` +
			`"requestBodyPayload":{"item":"book"},"wait":300}`,
	} {
		d := newDepot(line)
		var got, expected any
		d.run = func(task api.Task) (time.Duration, api.Result, *fault.Error) {
			data, _ := json.Marshal(task)
			json.Unmarshal(data, &got)
			return 0, api.Result{Status: 200}, nil
		}
		if err := json.Unmarshal([]byte(want), &expected); err != nil {
			t.Fatal(err)
		}
		if exit := d.main(t.Context(), defaults...); exit != 0 {
			t.Errorf("%s: exit %d: %s%s", line, exit, &d.err, &d.out)
		}
		if diff := cmp.Diff(expected, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", line, diff)
		}
	}
}

// TestBatchLinesThatAreWrong: each is told by line and column, and the others are run.
func TestBatchLinesThatAreWrong(t *testing.T) {
	for line, want := range map[string]string{
		`{"id": 1,}`:          `column 9: it is not JSON: invalid character ','`,
		`{"é": [1, oops]}`:    `column 11: it is not JSON: invalid character 'o'`,
		`{"id": 1`:            `column 9: it is not JSON: it ends too early`,
		`{"id": 1} {"id": 2}`: `column 12: something follows the object`,
		`{"id": 1, "id": 2}`:  `column 11: a name occurs twice`,
		`[{"id": 1}]`:         `column 1: it is no JSON object`,
		`7`:                   `column 1: it is no JSON object`,
		`id=1`:                `column 1: it is not JSON: invalid character 'i'`,
		`{"ids": 1}`:          `there is no argument "ids"`,
	} {
		d := newDepot("{\"id\": 1}\n" + line + "\n\n \r\n{\"id\": 3}\r\n")
		exit := d.main(t.Context())
		all := d.records(t)
		if exit != fault.Invalid.Exit() || d.asked != 2 || !slices.Equal(numbers(all), []int{1, 2, 5}) || all[1].Error == nil || !strings.Contains(all[1].Error.Message, want) || all[1].OK || !all[2].OK {
			t.Errorf("%s: exit %d, asked %d, printed\n%s%s", line, exit, d.asked, &d.out, &d.err)
			continue
		}
		if valid := json.Valid([]byte(line)); valid != (all[1].Input != nil) {
			t.Errorf("%s: the input is %s", line, all[1].Input)
		}
		if !strings.Contains(d.err.String(), "carnet: 3 lines run, 1 failed, the first is line 2: "+want) {
			t.Errorf("%s: said %s", line, &d.err)
		}
	}
}

// TestBatchChecksNamesFirst: what is wrong in every line is told before anything is sent.
func TestBatchChecksNamesFirst(t *testing.T) {
	for args, want := range map[string]string{
		"-p limt=1":                 `there is no argument "limt"` + "\n  hint: did you mean \"limit\"?",
		"-p filtr.state=1":          `there is no argument "filtr.state"`,
		"-O file":                   "-O takes one answer",
		"-F a=b":                    "-F can send files",
		"-d @-":                     "standard input can't be both",
		"-p id=@-":                  "standard input can't be both",
		"-o yaml":                   "lines of JSON, and not yaml",
		"--jobs 0":                  "--jobs is a number from 1 to",
		"--skip -1":                 "--skip is a number of lines",
		"--all /does/not/be/x.json": "/does/not/be/x.json can't be read",
	} {
		d := newDepot(ids(3))
		if exit := d.main(t.Context(), strings.Fields(args)...); exit != fault.Invalid.Exit() || d.asked > 0 || !strings.Contains(d.err.String(), want) || d.out.Len() > 0 {
			t.Errorf("%s: exit %d, asked %d, said %s%s", args, exit, d.asked, &d.err, &d.out)
		}
	}
	d := newDepot("\n{\"idd\": 1}\n")
	if exit := d.main(t.Context()); exit != fault.Invalid.Exit() || d.asked > 0 || !strings.Contains(d.err.String(), `line 2: there is no argument "idd"`) {
		t.Errorf("exit %d, asked %d, said %s", exit, d.asked, &d.err)
	}
	d.env.Args = []string{"run", "desk", "order", "--skip", "3"}
	d.err.Reset()
	if exit := cli.Main(t.Context(), d.env); exit != fault.Invalid.Exit() || !strings.Contains(d.err.String(), "name one with --all FILE") {
		t.Errorf("exit %d, said %s", exit, &d.err)
	}
}

// TestBatchFailures: the exit code is that of the first line that failed, whenever it did.
func TestBatchFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(ids(6))
		d.run = func(task api.Task) (time.Duration, api.Result, *fault.Error) {
			switch text(task) {
			case "2":
				return time.Minute, api.Result{}, fault.New(fault.Reconnect, "a person must connect")
			case "4":
				return 0, api.Result{Status: 404, Data: json.RawMessage(`{"no": "order"}`)}, nil
			}
			return time.Second, api.Result{Status: 200}, nil
		}
		exit := d.main(t.Context(), "--unordered")
		if exit != fault.Reconnect.Exit() || !strings.Contains(d.err.String(), "6 lines run, 2 failed, the first is line 2: a person must connect; none was begun after that") {
			t.Errorf("exit %d, said %s", exit, &d.err)
		}
		for _, r := range d.records(t) {
			switch {
			case r.Line == 2 && (r.Error == nil || r.Error.Kind != "reconnect" || string(r.Input) != `{"id":2}`),
				r.Line == 4 && (r.Status != 404 || string(r.Data) != `{"no":"order"}` || string(r.Input) != `{"id":4}`),
				r.OK != (r.Line != 2 && r.Line != 4):
				t.Errorf("line %d: %+v", r.Line, r)
			}
		}
	})
}

func TestBatchStops(t *testing.T) {
	for name, c := range map[string]struct {
		args    []string
		status  int
		header  map[string]string
		failure *fault.Error
		asked   int // at most
		exit    int
		want    string
	}{
		"when no line can be run":    {failure: fault.New(fault.Reconnect, "connect again"), asked: 12, exit: 7, want: "line 7: connect again; none was begun after that"},
		"at the first failure":       {args: []string{"--fail-fast"}, status: 404, asked: 12, exit: 8, want: "none was begun after that\n  hint: go on with --skip "},
		"when the API is busy":       {status: 429, asked: 12, exit: 8, want: "line 7: the API answered 429; it is busy for longer than --wait\n  hint: go on with --skip "},
		"and when it says so by 503": {status: 503, header: map[string]string{"retry-after": "3600"}, asked: 12, exit: 8, want: "line 7: the API answered 503; it is busy for longer than --wait"},
		"not for any 503":            {status: 503, asked: 100, exit: 8, want: "100 lines run, 1 failed"},
		"not if nobody waits":        {args: []string{"--wait", "0"}, status: 429, asked: 100, exit: 8, want: "100 lines run, 1 failed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDepot(ids(100))
				d.run = func(task api.Task) (time.Duration, api.Result, *fault.Error) {
					if text(task) == "7" {
						return time.Second, api.Result{Status: c.status, Headers: c.header}, c.failure
					}
					return time.Second, api.Result{Status: 200}, nil
				}
				exit := d.main(t.Context(), append(c.args, "--jobs", "2")...)
				if exit != c.exit || d.asked > c.asked || c.asked == 100 && d.asked != 100 || !strings.Contains(d.err.String(), c.want) {
					t.Fatalf("exit %d, asked %d, said %s", exit, d.asked, &d.err)
				}
				lines := numbers(d.records(t))
				if len(lines) != d.asked || !slices.IsSorted(lines) {
					t.Errorf("printed %v", lines)
				}
				if c.asked < 100 && !strings.Contains(d.err.String(), fmt.Sprintf("--skip %d\n", lines[len(lines)-1])) && !strings.Contains(d.err.String(), fmt.Sprintf("--skip %d,", lines[len(lines)-1])) {
					t.Errorf("printed %v, said %s", lines, &d.err)
				}
			})
		})
	}
}

// TestBatchInterrupted: the lines under way end, each line that was begun has its result, and --skip goes on with the next.
func TestBatchInterrupted(t *testing.T) {
	for name, takes := range map[string]time.Duration{"they end": 3 * time.Second, "they do not": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDepot("")
				read, write := io.Pipe() // a person who goes on typing
				defer write.Close()
				go io.WriteString(write, ids(50))
				d.env.Stdin = read
				d.run = func(task api.Task) (time.Duration, api.Result, *fault.Error) {
					if id := text(task); id == "21" || id == "22" {
						return takes, api.Result{Status: 200}, nil
					}
					return time.Second, api.Result{Status: 200}, nil
				}
				ctx, interrupt := context.WithCancel(t.Context())
				time.AfterFunc(5500*time.Millisecond, interrupt)
				began := time.Now()
				exit := d.main(ctx, "--jobs", "4")
				took := time.Since(began)
				lines := numbers(d.records(t))
				want := fmt.Sprintf("go on with --skip %d\ncarnet: interrupted\n", len(lines))
				if exit != 130 || len(lines) != d.asked || len(lines) != 24 || !slices.IsSorted(lines) || !strings.HasSuffix(d.err.String(), want) {
					t.Fatalf("exit %d, printed %v, asked %d, said %s", exit, lines, d.asked, &d.err)
				}
				switch takes {
				case time.Hour:
					cut := d.records(t)[20]
					if took != 15500*time.Millisecond || d.cancelled != 2 || cut.OK || cut.Error == nil || !strings.Contains(cut.Error.Message, "nobody knows what became of it") {
						t.Errorf("took %s, %d cut off: %+v", took, d.cancelled, cut)
					}
				default:
					if took != 8*time.Second || d.cancelled != 0 {
						t.Errorf("took %s, %d cut off", took, d.cancelled)
					}
				}
			})
		})
	}
}

func TestBatchSkips(t *testing.T) {
	d := newDepot("\xef\xbb\xbf" + ids(3) + "\n" + ids(2))
	if exit := d.main(t.Context(), "--skip", "2"); exit != 0 || !slices.Equal(numbers(d.records(t)), []int{3, 5, 6}) {
		t.Errorf("exit %d, printed %s%s", exit, &d.out, &d.err)
	}
	d = newDepot(ids(3))
	if exit := d.main(t.Context(), "--skip", "3"); exit != 0 || d.out.Len() > 0 || d.err.String() != "carnet: 0 lines run\n" {
		t.Errorf("exit %d, printed %s%s", exit, &d.out, &d.err)
	}
	d = newDepot("\xef\xbb\xbf{\"id\": 1}\n" + `{"id": "` + strings.Repeat("x", 9<<20) + "\"}\n{\"id\": 3}")
	if exit := d.main(t.Context()); exit != fault.Invalid.Exit() || d.asked != 2 || !strings.Contains(d.out.String(), `"line":2,"ok":false,"error":{"kind":"invalid","message":"column 1: it is longer than 8 MiB"`) {
		t.Errorf("exit %d, asked %d, said %s", exit, d.asked, &d.err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestBatchThatCantBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(ids(100))
		d.env.Stdout = full{}
		if exit := d.main(t.Context()); exit != fault.Unavailable.Exit() || d.asked > 24 || !strings.Contains(d.err.String(), "no space left") {
			t.Errorf("exit %d, asked %d, said %s", exit, d.asked, &d.err)
		}
	})
}

// TestBatchShowsHowFarItIs looks at what a terminal is shown.
func TestBatchShowsHowFarItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDepot(ids(20))
		d.env.Live = true
		d.run = func(task api.Task) (time.Duration, api.Result, *fault.Error) {
			if text(task) == "3" {
				return time.Second, api.Result{Status: 500}, nil
			}
			return time.Second, api.Result{Status: 200}, nil
		}
		d.main(t.Context(), "--jobs", "1")
		shown := d.err.String()
		for _, want := range []string{"\r\x1b[K1 line, 0.8 a second", "10 lines, 1 failed, 1.0 a second"} {
			if !strings.Contains(shown, want) {
				t.Errorf("%q is not in %q", want, shown)
			}
		}
		if !strings.Contains(shown, "\r\x1b[Kcarnet: 20 lines run, 1 failed") {
			t.Errorf("the end is %q", shown[max(0, len(shown)-200):])
		}
	})
}
