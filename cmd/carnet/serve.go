package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/cli"
	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/metrics"
	"carnet.dev/carnet/internal/outbound"
	"carnet.dev/carnet/internal/reference"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/server"
	"carnet.dev/carnet/internal/web"
)

// serveFlags are the flags of carnet serve.
type serveFlags struct {
	listen, tlsCert, tlsKey  string
	publicURL                string
	insecure                 bool
	noMetrics, noPage        bool
	passwordFile             string
	allow, deny              []string
	allowEnv, allowFile      []string
	logLevel, logFormat      string
	tokenTimeout, auditsKept time.Duration
}

func serveCommand(o *cli.Options) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve the page and the HTTP API", Args: cobra.NoArgs,
		Long: `Serve the page, at /, and the HTTP API beside it on the data directory, and renew tokens ahead of their expiry.

The first start makes the user admin and shows its password once, unless --admin-password-file gives one. Other addresses than
loopback are served only with TLS, or with --insecure-listen where something else encrypts the connections.`,
		Example: `  carnet serve
  carnet serve --listen :8443 --tls-cert cert.pem --tls-key key.pem --public-url https://carnet.example:8443
  carnet serve --egress-deny 127.0.0.0/8 --egress-deny ::1/128`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), *o, f, cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8700", "the `address` to listen on")
	flags.StringVar(&f.tlsCert, "tls-cert", "", "serve TLS with this certificate `file` (PEM, with its chain)")
	flags.StringVar(&f.tlsKey, "tls-key", "", "and this key `file`")
	flags.StringVar(&f.publicURL, "public-url", os.Getenv("CARNET_PUBLIC_URL"), "the server's `URL` as browsers see it, to which services send them back (CARNET_PUBLIC_URL); that of --listen by default, if it is on loopback")
	flags.BoolVar(&f.insecure, "insecure-listen", false, "allow another address than loopback without TLS")
	flags.StringVar(&f.passwordFile, "admin-password-file", "", "on the first start take the password of admin from this `file`")
	flags.StringSliceVar(&f.allow, "egress-allow", words(os.Getenv("CARNET_EGRESS_ALLOW")), "send requests to these `networks` only (CARNET_EGRESS_ALLOW)")
	flags.StringSliceVar(&f.deny, "egress-deny", words(os.Getenv("CARNET_EGRESS_DENY")), "send no requests to these `networks` (CARNET_EGRESS_DENY)")
	flags.StringSliceVar(&f.allowEnv, "allow-env", words(os.Getenv("CARNET_ALLOW_ENV")), "let settings refer to these `variables`, NAME or PREFIX_*, as ${env:NAME} (CARNET_ALLOW_ENV)")
	flags.StringSliceVar(&f.allowFile, "allow-file", words(os.Getenv("CARNET_ALLOW_FILE")), "let settings refer to files in these `directories`, as ${file:/path} (CARNET_ALLOW_FILE)")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	flags.StringVar(&f.logFormat, "log-format", "text", "text or json")
	flags.DurationVar(&f.tokenTimeout, "token-timeout", 15*time.Second, "how long a token endpoint may take")
	flags.BoolVar(&f.noMetrics, "no-metrics", false, "do not serve /metrics, which anybody may read who can reach the server")
	flags.BoolVar(&f.noPage, "no-page", false, "do not serve the page at /, only the API")
	flags.DurationVar(&f.auditsKept, "audit-retention", 0, "for how long audit entries are kept; 0: for ever")
	return cmd
}

// words splits a list of an environment variable.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

func serve(ctx context.Context, at cli.Options, f serveFlags, out io.Writer) error {
	log, err := f.logger(out)
	if err != nil {
		return err
	}
	listener, err := f.listener()
	if err != nil {
		return err
	}
	defer listener.Close()
	egress, err := policy(f.allow, f.deny)
	if err != nil {
		return err
	}
	public, err := f.public(listener.Addr())
	if err != nil {
		return err
	}
	o := hub.Options{Egress: outbound.Options{Policy: egress}, AuditRetention: f.auditsKept, PublicURL: public}
	if o.References, err = references(at, f.allowEnv, f.allowFile); err != nil {
		return err
	}
	o.Token.AskTimeout = f.tokenTimeout
	m := metrics.New(version())
	observe := observer{m, log}
	o.Token.Observer = observe
	c, err := open(ctx, at, o, m)
	if err != nil {
		return err
	}
	err = firstAdmin(ctx, c.hub, f.passwordFile, out)
	if err == nil {
		api := server.Options{Logger: log, Observe: m.Request}
		if !f.noMetrics {
			api.Metrics = m.Handler()
		}
		if !f.noPage {
			api.IntegrationPage = web.IntegrationURL
		}
		handler := server.New(c.hub, api)
		if !f.noPage {
			handler = withPage(web.New(c.hub, web.Options{Logger: log, Observe: m.Request, Version: version()}), handler)
		}
		handler = withGallery(ctx, handler)
		watching, stop := context.WithCancel(ctx)
		var work sync.WaitGroup
		work.Go(func() { observe.watch(watching, c.hub) })
		err = listenAndServe(ctx, c.hub, listener, handler, log)
		stop()
		work.Wait()
	}
	return errors.Join(err, c.close())
}

