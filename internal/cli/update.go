package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/shell"
)

func (p *program) modelUpdate() *cobra.Command {
	var origin string
	var all bool
	var o api.UpdateOptions
	cmd := &cobra.Command{
		Use: "update FILE|URL|-", Short: "Replace the document of a model, and keep its integrations", Args: cobra.ExactArgs(1),
		Long: `Replace the document of the model with the same title and version, and say what changes: operations, security schemes, servers.
A newer version of a document replaces the older one with --model, and the integrations go over to it.

Integrations stay, with their credentials and tokens. A document by which stored credentials could not be used any more (their
scheme has gone or is of another type, or the flow in use has gone) is refused, unless --force is given.` + "\n" + documentHelp,
		Example: `  carnet model update github.json --dry-run
  carnet model update github-2.0.json --model "GitHub:1.9"
  carnet model update github.json --dry-run -o json | jq '.changes.removed'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withDocument(cmd, args[0], origin, func(ctx context.Context, c *client.Client, d *document) error {
				updated, err := c.UpdateModel(ctx, d.request, o)
				if err != nil {
					return err
				}
				if err := p.show(updated, func(w io.Writer) { printUpdate(w, updated, all) }); err != nil {
					return err
				}
				if o.DryRun && !o.Force && updated.Changes.Breaks() {
					return fault.New(fault.Conflict, "the update would be refused").WithHint("--force makes it all the same")
				}
				return nil
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Model, "model", "", "the `model` to replace, if the document has another title or version")
	flags.BoolVar(&o.DryRun, "dry-run", false, "say what would change, and store nothing")
	flags.BoolVar(&o.Force, "force", false, "also if stored credentials could not be used any more")
	flags.StringVar(&origin, "origin", "", "the `URL` that the document came from")
	flags.BoolVar(&all, "all", false, "print all operations and all warnings")
	cmd.RegisterFlagCompletionFunc("model", p.completeModels)
	return cmd
}

// printUpdate says what a document changes in a model.
func printUpdate(w io.Writer, u api.ModelUpdate, all bool) {
	c := u.Changes
	row(w, "Model:", u.Data.VersionID)
	if c.From != u.Data.VersionID {
		row(w, "Replaces:", c.From)
	}
	row(w, "Operations:", fmt.Sprintf("%d added, %d removed, %d changed, %d the same", len(c.Added), len(c.Removed), len(c.Changed), c.Same))
	for i, line := range append(signed("+", c.Servers.Added), signed("-", c.Servers.Removed)...) {
		row(w, first("Servers:", i), line)
	}
	for i, s := range c.Schemes {
		row(w, first("Security:", i), sign(s.How)+" "+s.Name+" "+strings.Join(s.Details, "; "))
	}
	for i, one := range c.Integrations {
		row(w, first("Integrations:", i), consequence(one))
	}
	printWarnings(w, u.Data.Warnings, all)
	if len(c.Added)+len(c.Removed)+len(c.Changed) == 0 {
		return
	}
	fmt.Fprintln(w)
	row(w, "OPERATION", "IS", "WHAT")
	printOperations(w, "added", len(c.Added), all, func(i int) (string, string) { return c.Added[i].ID, c.Added[i].Method + " " + c.Added[i].Path })
	printOperations(w, "removed", len(c.Removed), all, func(i int) (string, string) { return c.Removed[i].ID, c.Removed[i].Method + " " + c.Removed[i].Path })
	printOperations(w, "changed", len(c.Changed), all, func(i int) (string, string) { return c.Changed[i].ID, strings.Join(c.Changed[i].Details, "; ") })
}

const mostLines = 20 // for each way to change, unless all are wanted

func printOperations(w io.Writer, how string, count int, all bool, line func(int) (id, what string)) {
	for i := range count {
		if i == mostLines && !all {
			row(w, "and "+fmt.Sprint(count-i)+" more", how, "--all shows all")
			return
		}
		id, what := line(i)
		row(w, id, how, what)
	}
}

// first is a title on the first line of a group.
func first(title string, i int) string {
	if i == 0 {
		return title
	}
	return ""
}

func sign(how string) string {
	return map[string]string{"added": "+", "removed": "-", "changed": "~"}[how]
}

func signed(sign string, texts []string) (lines []string) {
	for _, text := range texts {
		lines = append(lines, sign+" "+text)
	}
	return lines
}

// consequence is what an update means for an integration, in words.
func consequence(i api.IntegrationChange) string {
	texts := append([]string(nil), i.Breaks...)
	if i.Server != "" {
		texts = append(texts, "calls "+i.Server+" from now on")
	}
	if i.Stays != "" {
		texts = append(texts, "goes on calling "+i.Stays+": carnet integration set "+shell.Quote(i.Name)+" server.host=... changes that")
	}
	for _, kept := range i.Keeps {
		texts = append(texts, kept+" (carnet integration set "+shell.Quote(i.Name)+" FIELD=URL changes that)")
	}
	if len(texts) == 0 {
		return i.Name + " stays as it is"
	}
	return i.Name + ": " + strings.Join(texts, "; ")
}
