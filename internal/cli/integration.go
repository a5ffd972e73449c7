package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/shell"
)

func (p *program) integration() *cobra.Command {
	group := &cobra.Command{Use: "integration", Short: "Integrations: configured instances of a model", Aliases: []string{"integrations"}, Args: cobra.NoArgs, RunE: help}
	group.AddCommand(p.integrationCreate(), p.integrationSet(), p.integrationFields(), p.integrationConnect(), p.integrationShow(), p.integrationList(), p.integrationClone(), p.integrationValidate(), p.integrationTest(), p.integrationDelete())
	return group
}

const fieldHelp = `
A field is written as
  field=text      the text
  field=@file     what is in the file; @- is standard input, @@ begins a text with @
  field=?         asked for, without showing
  field:=json     JSON
  'field=${env:NAME}', 'field=${file:/path}'
                  a reference, read at every use where Carnet runs, if that was allowed there
and named as client_id where only one security scheme has it, else SCHEME.client_id; further server.host, server.port,
server.base_path, server.protocol, tls.rejectUnauthorized, tls.ca, tls.certificate, tls.key, variables.NAME, security, and
SCHEME.token.access_token for a token of your own. An empty text clears a field.
carnet integration fields NAME shows all that there are.`

func (p *program) integrationCreate() *cobra.Command {
	var model string
	cmd := &cobra.Command{
		Use: "create NAME --model MODEL [FIELD=VALUE]...", Short: "Create an integration", Args: cobra.MinimumNArgs(1),
		Long: "Create an integration of a model, with the settings that its document suggests and the fields given." + fieldHelp,
		Example: `  carnet integration create zoom --model "Zoom API:2.0.0"
  carnet integration create shop --model "Shop:1.0" client_id=me client_secret=@secret.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if model == "" {
				return fault.New(fault.Invalid, "--model is missing").WithHint("carnet model list shows the models")
			}
			fields, err := p.fields(args[1:])
			if err != nil {
				return err
			}
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				made, err := c.CreateIntegration(ctx, api.Integration{Name: args[0], Model: model})
				if err == nil && len(fields) > 0 {
					if made, err = c.SetIntegration(ctx, args[0], fields); err != nil {
						c.DeleteIntegration(context.WithoutCancel(ctx), args[0]) // as if it had not been tried
					}
				}
				if err != nil {
					return err
				}
				return p.show(made, func(w io.Writer) {
					fmt.Fprintf(w, "Integration %s of %s is created.\n", made.Name, made.Properties.Type)
					p.unfilled(w, ctx, c, made)
				})
			})
		},
	}
	cmd.Flags().StringVar(&model, "model", "", "the `versionId` of the model (carnet model list)")
	cmd.RegisterFlagCompletionFunc("model", p.completeModels)
	return cmd
}

// unfilled says which fields of which schemes are still empty, and the command that fills them in.
func (p *program) unfilled(w io.Writer, ctx context.Context, c *client.Client, i api.Integration) {
	m, err := c.Model(ctx, i.Model)
	var settings struct {
		Authentication map[string]json.RawMessage `json:"authentication"`
		Server         struct {
			Host string `json:"host"`
		} `json:"server"`
	}
	if err != nil || json.Unmarshal(i.Properties.Properties, &settings) != nil {
		return
	}
	if settings.Server.Host == "" {
		fmt.Fprintf(w, "The document does not say where the API is: carnet integration set %s server.host=...\n", shell.Quote(i.Name))
	}
	some := false
	for _, s := range m.Schemes {
		if s.Fields = empty(settings.Authentication[s.Name], s.Fields); len(s.Fields) > 0 {
			fmt.Fprintf(w, "  %s\n", describe(s))
			some = true
		}
	}
	for _, s := range m.Schemes {
		if s.Hint != "" {
			fmt.Fprintf(w, "%s: %s\n", s.Name, strings.ReplaceAll(s.Hint, " NAME ", " "+shell.Quote(i.Name)+" "))
		}
	}
	if some {
		fmt.Fprintf(w, "Fill in what your service gave you: carnet integration set %s FIELD=...\n", shell.Quote(i.Name))
	}
	fmt.Fprintf(w, "Then: carnet operation list %s\n", shell.Quote(i.Name))
}

// empty returns those of the fields that a scheme's settings have no value for.
func empty(scheme json.RawMessage, fields []string) (left []string) {
	var values map[string]json.RawMessage
	if json.Unmarshal(scheme, &values) != nil {
		return fields
	}
	for _, f := range fields {
		if v := string(values[f]); v == "" || v == `""` || v == "null" {
			left = append(left, f)
		}
	}
	return left
}

func (p *program) integrationSet() *cobra.Command {
	return &cobra.Command{
		Use: "set NAME FIELD=VALUE...", Short: "Fill in fields of an integration", Args: cobra.MinimumNArgs(2), ValidArgsFunction: p.completeFields,
		Long: "Fill in fields of an integration: all of them, or none if one is wrong." + fieldHelp,
		Example: `  carnet integration set zoom client_id=me client_secret=?
  carnet integration set lab server.host=10.0.0.7 tls.rejectUnauthorized=false
  pass show shop | carnet integration set shop password=@-`,
		RunE: func(cmd *cobra.Command, args []string) error {
			fields, err := p.fields(args[1:])
			if err != nil {
				return err
			}
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				i, err := c.SetIntegration(ctx, args[0], fields)
				if err != nil {
					return err
				}
				return p.show(i, func(w io.Writer) { fmt.Fprintf(w, "Integration %s: %s set.\n", args[0], count(len(fields), "field")) })
			})
		},
	}
}

func (p *program) integrationShow() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show an integration, its secrets masked", Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeIntegrations,
		Example: "  carnet integration show zoom\n  carnet integration show zoom -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				i, err := c.Integration(ctx, args[0])
				if err != nil {
					return err
				}
				return p.show(i, func(w io.Writer) {
					row(w, "Integration:", i.Data.Name)
					row(w, "Model:", i.Data.Properties.Type)
					for _, t := range i.Metadata.Tokens {
						row(w, "Token:", t.Scheme+" is "+t.State)
					}
					fmt.Fprintln(w)
					printTree(w, i.Data.Properties.Properties)
				})
			})
		},
	}
}

// printTree prints settings as an indented tree; what is empty is left out.
func printTree(w io.Writer, settings json.RawMessage) {
	var n yaml.Node
	if yaml.Unmarshal(settings, &n) != nil || len(n.Content) == 0 {
		return
	}
	prune(n.Content[0])
	block(&n)
	text, err := yaml.Marshal(&n)
	if err == nil {
		w.Write(text)
	}
}

// prune drops empty texts, and mappings in which nothing is left.
func prune(n *yaml.Node) (empty bool) {
	if n.Kind != yaml.MappingNode {
		return n.Kind == yaml.ScalarNode && n.Value == ""
	}
	var kept []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !prune(n.Content[i+1]) {
			kept = append(kept, n.Content[i], n.Content[i+1])
		}
	}
	n.Content = kept
	return len(kept) == 0
}

func (p *program) integrationList() *cobra.Command {
	var model string
	cmd := &cobra.Command{
		Use: "list", Short: "List the integrations", Args: cobra.NoArgs, Aliases: []string{"ls"},
		Example: "  carnet integration list --model \"Zoom API:2.0.0\"",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				list, err := c.Integrations(ctx, api.Query{Model: model})
				if err != nil {
					return err
				}
				return p.show(list, func(w io.Writer) {
					row(w, "NAME", "MODEL", "TOKENS")
					for _, i := range list.Results {
						var tokens []string
						for _, t := range i.Metadata.Tokens {
							tokens = append(tokens, t.Scheme+" "+t.State)
						}
						row(w, i.Data.Name, i.Data.Properties.Type, strings.Join(tokens, ", "))
					}
				})
			})
		},
	}
	cmd.Flags().StringVar(&model, "model", "", "only those of this `model`")
	return cmd
}

func (p *program) integrationDelete() *cobra.Command {
	var sure bool
	cmd := &cobra.Command{
		Use: "delete NAME", Short: "Delete an integration and its tokens", Args: cobra.ExactArgs(1), Aliases: []string{"rm"}, ValidArgsFunction: p.completeIntegrations,
		Example: "  carnet integration delete zoom --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.confirm(cmd.Context(), "deleting integration "+args[0]+" with its credentials", sure); err != nil {
				return err
			}
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error { return c.DeleteIntegration(ctx, args[0]) })
		},
	}
	cmd.Flags().BoolVar(&sure, "yes", false, "do not ask")
	return cmd
}

func (p *program) integrationClone() *cobra.Command {
	return &cobra.Command{
		Use: "clone NAME NEW", Short: "Create an integration with the settings of another", Args: cobra.ExactArgs(2), ValidArgsFunction: p.completeIntegrations,
		Long:    "Create an integration with the settings of another, secrets included. Tokens are not shared: the new one gets its own.",
		Example: "  carnet integration clone zoom zoom-test",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				i, err := c.CloneIntegration(ctx, args[0], args[1])
				if err != nil {
					return err
				}
				return p.show(i, func(w io.Writer) { fmt.Fprintf(w, "Integration %s is created.\n", i.Name) })
			})
		},
	}
}

func (p *program) integrationValidate() *cobra.Command {
	return &cobra.Command{
		Use: "validate NAME FILE|-", Short: "Say what is wrong with settings", Args: cobra.ExactArgs(2), ValidArgsFunction: p.completeIntegrations,
		Long:    "Say what is wrong with settings, as JSON in the form that carnet integration show has them under properties.properties; nothing is changed.",
		Example: "  carnet integration validate zoom settings.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			settings, err := p.read(args[1])
			if err != nil {
				return err
			}
			if !json.Valid(settings) {
				return fault.New(fault.Invalid, "%s is not JSON", args[1])
			}
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error { return c.ValidateSettings(ctx, args[0], settings) })
		},
	}
}

func (p *program) integrationTest() *cobra.Command {
	return &cobra.Command{
		Use: "test NAME", Short: "Try what a task needs, step by step", Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeIntegrations,
		Long: `Try what a task needs, step by step: the server's name is resolved, a connection is made, the certificate is verified, a token is
got, and the server answers. No operation is run, and the server sees no credential.`,
		Example: "  carnet integration test zoom",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				probe, err := c.TestIntegration(ctx, args[0])
				if err != nil {
					return err
				}
				if err := p.show(probe, func(w io.Writer) { printProbe(w, probe) }); err != nil {
					return err
				}
				for _, s := range probe.Steps {
					if s.State == api.StepFailed {
						return fault.New(fault.Unavailable, "the test of %s failed: %s", args[0], s.Detail).WithHint("%s", s.Hint)
					}
				}
				return nil
			})
		},
	}
}

func printProbe(w io.Writer, p api.Probe) {
	row(w, "STEP", "STATE", "MS", "DETAIL")
	for _, s := range p.Steps {
		row(w, s.Name, s.State, fmt.Sprintf("%.1f", s.Millis), dash(s.Detail))
	}
}
