package cli

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
)

func (p *program) operation() *cobra.Command {
	group := &cobra.Command{Use: "operation", Short: "Operations of an integration", Aliases: []string{"operations", "op"}, Args: cobra.NoArgs, RunE: help}
	group.AddCommand(p.operationList(), p.operationShow())
	return group
}

func (p *program) operationList() *cobra.Command {
	var search string
	var limit int
	var ofModel bool
	cmd := &cobra.Command{
		Use: "list NAME", Short: "List the operations of an integration, or with --model of a model", Args: cobra.ExactArgs(1), Aliases: []string{"ls"}, ValidArgsFunction: p.completeIntegrations,
		Example: "  carnet operation list zoom --search \"user create\"\n  carnet operation list 'Zoom API:2' --model",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				of := c.Operations
				if ofModel {
					of = c.ModelOperations
				}
				list, err := of(ctx, args[0], search, api.Query{Limit: limit})
				if err != nil {
					return err
				}
				return p.show(list, func(w io.Writer) {
					row(w, "OPERATION", "METHOD", "PATH", "SUMMARY")
					for _, op := range list.Operations {
						row(w, op.ID, op.Method, op.Path, short(op.Summary, 60))
					}
				})
			})
		},
	}
	cmd.Flags().StringVar(&search, "search", "", "only those in which every `word` occurs: id, method, path, summary, tags")
	cmd.Flags().IntVar(&limit, "limit", 0, "at most so many")
	cmd.Flags().BoolVar(&ofModel, "model", false, "NAME is a model's versionId")
	return cmd
}

func (p *program) operationShow() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME OPERATION", Short: "Show what an operation takes", Args: cobra.ExactArgs(2), ValidArgsFunction: p.completeOperations,
		Example: `  carnet operation show zoom users`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				op, err := c.Operation(ctx, args[0], args[1])
				if err != nil {
					return err
				}
				return p.show(op, func(w io.Writer) { printOperation(w, args[0], op) })
			})
		},
	}
}

func printOperation(w io.Writer, integration string, op api.Operation) {
	fmt.Fprintf(w, "%s %s\n", op.Method, op.Path)
	if op.Summary != "" {
		fmt.Fprintln(w, op.Summary)
	}
	if op.Deprecated {
		fmt.Fprintln(w, "It is deprecated.")
	}
	if text := strings.TrimSpace(op.Description); text != "" && text != op.Summary {
		fmt.Fprintf(w, "\n%s\n", text)
	}
	if len(op.Parameters) > 0 {
		fmt.Fprintln(w)
		row(w, "PARAMETER", "IN", "TYPE", "REQUIRED", "WHAT")
		for _, q := range op.Parameters {
			what := short(q.Description, 70)
			if len(q.Default) > 0 && len(q.Default) < 40 {
				what = strings.TrimSpace("(default " + string(q.Default) + ") " + what)
			}
			row(w, q.Name, q.In, q.Type, yes(q.Required), what)
		}
	}
	if op.Body != nil {
		printBody(w, op)
	}
	if text := alternatives(op.Security); text != "" {
		fmt.Fprintf(w, "\nSecurity: %s\n", text)
	}
	if len(op.Responses) > 0 {
		fmt.Fprintln(w)
		row(w, "ANSWER", "WHAT")
		for _, r := range op.Responses {
			row(w, r.Status, short(r.Description, 70))
		}
	}
	fmt.Fprintf(w, "\nTry: %s\n", sample(integration, op))
}

func printBody(w io.Writer, op api.Operation) {
	var types []string
	for _, m := range op.Body.Content {
		types = append(types, m.Type)
	}
	fmt.Fprintf(w, "\nBody: %s", strings.Join(types, ", "))
	if op.Body.Required {
		fmt.Fprint(w, " (required)")
	}
	fmt.Fprintln(w)
	if len(op.Body.Content) > 0 {
		o := outline{schemas: op.Schemas}
		for line := range strings.Lines(o.text(op.Body.Content[0].Schema)) {
			fmt.Fprint(w, "  "+line)
		}
	}
}

// alternatives are an operation's security requirements in words: one of these, each of which may need several schemes.
func alternatives(security []map[string][]string) string {
	var all []string
	for _, together := range security {
		if len(together) == 0 {
			all = append(all, "none")
			continue
		}
		var names []string
		for _, name := range sortedNames(together) {
			if scope := together[name]; len(scope) > 0 {
				name += " (" + strings.Join(scope, ", ") + ")"
			}
			names = append(names, name)
		}
		all = append(all, strings.Join(names, " and "))
	}
	return strings.Join(all, ", or ")
}

// sample is a command that runs the operation, with its required arguments.
func sample(integration string, op api.Operation) string {
	line := "carnet run " + shell(integration) + " " + shell(op.ID)
	for _, q := range op.Parameters {
		if q.Required {
			line += " -p " + shell(q.Name+"=...")
		}
	}
	if op.Body != nil && op.Body.Required {
		line += " -d @body.json"
	}
	return line
}

