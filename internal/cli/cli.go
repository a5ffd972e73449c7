// Package cli is the command line: every command is a use case, called over HTTP by package client, with a server or without. It
// owns how things are typed and printed, and decides nothing else.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
)

// Env is the world around a command.
type Env struct {
	Args           []string // without the program's name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Terminal       bool // Stdout is one: colours and questions make sense
	Live           bool // Stderr is one where a line can be drawn over: how far something has come
	Version        string
	// Prompt asks a person for a secret, which does not show; nil if there is nobody.
	Prompt func(label string) (string, error)
	// Embedded opens the data directory and returns a transport to the API over it, and what closes it again.
	Embedded func(ctx context.Context, o Options) (http.RoundTripper, func() error, error)
	// Commands are added to those of this package.
	Commands func(o *Options) []*cobra.Command
}

// Options are the flags that every command has.
type Options struct {
	Data    string // the data directory
	Store   string // where the store is; empty: the environment says, or it is in the data directory
	Key     string // the key file; empty: it is in the data directory
	Server  string // URL of a server; empty: none, the data directory is used directly
	Verbose int    // how much is logged to standard error
	Output  string // table, json, yaml; for run more
}

// A program is a command line with its world.
type program struct {
	Env
	options Options
}

// Main runs a command line and returns its exit code: 0, or that of the error's kind (package fault), or 130 when interrupted.
func Main(ctx context.Context, env Env) int {
	root := New(env)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if ctx.Err() != nil {
		fmt.Fprintln(env.Stderr, "carnet: interrupted")
		return 130
	}
	return report(env.Stderr, err)
}

// report prints an error with its hint, and returns the exit code.
func report(w io.Writer, err error) int {
	w = printable{w}
	fmt.Fprintln(w, "carnet: "+err.Error())
	problems := fault.ProblemsOf(err)
	if slices.ContainsFunc(problems, severe) { // what could be lived with is not why it failed
		problems = slices.DeleteFunc(slices.Clone(problems), func(p fault.Problem) bool { return !severe(p) })
	}
	for i, p := range problems {
		if len(problems) == 1 {
			break // the message says it
		}
		if i == 20 {
			fmt.Fprintf(w, "  and %d more\n", len(problems)-i)
			break
		}
		fmt.Fprintln(w, "  "+placed(p))
	}
	if hint := fault.HintOf(err); hint != "" {
		fmt.Fprintln(w, "  hint: "+hint)
	}
	return fault.KindOf(err).Exit()
}

func severe(p fault.Problem) bool { return p.Severity == fault.Severe }

// New returns the command line, with the arguments of env.
func New(env Env) *cobra.Command {
	p := &program{Env: env}
	root := &cobra.Command{
		Use:   "carnet",
		Short: "Call any API operation; the token takes care of itself",
		Long: `Carnet imports an OpenAPI document, keeps the credentials that you fill in once, and calls any operation. It gets the
OAuth 2.0 token, keeps it fresh, stores it safely and puts it on the request.

Without --server a command works on the data directory itself; several may do so at once.`,
		Example: `  carnet model import https://example.com/openapi.json
  carnet integration create shop --model "Shop:1.0"
  carnet integration set shop client_id=me client_secret=?
  carnet operation list shop --search order
  carnet run shop listOrders -p limit=10`,
		SilenceErrors: true, SilenceUsage: true, Version: env.Version,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&p.options.Data, "data", defaultData(env.Getenv), "the `directory` with the database and the key (CARNET_DATA)")
	flags.StringVar(&p.options.Store, "store", "", "the `place` of the store: a file, mongodb://host/database, or @file that says it (CARNET_STORE, CARNET_STORE_FILE); carnet.db in the data directory by default")
	flags.StringVar(&p.options.Key, "key", env.Getenv("CARNET_KEY"), "the key `file` (CARNET_KEY); carnet.key in the data directory by default")
	flags.StringVar(&p.options.Server, "server", env.Getenv("CARNET_SERVER"), "the `URL` of a server to work with (CARNET_SERVER)")
	flags.CountVarP(&p.options.Verbose, "verbose", "v", "log to standard error; twice: more")
	flags.StringVarP(&p.options.Output, "output", "o", "", "the `format`: table, json or yaml")
	root.SetVersionTemplate("carnet {{.Version}}\n")
	root.SetArgs(env.Args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.AddCommand(p.overview(), p.model(), p.integration(), p.operation(), p.run(), p.token(), p.audit(), p.user(), p.account(), p.session(), p.version())
	if env.Commands != nil {
		root.AddCommand(env.Commands(&p.options)...)
	}
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	p.completions(root)
	root.RegisterFlagCompletionFunc("output", completeFormats)
	root.SetFlagErrorFunc(misused)
	checkUse(root)
	return root
}

// checkUse makes what a command says of its arguments a fault, and names the command that a misspelt one may mean.
func checkUse(cmd *cobra.Command) {
	var names []string
	for _, c := range cmd.Commands() {
		checkUse(c)
		names = append(names, append(c.Aliases, c.Name())...)
	}
	check := cmd.Args
	if check == nil {
		return
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil {
			return nil
		}
		if len(args) > 0 {
			if near := fault.Nearest(args[0], names); near != "" {
				return fault.New(fault.Invalid, "%s", err).WithHint("did you mean %s %s?", cmd.CommandPath(), near)
			}
		}
		return misused(cmd, err)
	}
}

// misused is an error in how a command was typed.
func misused(cmd *cobra.Command, err error) error {
	return fault.New(fault.Invalid, "%s", err).WithHint("%s --help says how it is used", cmd.CommandPath())
}

func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) { fmt.Fprintln(p.Stdout, "carnet "+p.Version) },
	}
}

// connect calls f with a client of the server, or of the data directory.
func (p *program) connect(cmd *cobra.Command, f func(context.Context, *client.Client) error) (err error) {
	ctx := cmd.Context()
	if p.options.Server != "" {
		o, err := p.credentials()
		if err != nil {
			return err
		}
		c, err := client.New(p.options.Server, o)
		if err != nil {
			return err
		}
		return f(ctx, c)
	}
	transport, closed, err := p.Embedded(ctx, p.options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closed()) }()
	c, err := client.New("http://embedded", client.Options{HTTP: &http.Client{Transport: transport}})
	if err != nil {
		return err
	}
	return f(ctx, c)
}

// credentials for a server come from the environment, or files that it names, or a prompt.
func (p *program) credentials() (o client.Options, err error) {
	for name, at := range map[string]*string{
		"CARNET_USERNAME": &o.Username, "CARNET_PASSWORD": &o.Password, "CARNET_TOKEN": &o.Token,
		"CARNET_CLIENT_ID": &o.ClientID, "CARNET_CLIENT_SECRET": &o.ClientSecret,
	} {
		*at = p.Getenv(name)
		if file := p.Getenv(name + "_FILE"); *at == "" && file != "" {
			data, err := os.ReadFile(file)
			if err != nil {
				return o, fault.Wrap(fault.Invalid, err, "%s_FILE can't be read", name)
			}
			*at = strings.TrimRight(string(data), "\r\n")
		}
	}
	if o.Username != "" && o.Password == "" && p.Prompt != nil {
		o.Password, err = p.Prompt("password of " + o.Username)
	}
	if err == nil && o.Username == "" && o.ClientID == "" && o.Token == "" {
		err = fault.New(fault.Unauthenticated, "no credentials for %s", p.options.Server).
			WithHint("set CARNET_USERNAME and CARNET_PASSWORD, or CARNET_CLIENT_ID and CARNET_CLIENT_SECRET; each also as NAME_FILE")
	}
	return o, err
}
