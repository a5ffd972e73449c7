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

func (p *program) model() *cobra.Command {
	group := &cobra.Command{Use: "model", Short: "Integration models: imported OpenAPI documents", Aliases: []string{"models"}, Args: cobra.NoArgs, RunE: help}
	group.AddCommand(p.modelImport(), p.modelUpdate(), p.modelValidate(), p.modelPreview(), p.modelList(), p.modelShow(), p.modelExport(), p.modelDelete())
	return group
}

// help is what a group of commands does by itself.
func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

const documentHelp = `
The document is OpenAPI 2.0, 3.0, 3.1 or 3.2, JSON or YAML: a file, a URL, or - for standard input. A URL is fetched by the server,
and relative URLs in the document resolve against it; --origin does the same for a file. Other files that the document refers to
become part of the model: those at URLs are fetched by the server, those beside the document are read here, below the working
directory or, if the document is not there, below its own.`

func (p *program) modelImport() *cobra.Command {
	var origin string
	var all bool
	cmd := &cobra.Command{
		Use: "import FILE|URL|-", Short: "Import an OpenAPI document", Args: cobra.ExactArgs(1),
		Long: "Import an OpenAPI document as a new model." + documentHelp,
		Example: `  carnet model import github.json
  carnet model import https://example.com/openapi.yaml
  curl -s https://example.com/openapi.json | carnet model import - --origin https://example.com/openapi.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withDocument(cmd, args[0], origin, func(ctx context.Context, c *client.Client, d *document) error {
				m, err := c.ImportModel(ctx, d.request)
				if err != nil {
					return err
				}
				return p.show(m, func(w io.Writer) { imported(w, m, all) })
			})
		},
	}
	cmd.Flags().StringVar(&origin, "origin", "", "the `URL` that the document came from")
	cmd.Flags().BoolVar(&all, "warnings", false, "print all warnings")
	return cmd
}

func (p *program) modelPreview() *cobra.Command {
	var origin string
	cmd := &cobra.Command{
		Use: "preview FILE|URL|-", Short: "Show the model that a document would be", Args: cobra.ExactArgs(1),
		Long:    "Show the model that a document would be, without importing it." + documentHelp,
		Example: `  carnet model preview github.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withDocument(cmd, args[0], origin, func(ctx context.Context, c *client.Client, d *document) error {
				preview, err := c.PreviewModel(ctx, d.request)
				if err != nil {
					return err
				}
				return p.show(preview, func(w io.Writer) { printPreview(w, preview) })
			})
		},
	}
	cmd.Flags().StringVar(&origin, "origin", "", "the `URL` that the document came from")
	return cmd
}

func printPreview(w io.Writer, preview api.Preview) {
	printModel(w, preview.Model, false)
	if preview.Exists {
		fmt.Fprintln(w, "\nThere is a model of this title and version: carnet model update --dry-run says what would change.")
	}
}

func printModel(w io.Writer, m api.Model, allWarnings bool) {
	row(w, "Model:", m.VersionID)
	row(w, "Operations:", m.Operations)
	for i, s := range m.Servers {
		row(w, map[bool]string{true: "Server:"}[i == 0], s)
	}
	for i, s := range m.Schemes {
		row(w, map[bool]string{true: "Security:"}[i == 0], describe(s))
	}
	printWarnings(w, m.Warnings, allWarnings)
}

// imported says what a document brought, and what to do next.
func imported(w io.Writer, m api.Model, allWarnings bool) {
	printModel(w, m, allWarnings)
	fmt.Fprintf(w, "\nNext: carnet integration create NAME --model %s\n", shell.Quote(m.VersionID))
}

// describe is a security scheme in a line.
func describe(s api.Scheme) string {
	text := s.Name + " (" + strings.TrimSpace(s.Type+" "+s.Detail) + ")"
	if len(s.Fields) > 0 {
		text += ": " + strings.Join(s.Fields, ", ")
	}
	return text
}

func printWarnings(w io.Writer, warnings []fault.Problem, all bool) {
	for i, p := range warnings {
		if i == 10 && !all {
			row(w, "", fmt.Sprintf("and %d more: --warnings shows all", len(warnings)-i))
			return
		}
		row(w, map[bool]string{true: "Warnings:"}[i == 0], placed(p))
	}
}

// placed is a problem with its place.
func placed(p fault.Problem) string {
	text := strings.TrimSpace(p.Pointer + " " + p.Message)
	if p.Line > 0 {
		text = fmt.Sprintf("%d:%d: %s", p.Line, p.Column, text)
		if p.File != "" {
			text = p.File + ":" + text
		}
	}
	return text
}

// count is a number of things in words.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (p *program) modelList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the models", Args: cobra.NoArgs, Aliases: []string{"ls"},
		Example: "  carnet model list -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				list, err := c.Models(ctx, api.Query{})
				if err != nil {
					return err
				}
				return p.show(list, func(w io.Writer) {
					row(w, "MODEL", "OPERATIONS", "SPECIFICATION", "IMPORTED")
					for _, m := range list.IntegrationModels {
						row(w, m.VersionID, m.Operations, m.Specification, moment(&m.Imported))
					}
				})
			})
		},
	}
}

func (p *program) modelShow() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "show MODEL", Short: "Show a model", Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeModels,
		Example: `  carnet model show "Zoom API:2.0.0"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				m, err := c.Model(ctx, args[0])
				if err != nil {
					return err
				}
				return p.show(m, func(w io.Writer) {
					imported(w, m, all)
				})
			})
		},
	}
	cmd.Flags().BoolVar(&all, "warnings", false, "print all warnings")
	return cmd
}

func (p *program) modelExport() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "export MODEL", Short: "Print the OpenAPI document of a model", Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeModels,
		Long:    "Print the OpenAPI document of a model, as JSON, as it was imported.",
		Example: `  carnet model export "Zoom API:2.0.0" -f zoom.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				data, err := c.ExportModel(ctx, args[0])
				if err != nil {
					return err
				}
				if file != "" {
					return save(file, data)
				}
				_, err = p.Stdout.Write(data)
				return err
			})
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "write to this `file` instead")
	return cmd
}

func (p *program) modelDelete() *cobra.Command {
	var sure bool
	cmd := &cobra.Command{
		Use: "delete MODEL", Short: "Delete a model that no integration uses", Args: cobra.ExactArgs(1), Aliases: []string{"rm"}, ValidArgsFunction: p.completeModels,
		Example: "  carnet model delete \"Zoom API:2.0.0\" --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.confirm(cmd.Context(), "deleting "+args[0], sure); err != nil {
				return err
			}
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error { return c.DeleteModel(ctx, args[0]) })
		},
	}
	cmd.Flags().BoolVar(&sure, "yes", false, "do not ask")
	return cmd
}
