package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
)

func (p *program) audit() *cobra.Command {
	var q api.AuditQuery
	var since time.Duration
	cmd := &cobra.Command{
		Use: "audit", Short: "Who did what, and with what outcome", Args: cobra.NoArgs,
		Example: "  carnet audit --limit 20\n  carnet audit --target zoom --outcome failed\n  carnet audit --since 24h -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				if since > 0 {
					q.Since = time.Now().Add(-since)
				}
				list, err := c.AuditEntries(ctx, q)
				if err != nil {
					return err
				}
				return p.show(list, func(w io.Writer) {
					row(w, "TIME", "CALLER", "ACTION", "TARGET", "OUTCOME", "MS", "DETAIL")
					for _, e := range list.Entries {
						row(w, moment(&e.Time), e.Caller, e.Action, dash(e.Target), e.Outcome, e.Millis, short(e.Detail, 60))
					}
				})
			})
		},
	}
	cmd.Flags().IntVar(&q.Limit, "limit", 50, "at most so many; 0: all")
	cmd.Flags().StringVar(&q.Caller, "caller", "", "only what this `caller` did, or one whose name has it in it")
	cmd.Flags().StringVar(&q.Action, "action", "", "only such an `action`: operation.run, or token for all of tokens")
	cmd.Flags().StringVar(&q.Target, "target", "", "only what was done to this `target`, such as an integration")
	cmd.Flags().StringVar(&q.Outcome, "outcome", "", "only with this `outcome`: ok, started, failed, or the kind of an error")
	cmd.Flags().StringVar(&q.Before, "before", "", "only entries older than the one with this `id`")
	cmd.Flags().DurationVar(&since, "since", 0, "how far back, such as 24h")
	return cmd
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (p *program) user() *cobra.Command {
	group := &cobra.Command{Use: "user", Short: "Users of the server", Aliases: []string{"users"}, Args: cobra.NoArgs, RunE: help}
	var role, password string
	create := &cobra.Command{
		Use: "create NAME", Short: "Create a user", Args: cobra.ExactArgs(1),
		Example: "  carnet user create ada --role operator\n  pass show ada | carnet user create ada --role operator --password @-",
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := p.password(args[0], password)
			if err != nil {
				return err
			}
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				u, err := c.CreateUser(ctx, api.User{Name: args[0], Role: role, Password: text})
				if err != nil {
					return err
				}
				return p.show(u, func(w io.Writer) { fmt.Fprintf(w, "User %s (%s) is created.\n", u.Name, u.Role) })
			})
		},
	}
	create.Flags().StringVar(&role, "role", "viewer", "viewer, operator or admin")
	set := &cobra.Command{
		Use: "password NAME", Short: "Set a user's password", Args: cobra.ExactArgs(1),
		Example: "  carnet user password ada\n  pass show ada | carnet user password ada --password @-",
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := p.password(args[0], password)
			if err != nil {
				return err
			}
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error { return c.SetPassword(ctx, args[0], text) })
		},
	}
	for _, cmd := range []*cobra.Command{create, set} {
		cmd.Flags().StringVar(&password, "password", "", "where the password is: `@file`, or @- for standard input; asked for by default")
	}
	list := &cobra.Command{
		Use: "list", Short: "List the users", Args: cobra.NoArgs, Aliases: []string{"ls"},
		Example: "  carnet user list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				users, err := c.Users(ctx)
				if err != nil {
					return err
				}
				return p.show(users, func(w io.Writer) {
					row(w, "NAME", "ROLE", "CREATED", "")
					for _, u := range users.Users {
						row(w, u.Name, u.Role, moment(&u.Created), disabled(u.Disabled))
					}
				})
			})
		},
	}
	group.AddCommand(
		p.naming("user", "disable", "Keep a user from signing in, and end the user's sessions", (*client.Client).DisableUser),
		p.naming("user", "enable", "Let a user sign in again", (*client.Client).EnableUser))
	group.AddCommand(create, set, list, p.deletion("user", "user", func(ctx context.Context, c *client.Client, name string) error { return c.DeleteUser(ctx, name) }))
	return group
}

// password reads a password from where the flag says, or asks. It never stands on the command line.
func (p *program) password(name, from string) (string, error) {
	if from == "" {
		return p.ask("password of " + name)
	}
	if !strings.HasPrefix(from, "@") {
		return "", fault.New(fault.Invalid, "a password does not belong on the command line").WithHint("write --password @file, or @- for standard input")
	}
	return p.at(from)
}

