package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/internal/shell"
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
	line := "carnet run " + shell.Quote(integration) + " " + shell.Quote(op.ID)
	for _, q := range op.Parameters {
		if q.Required {
			line += " -p " + shell.Quote(q.Name+"=...")
		}
	}
	if op.Body != nil && op.Body.Required {
		line += " -d @body.json"
	}
	return line
}