// withPage serves the page where its paths are, and the API everywhere else. A mux would clean paths, which may hold any id.
func withPage(page, api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if web.Owns(r.URL.Path) {
			page.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// listenAndServe serves until ctx ends, and lets what is under way end too.
func listenAndServe(ctx context.Context, h *hub.Hub, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	s := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       5 * time.Minute, // of a request with a large document
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	sweeping, stop := context.WithCancel(ctx)
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		h.Sweep(sweeping, func(err error) { log.Warn("background work failed", "error", err) })
	}()
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(listener) }()
	log.Info("listening", "address", listener.Addr().String())
	var err error
	select {
	case err = <-failed:
		err = fault.Wrap(fault.Unavailable, err, "the server stopped")
	case <-ctx.Done():
		log.Info("shutting down")
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		if s.Shutdown(ending) != nil {
			err = fault.New(fault.Unavailable, "requests were still under way after %s, and were cut off", closeWithin)
			s.Close()
		}
	}
	stop()
	<-swept
	return err
}

// public is the server's address as browsers see it; "" if nobody says. A code must not travel in the clear (RFC 9700 2.6), but on
// this machine it may.
func (f serveFlags) public(listening net.Addr) (string, error) {
	at, scheme := listening.(*net.TCPAddr), "http"
	if f.tlsCert != "" {
		scheme = "https"
	}
	switch {
	case f.publicURL == "" && !at.IP.IsLoopback():
		return "", nil
	case f.publicURL == "":
		return scheme + "://" + at.String(), nil
	}
	u, err := url.Parse(strings.TrimRight(f.publicURL, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", fault.New(fault.Invalid, "--public-url is no URL of a server").WithHint("write it as in https://carnet.example")
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && !ip.IsLoopback() && u.Hostname() != "localhost" {
		return "", fault.New(fault.Invalid, "--public-url is not https, and codes of services would travel in the clear").
			WithHint("serve TLS, or put something in front that does, and name its address")
	}
	return u.String(), nil
}

// listener listens where the flags say, if that is safe.
func (f serveFlags) listener() (net.Listener, error) {
	if (f.tlsCert == "") != (f.tlsKey == "") {
		return nil, fault.New(fault.Invalid, "--tls-cert and --tls-key belong together")
	}
	address, err := net.ResolveTCPAddr("tcp", f.listen)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "--listen %s is no address", f.listen).WithHint("write it as in 127.0.0.1:8700")
	}
	if !address.IP.IsLoopback() && f.tlsCert == "" && !f.insecure {
		return nil, fault.New(fault.Invalid, "%s can be reached by others, and passwords would travel in the clear", f.listen).
			WithHint("give --tls-cert and --tls-key, or --insecure-listen if something in front encrypts")
	}
	var certificate tls.Certificate
	if f.tlsCert != "" {
		if certificate, err = tls.LoadX509KeyPair(f.tlsCert, f.tlsKey); err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "--tls-cert and --tls-key can't be used")
		}
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "nobody can listen on %s", f.listen).
			WithHint("another program may use it; choose another with --listen")
	}
	if f.tlsCert != "" {
		listener = tls.NewListener(listener, &tls.Config{
			Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		})
	}
	return listener, nil
}

// firstAdmin makes the first user, and shows a password that it drew.
func firstAdmin(ctx context.Context, h *hub.Hub, passwordFile string, out io.Writer) error {
	var password seal.Secret
	if passwordFile != "" {
		data, err := os.ReadFile(passwordFile)
		if err != nil {
			return fault.Wrap(fault.Invalid, err, "--admin-password-file can't be read")
		}
		password = seal.NewSecret(strings.TrimRight(string(data), "\r\n"))
		if password.IsZero() {
			return fault.New(fault.Invalid, "--admin-password-file is empty")
		}
	}
	drawn, err := h.EnsureAdmin(ctx, password)
	if err != nil || drawn.IsZero() {
		return err
	}
	fmt.Fprintf(out, "The user admin has the password %s\nIt is not shown again; carnet user password admin sets another.\n", drawn.Reveal())
	return nil
}

func (f serveFlags) logger(out io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if level.UnmarshalText([]byte(f.logLevel)) != nil {
		return nil, fault.New(fault.Invalid, "there is no log level %q", f.logLevel).WithHint("use debug, info, warn or error")
	}
	o := &slog.HandlerOptions{Level: level}
	switch f.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(out, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(out, o)), nil
	}
	return nil, fault.New(fault.Invalid, "there is no log format %q", f.logFormat).WithHint("use text or json")
}

// references are what settings may refer to. Carnet's own key is never among it.
func references(at cli.Options, env, files []string) (reference.Allowed, error) {
	allowed := reference.Allowed{Env: env, Files: files}
	if err := allowed.Check(); err != nil || len(files) == 0 {
		return allowed, err
	}
	where, err := locate(at)
	if err == nil && allowed.Covers(where.key) {
		err = fault.New(fault.Invalid, "references can't be allowed the directory of Carnet's own key, %s", where.key).
			WithHint("name the directory that only has the secrets which are meant")
	}
	return allowed, err
}

// policy reads networks: prefixes, or single addresses.
func policy(allow, deny []string) (p outbound.Policy, err error) {
	if p.Allow, err = networks(allow); err == nil {
		p.Deny, err = networks(deny)
	}
	return p, err
}

func networks(texts []string) (all []netip.Prefix, err error) {
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if address, single := netip.ParseAddr(text); single == nil {
			prefix, err = address.Prefix(address.BitLen())
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "%q is no network", text).WithHint("write it as in 10.0.0.0/8")
		}
		all = append(all, prefix.Masked())
	}
	return all, nil
}