func (p *program) account() *cobra.Command {
	group := &cobra.Command{Use: "account", Short: "Service accounts of the server", Aliases: []string{"accounts"}, Args: cobra.NoArgs, RunE: help}
	var role string
	create := &cobra.Command{
		Use: "create NAME", Short: "Create a service account; its secret is shown once", Args: cobra.ExactArgs(1),
		Example: "  carnet account create ci --role operator",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				a, err := c.CreateAccount(ctx, api.Account{Name: args[0], Role: role})
				if err != nil {
					return err
				}
				return p.show(a, func(w io.Writer) { printAccount(w, a) })
			})
		},
	}
	rotate := &cobra.Command{
		Use: "rotate NAME", Short: "Give a service account a new secret; it is shown once", Args: cobra.ExactArgs(1),
		Long:    "Give a service account a new secret, which is shown once. What the old one got ends at once.",
		Example: "  carnet account rotate ci",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				a, err := c.RotateAccount(ctx, args[0])
				if err != nil {
					return err
				}
				return p.show(a, func(w io.Writer) { printAccount(w, a) })
			})
		},
	}
	create.Flags().StringVar(&role, "role", "operator", "viewer, operator or admin")
	list := &cobra.Command{
		Use: "list", Short: "List the service accounts", Args: cobra.NoArgs, Aliases: []string{"ls"},
		Example: "  carnet account list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				accounts, err := c.Accounts(ctx)
				if err != nil {
					return err
				}
				return p.show(accounts, func(w io.Writer) {
					row(w, "NAME", "ROLE", "CLIENT ID", "CREATED", "")
					for _, a := range accounts.Accounts {
						row(w, a.Name, a.Role, a.ClientID, moment(&a.Created), disabled(a.Disabled))
					}
				})
			})
		},
	}
	group.AddCommand(rotate,
		p.naming("account", "disable", "End a service account's access tokens, and give it no more", (*client.Client).DisableAccount),
		p.naming("account", "enable", "Give a service account access tokens again", (*client.Client).EnableAccount))
	group.AddCommand(create, list, p.deletion("account", "service account", func(ctx context.Context, c *client.Client, name string) error { return c.DeleteAccount(ctx, name) }))
	return group
}

func printAccount(w io.Writer, a api.Account) {
	row(w, "Name:", a.Name)
	row(w, "Role:", a.Role)
	row(w, "Client id:", a.ClientID)
	row(w, "Client secret:", a.ClientSecret)
	fmt.Fprintln(w, "\nThe secret is not shown again.")
}

func disabled(is bool) string {
	if is {
		return "disabled"
	}
	return ""
}

// naming is a command of a group that does something to what it names.
func (p *program) naming(group, verb, short string, do func(*client.Client, context.Context, string) error) *cobra.Command {
	return &cobra.Command{
		Use: verb + " NAME", Short: short, Args: cobra.ExactArgs(1), Example: "  carnet " + group + " " + verb + " NAME",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error { return do(c, ctx, args[0]) })
		},
	}
}

func (p *program) session() *cobra.Command {
	group := &cobra.Command{Use: "session", Short: "Who is signed in to the server", Aliases: []string{"sessions"}, Args: cobra.NoArgs, RunE: help}
	list := &cobra.Command{
		Use: "list", Short: "List who is signed in", Args: cobra.NoArgs, Aliases: []string{"ls"}, Example: "  carnet session list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				sessions, err := c.Sessions(ctx)
				if err != nil {
					return err
				}
				return p.show(sessions, func(w io.Writer) {
					row(w, "ID", "CALLER", "CREATED", "EXPIRES")
					for _, s := range sessions.Sessions {
						row(w, s.ID, s.Caller, moment(&s.Created), moment(&s.Expires))
					}
				})
			})
		},
	}
	end := &cobra.Command{
		Use: "end ID", Short: "Sign somebody out", Args: cobra.ExactArgs(1), Example: "  carnet session end 4f0c7a91d2b8e635",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error { return c.EndSession(ctx, args[0]) })
		},
	}
	group.AddCommand(list, end)
	return group
}

// deletion is the command delete of a group.
func (p *program) deletion(group, what string, remove func(context.Context, *client.Client, string) error) *cobra.Command {
	var sure bool
	cmd := &cobra.Command{
		Use: "delete NAME", Short: "Delete a " + what, Args: cobra.ExactArgs(1), Aliases: []string{"rm"},
		Example: "  carnet " + group + " delete NAME --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.confirm(cmd.Context(), "deleting "+what+" "+args[0], sure); err != nil {
				return err
			}
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error { return remove(ctx, c, args[0]) })
		},
	}
	cmd.Flags().BoolVar(&sure, "yes", false, "do not ask")
	return cmd
}
