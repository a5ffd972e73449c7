package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/shell"
)

// A connecting is a person's consent from the command line.
type connecting struct {
	*program
	client       *client.Client
	name, scheme string
	silent       bool // open no browser
	callback     bool // the browser comes back to the server
}

func (p *program) integrationConnect() *cobra.Command {
	c := connecting{program: p}
	cmd := &cobra.Command{
		Use: "connect NAME", Short: "Connect an integration to its service as a person", Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeIntegrations,
		Long: `Connect an integration for which a person has to consent. Only an administrator may: it decides whose account is used.

With the authorization code flow a browser opens at the service, somebody signs in and consents, and the browser comes back to this
command, which waits for it on 127.0.0.1. A service that wants the redirect URI registered: register one on this machine, as
http://127.0.0.1:8705/callback, and set it as redirect_uri; without one any free port is used. Where the browser runs on another
machine than this command, --callback has it come back to the server, at the redirect URI that is shown.

With the device code flow a code is shown, which somebody enters at the service in any browser.`,
		Example: "  carnet integration connect zoom\n  carnet integration connect zoom --no-browser\n  carnet --server https://carnet.example integration connect zoom --callback",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, to *client.Client) error {
				c.client, c.name = to, args[0]
				t, err := c.consent(ctx)
				if err != nil {
					return err
				}
				return p.show(t, func(w io.Writer) { printToken(w, *t) })
			})
		},
	}
	cmd.Flags().StringVar(&c.scheme, "scheme", "", "the security `scheme`, if there are several")
	cmd.RegisterFlagCompletionFunc("scheme", p.completeSchemes)
	cmd.Flags().BoolVar(&c.silent, "no-browser", false, "print the URL to open, and open nothing")
	cmd.Flags().BoolVar(&c.callback, "callback", false, "have the browser come back to the server, and not to this machine")
	return cmd
}

// consent gets a token by a person's consent: here on loopback (RFC 8252 7.3), at the server's callback, or by a device's code.
func (c *connecting) consent(ctx context.Context) (*api.Token, error) {
	here, err := c.registered(ctx)
	if err != nil {
		return nil, err
	}
	if here != nil {
		return c.onLoopback(ctx, here)
	}
	began, err := c.client.ConnectIntegration(ctx, c.name, c.scheme, api.Connect{Callback: c.callback})
	if err != nil {
		return nil, err
	}
	return c.elsewhere(ctx, began)
}

// registered is where on this machine the browser is to come back to: the integration's redirect URI, or any free port. nil: it does not.
func (c *connecting) registered(ctx context.Context) (*url.URL, error) {
	stored, err := c.client.Integration(ctx, c.name)
	if err != nil || c.callback {
		return nil, err
	}
	var settings struct {
		Authentication map[string]json.RawMessage
	}
	if err := json.Unmarshal(stored.Data.Properties.Properties, &settings); err != nil {
		return nil, err
	}
	for key, entry := range settings.Authentication {
		var own struct {
			GrantType   string `json:"grant_type"`
			RedirectURI string `json:"redirect_uri"`
		}
		if c.scheme != "" && key != c.scheme || json.Unmarshal(entry, &own) != nil || own.RedirectURI == "" && own.GrantType != "deviceCode" {
			continue
		}
		u, err := url.Parse(own.RedirectURI)
		if err == nil && u.Scheme == "http" && (net.ParseIP(u.Hostname()).IsLoopback() || u.Hostname() == "localhost") {
			return u, nil
		}
		return nil, nil
	}
	return &url.URL{Scheme: "http", Host: "127.0.0.1:0", Path: "/callback"}, nil
}

// onLoopback waits on this machine for the browser.
func (c *connecting) onLoopback(ctx context.Context, redirect *url.URL) (*api.Token, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", redirect.Host)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "can't wait for the browser at %s", redirect.Host).WithHint("end what listens there, or register another redirect_uri")
	}
	if redirect.Port() == "0" {
		redirect.Host = listener.Addr().String()
	}
	back := make(chan map[string]string)
	server := &http.Server{Handler: waiting(redirect.Path, back), ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener)
	defer server.Close()
	began, err := c.client.ConnectIntegration(ctx, c.name, c.scheme, api.Connect{RedirectURI: redirect.String()})
	if err != nil {
		return nil, err
	}
	if began.UserCode != "" {
		return c.elsewhere(ctx, began)
	}
	c.say(began.AuthorizationURL, began.Expires, "Open this in a browser on this machine, sign in and consent:\n\n  %s\n\nThe service has to know the redirect URI %s\n",
		began.AuthorizationURL, began.RedirectURI)
	ctx, cancel := context.WithDeadline(ctx, began.Expires)
	defer cancel()
	for {
		select {
		case query := <-back:
			if query["state"] != began.State {
				continue // not ours: some page tried it on (RFC 6749 10.12)
			}
			return ended(c.client.FinishConnection(ctx, query))
		case <-ctx.Done():
			return nil, c.nobody(ctx)
		}
	}
}

