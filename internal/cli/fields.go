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
	"carnet.dev/carnet/internal/shell"
)

// A settingField is a field of an integration's settings, as its JSON Schema describes it.
type settingField struct {
	Field    string `json:"field"`
	Type     string `json:"type"`
	Required bool   `json:"required,omitempty"`
	Secret   bool   `json:"secret,omitempty"`
	Set      bool   `json:"set"`
	Choices  []any  `json:"choices,omitempty"`
	Help     string `json:"help"`
}

func (p *program) integrationFields() *cobra.Command {
	return &cobra.Command{
		Use: "fields NAME [SCHEME]", Short: "Show the fields that an integration can have", Args: cobra.RangeArgs(1, 2), ValidArgsFunction: p.completeIntegrations,
		Long: "Show the fields that an integration can have, by security scheme: what they are, what they may be, and whether they are set. " +
			"With a scheme also what is inside of its fields.",
		Example: "  carnet integration fields zoom\n  carnet integration fields zoom oauth -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				fields, err := settingFields(ctx, c, args[0], len(args) == 2)
				if err != nil {
					return err
				}
				if len(args) == 2 {
					fields = slices.DeleteFunc(fields, func(f settingField) bool { return !strings.HasPrefix(f.Field, args[1]+".") })
					if len(fields) == 0 {
						return fault.New(fault.NotFound, "integration %q has no security scheme %q", args[0], args[1]).WithHint("carnet integration fields %s shows all", shell.Quote(args[0]))
					}
				}
				return p.show(fields, func(w io.Writer) {
					row(w, "FIELD", "TYPE", "SET", "HELP")
					for _, f := range fields {
						row(w, f.Field, f.Type, map[bool]string{true: "yes", false: map[bool]string{true: "needed"}[f.Required]}[f.Set], f.words())
					}
				})
			})
		},
	}
}

// words are the help of a field, with its choices.
func (f settingField) words() string {
	var choices []string
	for _, c := range f.Choices {
		if text := fmt.Sprint(c); c != nil && text != "" {
			choices = append(choices, text)
		}
	}
	if len(choices) == 0 {
		return f.Help
	}
	return f.Help + " (" + strings.Join(choices, ", ") + ")"
}

// settingFields reads the schema and the settings of an integration. deep: also what is inside of fields.
func settingFields(ctx context.Context, c *client.Client, name string, deep bool) ([]settingField, error) {
	raw, err := c.IntegrationSchema(ctx, name)
	if err != nil {
		return nil, err
	}
	stored, err := c.Integration(ctx, name)
	if err != nil {
		return nil, err
	}
	var root settingSchema
	var settings map[string]any
	if json.Unmarshal(raw, &root) != nil || json.Unmarshal(stored.Data.Properties.Properties, &settings) != nil {
		return nil, fault.New(fault.Upstream, "the server answered with something else than the schema and the settings").WithHint("check its version")
	}
	var all []settingField
	entries, _ := settings["authentication"].(map[string]any)
	for _, scheme := range sortedNames(root.Properties["authentication"].Properties) {
		entry := root.Properties["authentication"].Properties[scheme]
		values, _ := entries[scheme].(map[string]any)
		if len(entry.AnyOf) == 2 { // a bearer token may stand for its entry
			entry = entry.AnyOf[1]
			if text, ok := entries[scheme].(string); ok {
				values = map[string]any{"bearer": text}
			}
		}
		all = entry.fields(all, scheme+".", values, deep)
	}
	for _, section := range []string{"server", "tls"} {
		values, _ := settings[section].(map[string]any)
		all = root.Properties[section].fields(all, section+".", values, deep)
	}
	return all, nil
}

// A settingSchema is what of a JSON Schema tells about fields.
type settingSchema struct {
	Type        any                      `json:"type"`
	Description string                   `json:"description"`
	WriteOnly   bool                     `json:"writeOnly"`
	Enum        []any                    `json:"enum"`
	Required    []string                 `json:"required"`
	Properties  map[string]settingSchema `json:"properties"`
	AnyOf       []settingSchema          `json:"anyOf"`
}

// fields appends the fields of an object, what has to be filled in first.
func (s settingSchema) fields(all []settingField, at string, values map[string]any, deep bool) []settingField {
	names := sortedNames(s.Properties)
	slices.SortStableFunc(names, func(a, b string) int {
		return slices.Index([]bool{true, false}, slices.Contains(s.Required, a)) - slices.Index([]bool{true, false}, slices.Contains(s.Required, b))
	})
	for _, name := range names {
		f := s.Properties[name]
		value := values[name]
		all = append(all, settingField{Field: at + name, Type: f.kind(), Required: slices.Contains(s.Required, name), Secret: f.WriteOnly,
			Set: holds(value), Choices: f.Enum, Help: f.Description})
		if inner, _ := value.(map[string]any); deep && len(f.Properties) > 0 {
			all = f.fields(all, at+name+".", inner, deep)
		}
	}
	return all
}

// holds reports whether there is something in a value.
func holds(value any) bool {
	inner, object := value.(map[string]any)
	if !object {
		return value != nil && value != ""
	}
	for _, v := range inner {
		if holds(v) {
			return true
		}
	}
	return false
}

// kind is the type that a value is stored as, which is the first.
func (s settingSchema) kind() string {
	kind, _ := s.Type.(string)
	if kinds, ok := s.Type.([]any); ok && len(kinds) > 0 {
		kind, _ = kinds[0].(string)
	}
	switch {
	case s.WriteOnly:
		return "secret"
	case kind == "string":
		return "text"
	}
	return kind
}

// completeFields offers integrations, and then the fields of the one that was named.
func (p *program) completeFields(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return p.completeIntegrations(cmd, args, typed)
	}
	if strings.Contains(typed, "=") {
		return nil, cobra.ShellCompDirectiveDefault // a file, behind @
	}
	offered, directive := p.completion(cmd, func(ctx context.Context, c *client.Client) (names []string) {
		fields, _ := settingFields(ctx, c, args[0], strings.Count(typed, ".") > 1)
		for _, f := range fields {
			names = append(names, f.Field+"=\t"+f.Help)
		}
		return names
	})
	return offered, directive | cobra.ShellCompDirectiveNoSpace
}
