package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/user"
	"time"

	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/cli"
	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/metrics"
	"carnet.dev/carnet/internal/server"
	"carnet.dev/carnet/internal/store"
)

// closeWithin is how long a process that ends waits for token renewals to be saved.
const closeWithin = 30 * time.Second

// A carnet is a hub over a data directory.
type carnet struct {
	hub   *hub.Hub
	store *store.Store
}

// open opens the store that the options name, and makes what is not there yet: the data directory, the key file, the database.
// What happens is counted by m, unless that is nil.
func open(ctx context.Context, at cli.Options, o hub.Options, m *metrics.Metrics) (*carnet, error) {
	s, err := openStore(ctx, at, m)
	if err != nil {
		return nil, err
	}
	o.Version = version()
	o.Egress.UserAgent = "carnet/" + o.Version
	c := &carnet{hub: hub.New(s, o), store: s}
	if m != nil {
		m.Watch(c.hub)
	}
	return c, nil
}

// openStore opens the store that the options name.
func openStore(ctx context.Context, at cli.Options, m *metrics.Metrics) (*store.Store, error) {
	h, err := locate(at)
	if err != nil {
		return nil, err
	}
	if !shared(h.place) {
		if err := os.MkdirAll(at.Data, 0o700); err != nil {
			return nil, fault.Wrap(fault.Unavailable, err, "the data directory can't be made").
				WithHint("choose another with --data or CARNET_DATA")
		}
	}
	d, err := openDriver(ctx, h.place)
	if err != nil {
		return nil, err
	}
	keys, err := openKeyring(ctx, h.key, d)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if m != nil {
		d = m.Driver(d)
	}
	return store.Open(ctx, d, keys) // which closes the driver if it fails
}

// close waits for what is under way, and closes the store.
func (c *carnet) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	defer time.AfterFunc(time.Second, func() {
		fmt.Fprintln(os.Stderr, "carnet: waiting for a token renewal to be saved; interrupt again to give it up")
	}).Stop()
	return errors.Join(c.hub.Close(ctx), c.store.Close())
}

// openEmbedded serves the API of a data directory to this process alone. Whoever may read the key file is an administrator.
func openEmbedded(ctx context.Context, o cli.Options) (http.RoundTripper, func() error, error) {
	settings, err := embeddedOptions(o, os.Getenv)
	if err != nil {
		return nil, nil, err
	}
	c, err := open(ctx, o, settings, nil)
	if err != nil {
		return nil, nil, err
	}
	caller := access.Local(localUser())
	handler := server.New(c.hub, server.Options{Caller: &caller, Logger: verboseLog(o.Verbose)})
	return client.Handler(handler), c.close, nil
}

// embeddedOptions are the settings of a server that a command without one takes from the environment.
func embeddedOptions(at cli.Options, getenv func(string) string) (hub.Options, error) {
	var o hub.Options
	if text := getenv("CARNET_TOKEN_TIMEOUT"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return o, fault.New(fault.Invalid, "CARNET_TOKEN_TIMEOUT is not a duration").WithHint("write it as in 15s")
		}
		o.Token.AskTimeout = d
	}
	var err error
	if o.Egress.Policy, err = policy(words(getenv("CARNET_EGRESS_ALLOW")), words(getenv("CARNET_EGRESS_DENY"))); err != nil {
		return o, err
	}
	o.References, err = references(at, words(getenv("CARNET_ALLOW_ENV")), words(getenv("CARNET_ALLOW_FILE")))
	return o, err
}

// verboseLog logs to standard error, more the more often --verbose is given; nil: nothing.
func verboseLog(verbose int) *slog.Logger {
	if verbose == 0 {
		return nil
	}
	level := slog.LevelInfo
	if verbose > 1 {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// localUser is the name that the audit log shows for whoever runs this process.
func localUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}
