package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
)

func (p *program) integrationConnect() *cobra.Command {
	var scheme string
	var silent bool
	cmd := &cobra.Command{
		Use: "connect NAME", Short: "Connect an integration to its service with a browser", Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeIntegrations,
		Long: `Connect an integration by the authorization code flow: a browser opens at the service, somebody signs in and consents, and the browser
comes back to this command, which waits for it on 127.0.0.1.

A service that wants the redirect URI registered: register one on this machine, as http://127.0.0.1:8705/callback, and set it as redirect_uri.
Without one any free port is used.`,
		Example: "  carnet integration connect zoom\n  carnet integration connect zoom --no-browser",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.connect(cmd, func(ctx context.Context, c *client.Client) error {
				t, err := p.consent(ctx, c, args[0], scheme, silent)
				if err != nil {
					return err
				}
				return p.show(t, func(w io.Writer) { printToken(w, t) })
			})
		},
	}
	cmd.Flags().StringVar(&scheme, "scheme", "", "the security `scheme`, if there are several")
	cmd.Flags().BoolVar(&silent, "no-browser", false, "print the URL to open, and open nothing")
	return cmd
}

// consent waits on loopback while a person consents in a browser (RFC 8252 7.3).
func (p *program) consent(ctx context.Context, c *client.Client, name, scheme string, silent bool) (api.Token, error) {
	redirect, err := registered(ctx, c, name, scheme)
	if err != nil {
		return api.Token{}, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", redirect.Host)
	if err != nil {
		return api.Token{}, fault.Wrap(fault.Unavailable, err, "can't wait for the browser at %s", redirect.Host).WithHint("end what listens there, or register another redirect_uri")
	}
	if redirect.Port() == "0" {
		redirect.Host = listener.Addr().String()
	}
	back := make(chan map[string]string)
	server := &http.Server{Handler: waiting(redirect.Path, back), ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener)
	defer server.Close()
	connection, err := c.ConnectIntegration(ctx, name, scheme, api.Connect{RedirectURI: redirect.String()})
	if err != nil {
		return api.Token{}, err
	}
	fmt.Fprintf(p.Stderr, "Open this in a browser, sign in and consent:\n\n  %s\n\nWaiting until %s; Ctrl-C gives up.\n", connection.AuthorizationURL, connection.Expires.Local().Format("15:04"))
	if !silent {
		_ = browse(connection.AuthorizationURL) // the URL stands there to be opened by hand
	}
	ctx, cancel := context.WithDeadline(ctx, connection.Expires)
	defer cancel()
	for {
		select {
		case query := <-back:
			if query["state"] != connection.State {
				continue // not ours: some page tried it on (RFC 6749 10.12)
			}
			return c.FinishConnection(ctx, query)
		case <-ctx.Done():
			return api.Token{}, fault.Wrap(fault.Unavailable, ctx.Err(), "nobody consented").WithHint("try again: carnet integration connect %s", name)
		}
	}
}

// registered is where the browser is to come back to: the integration's redirect URI if that is on this machine, else any free port.
func registered(ctx context.Context, c *client.Client, name, scheme string) (*url.URL, error) {
	stored, err := c.Integration(ctx, name)
	if err != nil {
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
			RedirectURI string `json:"redirect_uri"`
		}
		if scheme != "" && key != scheme || json.Unmarshal(entry, &own) != nil || own.RedirectURI == "" {
			continue
		}
		u, err := url.Parse(own.RedirectURI)
		if err == nil && u.Scheme == "http" && net.ParseIP(u.Hostname()).IsLoopback() {
			return u, nil
		}
		return nil, fault.New(fault.Invalid, "redirect_uri of integration %q is not on this machine", name).
			WithHint("register http://127.0.0.1:8705/callback at the service too, and set it as redirect_uri")
	}
	return &url.URL{Scheme: "http", Host: "127.0.0.1:0", Path: "/callback"}, nil
}

// waiting hands on the parameters of redirects.
func waiting(path string, back chan<- map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := map[string]string{}
		for name := range r.URL.Query() {
			query[name] = r.URL.Query().Get(name)
		}
		if r.URL.Path != path || query["state"] == "" {
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
