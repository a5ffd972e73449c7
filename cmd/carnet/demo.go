package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
)

// tokenLife is short enough to be waited for.
const tokenLife = 4 * time.Second

func demoCommand() *cobra.Command {
	var only bool
	var listen string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the main job on a simulated provider",
		Long: `Start a simulated provider on this machine (a token endpoint, and an API that accepts only its live tokens), and do the main
job on it: import its OpenAPI document, configure two integrations, run operations, let a token expire, and run again. Each step
is the command that a person would type, run as a process of its own on a data directory of its own. Nothing is left behind, and
nothing leaves this machine.

With --provider only the provider is started, to be played with until it is interrupted.`,
		Example: "  carnet demo\n  carnet demo --provider",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if only {
				return serveProvider(cmd.Context(), listen, cmd.OutOrStdout())
			}
			return runDemo(cmd.Context(), cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&only, "provider", false, "start the provider and nothing else")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8701", "the `address` of the provider")
	return cmd
}

// What the simulated provider knows. It is the same for everyone, and so no secret.
const (
	deskClient, deskSecret   = "back-office", "client-secret-of-the-demo"
	robotClient, robotSecret = "night-shift", "another-client-secret"
	deskUser, deskPassword   = "ada", "password-of-the-demo"
)

func demoProvider(life time.Duration) *carnettest.Provider {
	return carnettest.NewProvider(carnettest.ProviderOptions{
		TokenLife: life, Rotate: true,
		Clients: map[string]string{deskClient: deskSecret, robotClient: robotSecret},
		Users:   map[string]string{deskUser: deskPassword},
	})
}

// listenProvider serves a provider on loopback until stop is called.
func listenProvider(p *carnettest.Provider, listen string) (address string, stop func(), err error) {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return "", nil, fault.Wrap(fault.Unavailable, err, "the simulated provider can't listen on %s", listen).
			WithHint("choose another address with --listen")
	}
	server := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener)
	return "http://" + listener.Addr().String(), func() { server.Close() }, nil
}

// serveProvider serves a provider alone, and says what it knows.
func serveProvider(ctx context.Context, listen string, out io.Writer) error {
	address, stop, err := listenProvider(demoProvider(time.Minute), listen)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(out, "document       %s/openapi.json\nclients        %s with the secret %s\n               %s with the secret %s\nuser           %s with the password %s\n",
		address, deskClient, deskSecret, robotClient, robotSecret, deskUser, deskPassword)
	fmt.Fprintln(out, "access tokens  live a minute\n\nCtrl-C ends it.")
	<-ctx.Done()
	return nil
}

// A demo runs commands and shows them.
type demo struct {
	out      *stage
	program  string
	data     string // the data directory
	provider *carnettest.Provider
	address  string // of the provider
	step     int
}

