package cli

import (
	"context"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
)

// completion offers names to the shell; if they can't be read it offers nothing.
func (p *program) completion(cmd *cobra.Command, names func(context.Context, *client.Client) []string) ([]string, cobra.ShellCompDirective) {
	var found []string
	p.Prompt = nil // nobody is asked for anything
	err := p.connect(cmd, func(ctx context.Context, c *client.Client) error {
		found = names(ctx, c)
		return nil
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

func (p *program) completeModels(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return p.completion(cmd, func(ctx context.Context, c *client.Client) (names []string) {
		list, _ := c.Models(ctx, api.Query{})
		for _, m := range list.IntegrationModels {
			names = append(names, m.VersionID)
		}
		return names
	})
}

func (p *program) completeIntegrations(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return p.completion(cmd, func(ctx context.Context, c *client.Client) (names []string) {
		list, _ := c.Integrations(ctx, api.Query{})
		for _, i := range list.Results {
			names = append(names, i.Data.Name)
		}
		return names
	})
}

func (p *program) completeOperations(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return p.completeIntegrations(cmd, args, typed)
	case 1:
		return p.completion(cmd, func(ctx context.Context, c *client.Client) (names []string) {
			list, _ := c.Operations(ctx, args[0], typed, api.Query{}) // what begins with it is among them
			for _, op := range list.Operations {
				names = append(names, op.ID+"\t"+op.Summary)
			}
			return names
		})
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}
