package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
)

const batchHelp = `
--all FILE runs the operation once for each line of a file, or of standard input (-). A line is a JSON object of arguments: a member is
as -p has it, a text meaning what the schema makes of it; "body" is the body, and "body.PATH" a field of it, as -f has it:

  {"id": 7, "limit": "10"}
  {"query.id": 7, "body": {"item": "book", "quantity": 2}}
  {"body.item": "pen", "body.address.city": "Durban"}

What -p, -d and -f say counts for every line that does not say it itself. No line names a file to read. Each line of the output is what
became of a line of the input, in the same order, as JSON: line, ok, status and data, or error; and the input of one that failed. Up to
--jobs lines run at once. An API that is busy is waited for, for --wait, 5 minutes by default. The exit code is that of the first line
that failed. Ctrl-C lets the lines under way end, and says how to go on with the others.`

const batchExample = `
  carnet run shop createOrder --all orders.jsonl -f currency=ZAR > results.jsonl
  carnet run shop createOrder --all orders.jsonl --skip 1200 >> results.jsonl
  jq -c 'select(.ok | not).input' results.jsonl | carnet run shop createOrder --all -`

// A batch is what the flags of run say about a list of inputs.
type batch struct {
	file      string // --all; empty: there is none
	jobs      int
	skip      int
	unordered bool
	failFast  bool
}

func (b *batch) flags(flags *pflag.FlagSet) {
	flags.StringVar(&b.file, "all", "", "run once for each line of this `file` (JSON Lines); - is standard input")
	flags.IntVar(&b.jobs, "jobs", 4, "with --all: so many lines at once")
	flags.IntVar(&b.skip, "skip", 0, "with --all: leave out so many lines at the beginning")
	flags.BoolVar(&b.unordered, "unordered", false, "with --all: print each line's result as soon as it is there")
	flags.BoolVar(&b.failFast, "fail-fast", false, "with --all: begin no line after one that failed")
}

// batchWait is how long a line waits for an API that is busy, if nobody says: a list is what makes an API busy.
const batchWait = 5 * time.Minute

// mostJobs is what one Carnet sends to a host at once, and more.
const mostJobs = 500

// check refuses flags that make no sense together.
func (b *batch) check(cmd *cobra.Command, t task) error {
	if b.file == "" {
		for _, name := range []string{"jobs", "skip", "unordered", "fail-fast"} {
			if cmd.Flags().Changed(name) {
				return fault.New(fault.Invalid, "--%s says how a list is run, and there is none", name).WithHint("name one with --all FILE")
			}
		}
		return nil
	}
	switch {
	case b.jobs < 1 || b.jobs > mostJobs:
		return fault.New(fault.Invalid, "--jobs is a number from 1 to %d", mostJobs)
	case b.skip < 0:
		return fault.New(fault.Invalid, "--skip is a number of lines")
	case t.file != "":
		return fault.New(fault.Invalid, "-O takes one answer, and --all has many").WithHint("send the results to a file: > FILE")
	case len(t.fields) > 0:
		return fault.New(fault.Invalid, "-F can send files, which --all does not").WithHint("say what every line has with -f")
	case b.file == "-" && (t.data == "@-" || slices.ContainsFunc(slices.Concat(t.parameters, t.typed), func(arg string) bool { return strings.HasSuffix(arg, "=@-") })):
		return fault.New(fault.Invalid, "standard input can't be both the list and an argument").WithHint("give one of them as a file")
	}
	return nil
}

// runAll runs an operation for each line of a list.
func (p *program) runAll(cmd *cobra.Command, integration, operation string, b batch, each api.Task) error {
	switch p.options.Output {
	case "", "data", "json", "full":
	default:
		return fault.New(fault.Invalid, "the results of --all are lines of JSON, and not %s", p.options.Output).WithHint("leave -o out, or say -o full for headers and URLs too")
	}
	if len(each.Files) > 0 {
		return fault.New(fault.Invalid, "the body of -d is too large to be sent with every line").WithHint("have at most %d MiB", keptInMemory>>20)
	}
	if !cmd.Flags().Changed("wait") {
		each.Wait = batchWait.Seconds()
	}
	source, err := p.open(b.file)
	if err != nil {
		return err
	}
	defer source.Close()
	total := 0
	if p.Live && source.size > 0 {
		if total, err = countLines(source.File, b.skip); err != nil {
			return unreadable(b.file, err)
		}
	}
	return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
		op, err := c.Operation(ctx, integration, operation)
		if err != nil {
			return err
		}
		form := newForm(integration, op, each)
		if err := form.check(); err != nil {
			return err
		}
		r := &batchRun{program: p, batch: b, list: newList(b.file, source, b.skip), form: form, bar: newBar(p.Stderr, p.Live, total)}
		r.call = func(ctx context.Context, t api.Task) (api.Result, error) {
			return c.RunOperation(ctx, integration, operation, t)
		}
		return r.do(ctx)
	})
}

// A record is what became of a line, as it is printed.
type record struct {
	Line       int               `json:"line"`
	OK         bool              `json:"ok"`
	URL        string            `json:"url,omitempty"`
	Status     int               `json:"status,omitempty"`
	StatusText string            `json:"statusText,omitempty"`
	Headers    map[string]string `json:"headers,omitempty"`
	Data       json.RawMessage   `json:"data,omitempty"`
	Encoding   string            `json:"encoding,omitempty"` // base64, if data is a text that holds other bytes
	Request    *api.Request      `json:"request,omitempty"`  // of a dry run
	Warnings   []fault.Problem   `json:"warnings,omitempty"`
	Error      *api.Failure      `json:"error,omitempty"`
	Input      json.RawMessage   `json:"input,omitempty"` // of a line that failed, as it came

	kind    fault.Kind // of the failure
	refused bool       // the API is busy for longer than it may be waited for
}

// record is what became of a line, which may have been cut off.
func (r *batchRun) record(l listLine, result api.Result, err error, cut bool) (out record) {
	out = record{Line: l.number, OK: err == nil && result.Status < 400}
	switch {
	case err != nil && cut:
		out.Error = &api.Failure{Kind: fault.Unavailable.String(), Message: "interrupted: nobody knows what became of it"}
		out.kind = fault.Unavailable
	case err != nil:
		out.kind = fault.KindOf(err)
		out.Error = &api.Failure{Kind: out.kind.String(), Message: err.Error(), Hint: fault.HintOf(err), Problems: fault.ProblemsOf(err)}
	default:
		out.Status, out.Data, out.Encoding, out.Request, out.Warnings = result.Status, result.Data, result.Encoding, result.Request, result.Warnings
		if r.options.Output == "full" {
			out.URL, out.StatusText, out.Headers = result.URL, result.StatusText, result.Headers
		}
		out.kind = fault.Upstream
		out.refused = r.form.each.Wait > 0 && (result.Status == 429 || result.Status == 503 && result.Headers["retry-after"] != "")
	}
	if !out.OK && json.Valid(l.text) {
		out.Input = l.text
	}
	return out
}

// text is the record as a line.
func (r record) text() ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return nil, fault.Wrap(fault.Internal, err, "the result of line %d can't be written as JSON", r.Line)
	}
	return out.Bytes(), nil
}

// lines is a number of lines in words.
func lines(n int) string { return count(n, "line") }