func runDemo(ctx context.Context, out io.Writer) error {
	program, err := os.Executable()
	if err != nil {
		return fault.Wrap(fault.Internal, err, "the program does not know its own file")
	}
	dir, err := os.MkdirTemp("", "carnet-demo-")
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "there is no place for the demo's data").WithHint("set TMPDIR to a directory that can be written")
	}
	defer os.RemoveAll(dir)
	provider := demoProvider(tokenLife)
	address, stop, err := listenProvider(provider, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer stop()
	d := &demo{out: newStage(out), program: program, data: filepath.Join(dir, "data"), provider: provider, address: address}
	err = d.play(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// play is the story.
func (d *demo) play(ctx context.Context) error {
	d.out.say("A simulated provider listens on %s: a token endpoint whose access tokens live %s, and an", d.address, tokenLife)
	d.out.say("API that accepts nothing but its live tokens. Each command below is a process of its own, on one file.")
	document := d.address + "/openapi.json"

	d.title("Import the provider's OpenAPI document")
	if err := d.carnet(ctx, "", "model", "import", document); err != nil {
		return err
	}
	d.title("An integration with the password flow; secrets come from standard input, never from the command line")
	if err := d.integrate(ctx, "desk", "passwordAuth", deskClient, deskSecret, "username="+deskUser, deskPassword); err != nil {
		return err
	}
	d.title("Run an operation: the token is got on the way")
	if err := d.carnet(ctx, "", "run", "desk", "whoAmI"); err != nil {
		return err
	}
	if err := d.carnet(ctx, "", "run", "desk", "listShipments", "-p", "limit=1"); err != nil {
		return err
	}
	d.out.say("The token endpoint was asked %s for these two calls.", times(d.provider.Stats().TokenRequests))

	d.title("The same API with client credentials")
	if err := d.integrate(ctx, "robot", "clientAuth", robotClient, robotSecret, "", ""); err != nil {
		return err
	}
	if err := d.carnet(ctx, "", "run", "robot", "whoAmI"); err != nil {
		return err
	}
	return d.expire(ctx)
}

// expire is the second half of the story: a token dies, and its successor survives a restart.
func (d *demo) expire(ctx context.Context) error {
	d.title("Wait until the tokens have expired")
	if err := d.out.wait(ctx, "the provider's tokens live "+tokenLife.String(), tokenLife+time.Second); err != nil {
		return err
	}
	d.title("Run again: the refresh token is spent for a new access token")
	before := d.provider.Stats()
	if err := d.carnet(ctx, "", "run", "desk", "whoAmI"); err != nil {
		return err
	}
	if err := d.carnet(ctx, "", "token", "show", "desk"); err != nil {
		return err
	}
	after := d.provider.Stats()
	refreshes := after.Refreshes - before.Refreshes
	if refreshes < 1 {
		return fault.New(fault.Internal, "the refresh token was not used")
	}
	d.out.say("The refresh token was spent %s, and no password was sent.", times(refreshes))

	d.title("Start anew on the same file: the token is there")
	if err := d.carnet(ctx, "", "run", "desk", "whoAmI"); err != nil {
		return err
	}
	if d.provider.Stats().Passwords != before.Passwords {
		return fault.New(fault.Internal, "the token did not survive the restart")
	}
	d.summary()
	return nil
}

func (d *demo) summary() {
	s := d.provider.Stats()
	d.title("What the provider saw")
	d.out.say("  API calls accepted          %d", s.Accepted)
	d.out.say("  API calls refused           %d", s.Refused)
	d.out.say("  tokens got by password      %d", s.Passwords)
	d.out.say("  tokens got by credentials   %d", s.ClientCredentials)
	d.out.say("  tokens got by refresh       %d", s.Refreshes)
	d.out.say("  refresh tokens spent twice  %d", s.Reused)
	d.out.say("")
	d.out.say("Nobody handled a token. The demo's data is deleted; nothing is left running.")
}

// integrate creates an integration and fills in its credentials.
func (d *demo) integrate(ctx context.Context, name, scheme, client, secret, user, password string) error {
	if err := d.carnet(ctx, "", "integration", "create", name, "--model", "Carnet Shipping:1.0.0"); err != nil {
		return err
	}
	if err := d.carnet(ctx, secret, "integration", "set", name, scheme+".client_id="+client, scheme+".client_secret=@-"); err != nil {
		return err
	}
	if password == "" {
		return nil
	}
	return d.carnet(ctx, password, "integration", "set", name, scheme+"."+user, scheme+".password=@-")
}

// carnet shows a command, runs it, and shows what came back.
func (d *demo) carnet(ctx context.Context, stdin string, args ...string) error {
	d.out.command(stdin, args)
	command := exec.CommandContext(ctx, d.program, args...)
	command.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "CARNET_") }),
		"CARNET_DATA="+d.data, "NO_PROXY=127.0.0.1")
	command.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err := command.Run()
	d.out.result(out.String() + errs.String())
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fault.New(fault.Internal, "carnet %s ended with exit code %d", args[0], exit.ExitCode())
	}
	if err != nil {
		return fault.Wrap(fault.Internal, err, "carnet could not be started")
	}
	return nil
}

func (d *demo) title(text string) {
	d.step++
	d.out.title(fmt.Sprintf("%d. %s", d.step, text))
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
