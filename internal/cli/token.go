package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
)

func (p *program) token() *cobra.Command {
	group := &cobra.Command{Use: "token", Short: "Tokens of an integration: their state, never the token", Aliases: []string{"tokens"}, Args: cobra.NoArgs, RunE: help}
	var scheme string
	show := &cobra.Command{
		Use: "show NAME", Short: "Show the state of the tokens", Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeIntegrations,
		Example: "  carnet token show zoom",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				list, err := c.Tokens(ctx, args[0])
				if err != nil {
					return err
				}
				return p.show(list, func(w io.Writer) {
					for _, t := range list.Tokens {
						printToken(w, t)
					}
					if len(list.Tokens) == 0 {
						fmt.Fprintln(w, "It has no security scheme that uses tokens.")
					}
				})
			})
		},
	}
	renew := &cobra.Command{
		Use: "renew NAME", Short: "Get a new token now", Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeIntegrations,
		Example: "  carnet token renew zoom\n  carnet token renew zoom --scheme oauth",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				t, err := c.RenewToken(ctx, args[0], scheme)
				if err != nil {
					return err
				}
				return p.show(t, func(w io.Writer) { printToken(w, t) })
			})
		},
	}
	clear := &cobra.Command{
		Use: "clear NAME", Short: "Forget a token; the next run gets a new one", Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeIntegrations,
		Example: "  carnet token clear zoom",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error { return c.ClearToken(ctx, args[0], scheme) })
		},
	}
	set := &cobra.Command{
		Use: "set NAME [FIELD=VALUE...]", Short: "Store a token that you got elsewhere", Args: cobra.MinimumNArgs(1), ValidArgsFunction: p.completeIntegrations,
		Long: `Store a token that you got elsewhere, in place of the one that there is. It is sealed, and never shown.

Fields: access_token, refresh_token, token_type, scope, and expires_in (seconds) or expires_at (a time). A refresh token alone is
enough where the scheme says how to use it. Without fields the access token is asked for. Of an HTTP bearer scheme the access token
is the credential, and its only field. FIELD=@file reads a file, FIELD=@- standard input, and FIELD=? asks.`,
		Example: "  carnet token set zoom access_token=?\n  carnet token set zoom access_token=@- expires_in=3600 < token.txt\n" +
			"  carnet token set zoom refresh_token=@refresh.txt --scheme oauth",
		RunE: func(cmd *cobra.Command, args []string) error {
			given, err := p.givenToken(args[1:])
			if err != nil {
				return err
			}
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				t, err := c.SetToken(ctx, args[0], scheme, given)
				if err != nil {
					return err
				}
				return p.show(t, func(w io.Writer) { printToken(w, t) })
			})
		},
	}
	for _, cmd := range []*cobra.Command{renew, clear, set} {
		cmd.Flags().StringVar(&scheme, "scheme", "", "the security `scheme`, if there are several")
		cmd.RegisterFlagCompletionFunc("scheme", p.completeSchemes)
	}
	group.AddCommand(show, p.tokenExplain(), renew, clear, set)
	return group
}

// givenToken reads the fields of a token.
func (p *program) givenToken(args []string) (t api.GivenToken, err error) {
	if len(args) == 0 {
		args = []string{"access_token"}
	}
	fields, err := p.fields(args)
	if err != nil {
		return t, err
	}
	texts := map[string]*string{
		"access_token": &t.AccessToken, "refresh_token": &t.RefreshToken, "token_type": &t.TokenType, "scope": &t.Scope, "expires_at": &t.ExpiresAt,
	}
	for _, name := range sortedNames(fields) {
		var text string
		if json.Unmarshal(fields[name], &text) != nil {
			text = string(fields[name]) // := and a number
		}
		if to := texts[name]; to != nil {
			*to = text
			continue
		}
		if name != "expires_in" {
			err := fault.New(fault.Invalid, "a token has no field %s", name)
			if like := fault.Nearest(name, append(sortedNames(texts), "expires_in")); like != "" {
				return t, err.WithHint("did you mean %s?", like)
			}
			return t, err.WithHint("it has: %s", strings.Join(append(sortedNames(texts), "expires_in"), ", "))
		}
		if t.ExpiresIn, err = strconv.ParseFloat(text, 64); err != nil || t.ExpiresIn <= 0 {
			return t, fault.New(fault.Invalid, "expires_in is no number of seconds").WithHint("write expires_in=3600, or expires_at with a time")
		}
	}
	return t, nil
}

func printToken(w io.Writer, t api.Token) {
	row(w, "Scheme:", t.Scheme)
	row(w, "State:", t.State)
	row(w, "Access token:", yes(t.AccessToken))
	row(w, "Refresh token:", yes(t.RefreshToken))
	for _, line := range []struct{ name, text string }{
		{"Type:", t.TokenType}, {"Scope:", t.Scope}, {"Created:", moment(t.CreatedAt)}, {"Expires:", expires(t)},
		{"Renewed at:", moment(t.RenewsAt)}, {"Generation:", fmt.Sprint(t.Generation)}, {"Client authentication:", t.AuthMethod},
	} {
		if line.text != "" && line.text != "-" {
			row(w, line.name, line.text)
		}
	}
	if t.Manual {
		row(w, "Typed by hand:", "yes")
	}
	if t.Cause != "" {
		row(w, "Last failure:", t.Cause)
		if t.Hint != "" {
			row(w, "What to do:", t.Hint)
		}
		row(w, "Next try:", nextTry(t))
	}
	for _, e := range t.Endings {
		row(w, "Ends:", e.What+" "+moment(&e.ExpiresAt)+left(e))
		if e.Near && e.Hint != "" {
			row(w, "What to do:", e.Hint)
		}
	}
}

func nextTry(t api.Token) string {
	if t.NextTry == nil {
		return "when something was changed, or by carnet token renew"
	}
	return moment(t.NextTry)
}

func expires(t api.Token) string {
	switch {
	case t.ExpiresAt == nil && t.AccessToken:
		return "unknown"
	case t.ExpiresAt == nil:
		return ""
	case time.Now().After(*t.ExpiresAt):
		return moment(t.ExpiresAt) + " (expired)"
	}
	return moment(t.ExpiresAt) + " (in " + time.Until(*t.ExpiresAt).Round(time.Second).String() + ")"
}

func sortedNames[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