// elsewhere waits for what happens in a browser somewhere.
func (c *connecting) elsewhere(ctx context.Context, began api.Connection) (*api.Token, error) {
	switch {
	case began.UserCode != "":
		page := began.VerificationURIComplete
		if page == "" {
			page = began.VerificationURI
		}
		c.say(page, began.Expires, "Open this in any browser:\n\n  %s\n\nand enter the code\n\n  %s\n\n", began.VerificationURI, began.UserCode)
	case began.Callback:
		c.say(began.AuthorizationURL, began.Expires, "Open this in a browser, sign in and consent:\n\n  %s\n\nThe service has to know the redirect URI %s\n",
			began.AuthorizationURL, began.RedirectURI)
	default:
		return nil, fault.New(fault.Invalid, "redirect_uri of integration %q is neither on this machine nor the server's: %s", c.name, began.RedirectURI).
			WithHint("register http://127.0.0.1:8705/callback at the service too, and set it as redirect_uri; or use --callback")
	}
	ctx, cancel := context.WithDeadline(ctx, began.Expires)
	defer cancel()
	return c.wait(ctx, began)
}

// say tells a person what to do, and opens the page.
func (c *connecting) say(page string, expires time.Time, format string, args ...any) {
	w := printable{c.Stderr}
	fmt.Fprintf(w, format, args...)
	fmt.Fprintf(w, "Waiting until %s; Ctrl-C gives up.\n", expires.Local().Format("15:04"))
	if !c.silent {
		_ = browse(page) // the URL stands there to be opened by hand
	}
}

// nobody is the error when the time is over.
func (c *connecting) nobody(ctx context.Context) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	return fault.New(fault.Unavailable, "nobody consented in time").WithHint("try again: carnet integration connect %s", shell.Quote(c.name))
}

// wait asks the server how the connection stands, until it ends. A server that is away for a while is asked again: all is in its store.
func (c *connecting) wait(ctx context.Context, began api.Connection) (*api.Token, error) {
	pause, said := began.Interval, ""
	for {
		if !sleep(ctx, max(pause, 1)) {
			return nil, c.nobody(ctx)
		}
		connected, err := c.client.FinishConnection(ctx, map[string]string{"state": began.State})
		switch {
		case ctx.Err() != nil:
			return nil, c.nobody(ctx)
		case fault.Is(err, fault.Unavailable):
			connected.Cause = err.Error()
		case err != nil:
			return nil, err
		case connected.Token != nil:
			return connected.Token, nil
		case connected.Confirm:
			return c.confirm(ctx, began)
		default:
			pause = connected.Interval
		}
		if connected.Cause != "" && connected.Cause != said {
			said = connected.Cause
			fmt.Fprintf(printable{c.Stderr}, "carnet: still waiting, although %s\n", said)
		}
	}
}

// confirm sends the code that the browser shows, which tells that it is the browser of whoever sits here.
func (c *connecting) confirm(ctx context.Context, began api.Connection) (*api.Token, error) {
	lines := newLines(c.Stdin)
	for {
		fmt.Fprint(c.Stderr, "Code that the browser shows: ")
		select {
		case line, ok := <-lines:
			if !ok {
				return nil, fault.New(fault.Invalid, "there is nobody to type the code that the browser shows").
					WithHint("run the command in a terminal, or sign in to Carnet in that browser first")
			}
			connected, err := c.client.FinishConnection(ctx, map[string]string{"state": began.State, "confirmation": strings.TrimSpace(line)})
			if !fault.Is(err, fault.Denied) {
				return ended(connected, err)
			}
			fmt.Fprintf(printable{c.Stderr}, "carnet: %s\n", err)
		case <-ctx.Done():
			return nil, c.nobody(ctx)
		}
	}
}

// ended is the token that a connection ended with.
func ended(connected api.Connected, err error) (*api.Token, error) {
	if err == nil && connected.Token == nil {
		err = fault.New(fault.Upstream, "the server has not connected the integration").WithHint("check that a Carnet of this version listens there")
	}
	return connected.Token, err
}

// newLines hands on the lines of a reader. A read from a terminal does not end when a context does.
func newLines(r io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(r); in.Scan(); {
			lines <- in.Text()
		}
	}()
	return lines
}

// sleep waits; false: the context has ended.
func sleep(ctx context.Context, seconds float64) bool {
	timer := time.NewTimer(time.Duration(seconds * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// waiting hands on the parameters of redirects.
func waiting(path string, back chan<- map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := map[string]string{}
		for name := range r.URL.Query() {
			query[name] = r.URL.Query().Get(name)
		}
		if r.Method != http.MethodGet || r.URL.Path != path || query["state"] == "" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Referrer-Policy", "no-referrer") // the URL holds the code
		io.WriteString(w, "Carnet goes on in the terminal. You may close this page.\n")
		select {
		case back <- query:
		case <-r.Context().Done():
		}
	})
}

// browse opens a URL in the user's browser.
func browse(address string) error {
	switch runtime.GOOS {
	case "darwin":
		return exec.Command("open", address).Start()
	case "windows":
		return exec.Command("rundll32", "url.dll,FileProtocolHandler", address).Start()
	}
	return exec.Command("xdg-open", address).Start()
}