func (p *program) run() *cobra.Command {
	var t task
	cmd := &cobra.Command{
		Use: "run NAME OPERATION", Short: "Run an operation", Args: cobra.ExactArgs(2), ValidArgsFunction: p.completeOperations,
		Long: `Run an operation and print the data of its answer.

An argument is -p name=text, name:=json, name=@file (a text that begins with @: name=@@text); one that is given several times is
a list. The body is -d text, -d @file or -d @- for standard input.

Formats: data (the answer's data, indented; the default), json and raw (the same, not indented), yaml, full (status, headers and data as JSON).
If the API answers with an error its data is printed all the same, and the exit code is 8.`,
		Example: `  carnet run zoom users -p page_size=10
  carnet run shop createOrder -d '{"item": "book"}'
  carnet run shop createOrder -d @order.json --dry-run
  carnet run shop getInvoice -p id=7 -o raw -f invoice.pdf`,
		RunE: func(cmd *cobra.Command, args []string) error { return p.runOperation(cmd, args[0], args[1], t) },
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&t.parameters, "param", "p", nil, "an argument, `name=value`")
	flags.StringVarP(&t.data, "body", "d", "", "the `body`")
	flags.StringVar(&t.contentType, "content-type", "", "the body's media `type`; the document's by default")
	flags.BoolVar(&t.dryRun, "dry-run", false, "show the request, its secrets masked, and do not send it")
	flags.StringVarP(&t.file, "file", "f", "", "write the data to this `file` instead")
	return cmd
}

// A task is what the flags of run say.
type task struct {
	parameters              []string
	data, contentType, file string
	dryRun                  bool
}

func (p *program) runOperation(cmd *cobra.Command, integration, operation string, t task) error {
	request := api.Task{BodyContentType: t.contentType, DryRun: t.dryRun}
	var err error
	if request.Parameters, err = p.parameters(t.parameters); err != nil {
		return err
	}
	if err := p.body(&request, t.data); err != nil {
		return err
	}
	return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
		result, err := c.RunOperation(ctx, integration, operation, request)
		if err != nil {
			return err
		}
		if t.dryRun {
			return p.printRequest(result)
		}
		data, err := p.rendered(result)
		if err != nil {
			return err
		}
		if t.file != "" {
			err = save(t.file, data)
		} else {
			_, err = p.Stdout.Write(data)
		}
		if err == nil && result.Status >= 400 {
			err = fault.New(fault.Upstream, "the API answered %d %s", result.Status, result.StatusText)
		}
		return err
	})
}

// body reads the body: JSON as it is, which the server writes as the media type wants it, and anything else as the bytes that it
// is, which is also how JSON goes out as a type that is neither JSON nor a form.
func (p *program) body(r *api.Task, text string) error {
	if text == "" {
		return nil
	}
	data := []byte(text)
	if strings.HasPrefix(text, "@@") {
		data = data[1:]
	} else if source, file := strings.CutPrefix(text, "@"); file {
		var err error
		if data, err = p.read(source); err != nil {
			return err
		}
	}
	kind := strings.ToLower(r.BodyContentType)
	written := kind == "" || strings.Contains(kind, "json") || strings.Contains(kind, "form") // the names of those types have it
	if written && json.Valid(data) {
		r.RequestBodyPayload = data
		return nil
	}
	r.RequestBodyBase64 = data
	return nil
}

func (p *program) printRequest(result api.Result) error {
	switch p.options.Output {
	case "full":
		p.options.Output = "json"
		return p.show(result, nil)
	case "data", "raw":
		p.options.Output = ""
	}
	return p.show(result.Request, func(w io.Writer) {
		fmt.Fprintf(w, "%s %s\n", result.Request.Method, result.Request.URL)
		for _, name := range sortedNames(result.Request.Headers) {
			for _, value := range result.Request.Headers[name] {
				fmt.Fprintf(w, "%s: %s\n", name, value)
			}
		}
		if result.Request.Body != "" {
			fmt.Fprintf(w, "\n%s\n", result.Request.Body)
		}
	})
}

// rendered is an answer in the format that was asked for.
func (p *program) rendered(r api.Result) ([]byte, error) {
	switch p.options.Output {
	case "full":
		data, err := json.Marshal(r)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err, "the answer can't be written as JSON")
		}
		return formatted(data, "json")
	case "", "data", "table", "json", "raw", "yaml":
	default:
		return nil, fault.New(fault.Invalid, "there is no output format %q", p.options.Output).WithHint("use data, json, yaml, raw or full")
	}
	if len(r.Data) == 0 {
		return nil, nil
	}
	var text string
	isText := json.Unmarshal(r.Data, &text) == nil && !strings.Contains(r.Headers["content-type"], "json")
	switch {
	case r.Encoding == "base64":
		if p.Terminal && p.options.Output != "raw" {
			return nil, fault.New(fault.Invalid, "the answer is no text (%s)", r.Headers["content-type"]).WithHint("write it to a file: -f FILE")
		}
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fault.Wrap(fault.Upstream, err, "the answer is damaged")
		}
		return data, nil
	case isText && p.options.Output != "json" && p.options.Output != "yaml":
		return []byte(text), nil
	case p.options.Output == "raw" || p.options.Output == "json":
		return append([]byte(r.Data), '\n'), nil
	case p.options.Output == "yaml":
		return formatted(r.Data, "yaml")
	}
	return formatted(r.Data, "json")
}
