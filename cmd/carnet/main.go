// Command carnet calls any API operation of an imported OpenAPI document, and takes care of the tokens. This package wires the
// others together: the command line over the HTTP API, embedded or served, over the hub, over the store.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"carnet.dev/carnet/internal/cli"
)

func main() { os.Exit(run()) }

// run is main, but for the exit.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	env := cli.Env{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
		Terminal: term.IsTerminal(int(os.Stdout.Fd())),
		Live:     newStage(os.Stderr).live,
		Version:  version(),
		Embedded: openEmbedded,
		Commands: commands,
	}
	if stdin := int(os.Stdin.Fd()); term.IsTerminal(stdin) {
		env.Prompt = func(label string) (string, error) { return prompt(ctx, os.Stderr, stdin, label) }
	}
	return cli.Main(ctx, env)
}

// commands are those that do not speak HTTP.
func commands(o *cli.Options) []*cobra.Command {
	return []*cobra.Command{serveCommand(o), storeCommand(o), keyCommand(o), demoCommand()}
}

// prompt asks for a secret without showing it. Interrupted, it leaves the terminal as it was: showing what is typed.
func prompt(ctx context.Context, w io.Writer, terminal int, label string) (text string, err error) {
	before, err := term.GetState(terminal)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(w, "%s: ", label)
	defer fmt.Fprintln(w)
	typed := make(chan error, 1)
	var secret []byte
	go func() { // a read from a terminal does not end when ctx does
		var err error
		secret, err = term.ReadPassword(terminal)
		typed <- err
	}()
	select {
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(terminal, before))
	case err := <-typed:
		return string(secret), err
	}
}

// version is that of the module, or of the commit that the program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel " + s.Value[:12]
		}
	}
	return "devel"
}
