package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
)

// completeArguments completes -p: the names of an operation's parameters, and behind "=" the values that one may have.
func (p *program) completeArguments(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return p.ofOperation(cmd, args, typed, func(op api.Operation) (offered []string) {
		o := outline{schemas: op.Schemas}
		name, _, valued := strings.Cut(typed, "=")
		for _, q := range op.Parameters {
			switch {
			case valued && (q.Name == name || q.In+"."+q.Name == name):
				return o.values(name, q.Schema)
			case q.Type == "object" && strings.HasPrefix(typed, q.Name+"."):
				return o.members(q.Schema, q.Name+".", typed)
			case !valued:
				offered = append(offered, described(q.Name+"=", q.Description))
			}
		}
		return offered
	})
}

// completeBody completes -f: the fields of an operation's body, one level after another, and behind "=" their values.
func (p *program) completeBody(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return p.ofOperation(cmd, args, typed, func(op api.Operation) []string {
		if op.Body == nil || len(op.Body.Content) == 0 {
			return nil
		}
		o, prefix := outline{schemas: op.Schemas}, ""
		if strings.HasPrefix(typed, "body.") {
			prefix = "body."
		}
		return o.members(op.Body.Content[0].Schema, prefix, typed)
	})
}

// ofOperation completes from what is known of the operation that the command names. Behind an "@" it is a file's name.
func (p *program) ofOperation(cmd *cobra.Command, args []string, typed string, offer func(api.Operation) []string) ([]string, cobra.ShellCompDirective) {
	if len(args) < 2 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if _, value, _ := strings.Cut(typed, "="); strings.HasPrefix(value, "@") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	offered, directive := p.completion(cmd, func(ctx context.Context, c *client.Client) []string {
		op, err := c.Operation(ctx, args[0], args[1])
		if err != nil {
			return nil
		}
		return offer(op)
	})
	offered = slices.DeleteFunc(offered, func(s string) bool { return !strings.HasPrefix(s, typed) })
	if !strings.Contains(typed, "=") {
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return offered, directive
}

func described(word, description string) string {
	if text := short(description, 60); text != "" {
		return word + "\t" + text
	}
	return word
}

// members offers the members of an object that a typed path leads to, and behind "=" their values.
func (o *outline) members(raw json.RawMessage, prefix, typed string) (offered []string) {
	s, done := o.resolve(raw)
	defer done()
	if len(s.Properties) == 0 && strings.HasPrefix(typed[min(len(prefix), len(typed)):], "[") && len(s.Items) > 0 {
		if inside, _, closed := strings.Cut(typed[len(prefix):], "]."); closed {
			return o.members(s.Items, prefix+inside+"].", typed)
		}
	}
	for _, choice := range append(s.OneOf, s.AnyOf...) {
		offered = append(offered, o.members(choice, prefix, typed)...)
	}
	for _, name := range sortedNames(s.Properties) {
		here := prefix + name
		rest, inside := strings.CutPrefix(typed, here)
		switch {
		case inside && strings.HasPrefix(rest, "="):
			return o.values(here, s.Properties[name])
		case inside && strings.HasPrefix(rest, "."):
			return o.inside().members(s.Properties[name], here+".", typed)
		case inside && strings.HasPrefix(rest, "["):
			return o.inside().members(s.Properties[name], here, typed)
		}
		offered = append(offered, o.inside().member(here, s.Properties[name]))
	}
	return offered
}

// inside begins anew one level deeper, where the same reference may be followed again: what is typed has an end.
func (o *outline) inside() *outline { return &outline{schemas: o.schemas} }

// member is a member as it is typed: with a dot behind it if there is more inside.
func (o *outline) member(here string, raw json.RawMessage) string {
	s, done := o.resolve(raw)
	defer done()
	end := "="
	if len(s.Properties) > 0 {
		end = "."
	}
	return described(here+end, s.Description)
}

// values offers what an enum names, and both booleans.
func (o *outline) values(name string, raw json.RawMessage) (offered []string) {
	s, done := o.resolve(raw)
	defer done()
	if len(s.Enum) == 0 && len(s.Items) > 0 {
		return o.values(name, s.Items)
	}
	if s.Type == "boolean" {
		s.Enum = []any{true, false}
	}
	for _, v := range s.Enum {
		if v != nil {
			offered = append(offered, name+"="+fmt.Sprint(v))
		}
	}
	return offered
}

// completeFormats completes -o.
func completeFormats(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch {
	case cmd.Name() == "run" && cmd.Flags().Changed("paginate"):
		return []string{"data", "json", "jsonl", "yaml", "full"}, cobra.ShellCompDirectiveNoFileComp
	case cmd.Name() == "run":
		return []string{"data", "json", "yaml", "raw", "full"}, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"table", "json", "yaml"}, cobra.ShellCompDirectiveNoFileComp
}

// completeSchemes completes --scheme: those of the integration that was named that have tokens.
func (p *program) completeSchemes(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return p.completion(cmd, func(ctx context.Context, c *client.Client) (names []string) {
		list, _ := c.Tokens(ctx, args[0])
		for _, t := range list.Tokens {
			names = append(names, t.Scheme)
		}
		return names
	})
}

const completionHelp = `Completion offers integrations, operations, arguments (-p), fields (-f), values that the document names, models and formats.

bash (with the package bash-completion):
  carnet completion bash > ~/.local/share/bash-completion/completions/carnet
zsh (a directory of $fpath; compinit has to be on):
  carnet completion zsh > "${fpath[1]}/_carnet"
fish:
  carnet completion fish > ~/.config/fish/completions/carnet.fish
PowerShell (a line of $PROFILE):
  carnet completion powershell | Out-String | Invoke-Expression

Then open a new shell.`

// completions finishes cobra's command of the scripts: how to install them, and bash's ways with "=".
func (p *program) completions(root *cobra.Command) {
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		c.Long = completionHelp
		c.AddCommand(&cobra.Command{
			Use: "help", Short: "How to install the scripts", Args: cobra.NoArgs,
			Run: func(*cobra.Command, []string) { fmt.Fprintln(p.Stdout, completionHelp) },
		})
		for _, shell := range c.Commands() {
			if shell.Name() == "bash" {
				shell.RunE = func(cmd *cobra.Command, _ []string) error {
					var script bytes.Buffer
					bare, _ := cmd.Flags().GetBool("no-descriptions") // without the flag: false
					if err := root.GenBashCompletionV2(&script, !bare); err != nil {
						return err
					}
					script.WriteString(bashEquals)
					_, err := p.Stdout.Write(script.Bytes())
					return err
				}
			}
		}
	}
}

// bashEquals takes off what bash has typed already: it ends a word at "=", which is among its COMP_WORDBREAKS, as bash-completion's
// __ltrim_colon_completions does for ":".
const bashEquals = `
__carnet_complete()
{
    __start_carnet "$@"
    local line=${COMP_LINE:0:COMP_POINT} i
    local word=${line##*[[:space:]]}
    if [[ $word == *=* && $COMP_WORDBREAKS == *=* ]]; then
        local typed=${word%"${word##*=}"}
        for i in "${!COMPREPLY[@]}"; do
            COMPREPLY[i]=${COMPREPLY[i]#"$typed"}
        done
    fi
}
complete -o default -F __carnet_complete carnet
`
