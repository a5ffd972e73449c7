package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/openapi"
)

func (p *program) modelValidate() *cobra.Command {
	var failOn string
	cmd := &cobra.Command{
		Use: "validate FILE|URL|-", Short: "Say what is wrong with a document, and where", Args: cobra.ExactArgs(1),
		Long: `Say what is wrong with a document, and where, without importing it. An error leaves nothing to use; a warning says what was mended
or left out; a note does no harm. A document with no error is a success, unless --fail-on says otherwise.

Text is a line for each: file:line:column: severity: message [rule]. SARIF is what code hosts and editors show.
` + documentHelp,
		Example: `  carnet model validate openapi.yaml
  carnet model validate openapi.yaml --fail-on warning
  carnet model validate openapi.yaml -o sarif > carnet.sarif`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withDocument(cmd, args[0], "", func(ctx context.Context, c *client.Client, d *document) error {
				if !slices.Contains(fault.Severities(), fault.Severity(failOn)) {
					return fault.New(fault.Invalid, "there is no severity %q", failOn).WithHint("use error, warning or note")
				}
				problems, err := c.ValidateModel(ctx, d.request)
				if fault.Is(err, fault.Invalid) && len(fault.ProblemsOf(err)) > 0 {
					problems, err = fault.ProblemsOf(err), nil
				}
				if err != nil {
					return err
				}
				v := newVerdict(d, problems)
				if err := p.printVerdict(v); err != nil {
					return err
				}
				err = v.failure(fault.Severity(failOn))
				if err == nil && slices.Contains([]string{"", "text", "table"}, p.options.Output) {
					fmt.Fprintln(printable{p.Stderr}, v.summary())
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&failOn, "fail-on", string(fault.Severe), "the least `severity` that is a failure: error, warning or note")
	cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions([]string{"error", "warning", "note"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// A verdict is what was found in a document.
type verdict struct {
	File     string          `json:"file"`
	Usable   bool            `json:"usable"`
	Errors   int             `json:"errors"`
	Warnings int             `json:"warnings"`
	Notes    int             `json:"notes"`
	Problems []fault.Problem `json:"problems"`
}

func newVerdict(d *document, problems []fault.Problem) *verdict {
	v := &verdict{File: d.file(""), Problems: []fault.Problem{}}
	for _, p := range problems {
		p.File = d.file(p.File)
		switch p.Severity {
		case fault.Note:
			v.Notes++
		case fault.Warning:
			v.Warnings++
		default:
			p.Severity = fault.Severe
			v.Errors++
		}
		v.Problems = append(v.Problems, p)
	}
	v.Usable = v.Errors == 0
	return v
}

// printVerdict writes a verdict in the form that was asked for.
func (p *program) printVerdict(v *verdict) error {
	switch p.options.Output {
	case "", "text", "table":
		out := printable{p.Stdout}
		for _, one := range v.Problems {
			if _, err := fmt.Fprintln(out, line(one)); err != nil {
				return err
			}
		}
		return nil
	case "sarif":
		e := json.NewEncoder(p.Stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(sarif(v, openapi.Rules(), p.Version))
	case "json", "yaml":
		return p.show(v, func(io.Writer) {})
	}
	return fault.New(fault.Invalid, "there is no output format %q", p.options.Output).WithHint("use text, json, yaml or sarif")
}

// line is a problem as compilers print it.
func line(p fault.Problem) string {
	var text strings.Builder
	text.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&text, ":%d:%d", p.Line, p.Column)
	}
	fmt.Fprintf(&text, ": %s: ", p.Severity)
	if p.Pointer != "" {
		text.WriteString(p.Pointer + ": ")
	}
	text.WriteString(strings.Join(strings.Fields(p.Message), " "))
	if p.Rule != "" {
		fmt.Fprintf(&text, " [%s]", p.Rule)
	}
	return text.String()
}

func (v *verdict) summary() string {
	can := "can be used"
	if !v.Usable {
		can = "can't be used"
	}
	return fmt.Sprintf("%s %s: %s, %s, %s", v.File, can, count(v.Errors, "error"), count(v.Warnings, "warning"), count(v.Notes, "note"))
}

// failure is an error if there is something as bad as the severity.
func (v *verdict) failure(least fault.Severity) error {
	if slices.ContainsFunc(v.Problems, func(p fault.Problem) bool { return p.Severity.AtLeast(least) }) {
		return fault.New(fault.Invalid, "%s", v.summary())
	}
	return nil
}
