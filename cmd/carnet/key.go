package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/cli"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
)

// noticed is after what time every server on this machine has taken up a key file that was changed: the time between two looks,
// and some for what was sealed just before and is on its way to the store.
const noticed = seal.LookEvery + 2*time.Second

func keyCommand(o *cli.Options) *cobra.Command {
	group := &cobra.Command{
		Use: "key", Short: "The keys that seal secrets in the store", Aliases: []string{"keys"}, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var alone bool
	rotate := &cobra.Command{
		Use: "rotate", Short: "Seal everything with a new key, while servers run", Args: cobra.NoArgs,
		Long: `Make the key that was added last the one to seal with, and seal anew whatever is sealed with others. If there is only one key,
one is added first. The old keys stay in the file, so that everything can be read at any time; carnet key prune drops them.

Servers on this key file take up the new key by themselves. On other machines copy the key file there after carnet key add, before
this command, and again after it. Interrupted, it goes on where it was when it is run again.`,
		Example: "  carnet key rotate\n  carnet key rotate --store @store.txt --key /etc/carnet/carnet.key",
	}
	rotate.Flags().BoolVar(&alone, "alone", false, "no other machine uses the store, so a key may be added and used at once")
	rotate.RunE = keysAct(o, func(ctx context.Context, k *keyHouse) error { return k.rotate(ctx, alone) })
	group.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List the keys, and how much is sealed with each", Args: cobra.NoArgs, Example: "  carnet key list",
			RunE: keysAct(o, func(ctx context.Context, k *keyHouse) error { return k.list(ctx) }),
		},
		&cobra.Command{
			Use: "add", Short: "Add a key, to be copied to other machines before it is used", Args: cobra.NoArgs, Example: "  carnet key add",
			Long: `Add a key to the key file. Nothing is sealed with it before carnet key rotate. Copy the key file to every other machine that uses
the store meanwhile, so that all can read what will be sealed with it.`,
			RunE: keysAct(o, func(_ context.Context, k *keyHouse) error { return k.add() }),
		},
		rotate,
		&cobra.Command{
			Use: "prune", Short: "Drop the old keys, when nothing is sealed with them", Args: cobra.NoArgs, Example: "  carnet key prune",
			Long: `Drop the keys that are older than the one that is sealed with. It looks first whether anything in the store is sealed with
them, and drops none if so. Backups of the database from before the rotation need the old key file: keep it with them.`,
			RunE: keysAct(o, func(ctx context.Context, k *keyHouse) error { return k.prune(ctx) }),
		},
	)
	return group
}

// A keyHouse is a store with its key file, open for a command of keys.
type keyHouse struct {
	house
	store     *store.Store
	keys      *seal.Keyring
	output    string
	out, errs io.Writer
}

// keysAct opens the store and its key file for a command.
func keysAct(o *cli.Options, act func(context.Context, *keyHouse) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		if err := here(cmd); err != nil {
			return err
		}
		h, err := locate(*o)
		if err != nil {
			return err
		}
		s, keys, err := h.enter(cmd.Context())
		if err != nil {
			return err
		}
		k := &keyHouse{h, s, keys, o.Output, cmd.OutOrStdout(), cmd.ErrOrStderr()}
		return errors.Join(act(cmd.Context(), k), s.Close())
	}
}

// here refuses --server for a command that works on the store itself.
func here(cmd *cobra.Command) error {
	if f := cmd.Flag("server"); f != nil && f.Changed {
		return fault.New(fault.Invalid, "%s works on the store itself, not through a server", cmd.CommandPath()).
			WithHint("run it where the key file is, with --store and --key, or --data")
	}
	return nil
}

// A keyLine is a key as it is listed.
type keyLine struct {
	ID      uint32 `json:"id"`
	State   string `json:"state"`
	Records int    `json:"records"`
	Values  int    `json:"values"`
}

// States of a key.
const (
	keyPrimary = "primary" // it is sealed with
	keyOld     = "old"     // read with, until it is dropped
	keyNew     = "new"     // added, and not used yet
	keyMissing = "missing" // something is sealed with it, and it is not in the file
)

// lines lists the keys, the oldest first, and then those that something is sealed with although they are not in the file.
func (k *keyHouse) lines(ctx context.Context) ([]keyLine, error) {
	sealed, err := k.store.Sealed(ctx)
	if err != nil {
		return nil, err
	}
	var all []keyLine
	state := keyOld
	for _, key := range k.keys.Keys() {
		own := state
		if key.Primary {
			own, state = keyPrimary, keyNew
		}
		all = append(all, keyLine{key.ID, own, sealed[key.ID].Records, sealed[key.ID].Values})
		delete(sealed, key.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(sealed)) {
		all = append(all, keyLine{id, keyMissing, sealed[id].Records, sealed[id].Values})
	}
	return all, nil
}

func (k *keyHouse) list(ctx context.Context) error {
	lines, err := k.lines(ctx)
	if err != nil {
		return err
	}
	return cli.Show(k.out, k.output, map[string]any{"file": k.key, "keys": lines}, func(w io.Writer) {
		fmt.Fprintln(w, "KEY\tSTATE\tRECORDS\tSEALED VALUES")
		for _, l := range lines {
			fmt.Fprintf(w, "%d\t%s\t%d\t%d\n", l.ID, l.State, l.Records, l.Values)
		}
	})
}

func (k *keyHouse) add() error {
	id, err := seal.AddKey(k.key)
	if err != nil {
		return err
	}
	fmt.Fprintf(k.out, "Added the key %d to %s; nothing is sealed with it yet.\n", id, k.key)
	fmt.Fprintln(k.errs, "carnet: copy the key file to every other machine that uses the store, then run carnet key rotate")
	return nil
}

func (k *keyHouse) rotate(ctx context.Context, alone bool) error {
	id, err := k.next(alone)
	if err != nil {
		return err
	}
	if err := k.wait(ctx, "servers on this key file take it up"); err != nil {
		return err
	}
	written, err := k.reseal(ctx)
	if err != nil {
		if ctx.Err() != nil {
			fmt.Fprintf(k.errs, "carnet: %d records are sealed with the key %d; carnet key rotate goes on with the rest, and all can be read meanwhile\n", written, id)
		}
		return err
	}
	fmt.Fprintf(k.out, "Everything is sealed with the key %d; %d records were written.\n", id, written)
	fmt.Fprintln(k.errs, "carnet: copy the key file to every other machine that uses the store, and keep the old one with backups; carnet key prune drops the old keys")
	return nil
}

// next makes the newest key primary, and a new one if there is no other. It returns the primary one. What it does is done once:
// run again before the old keys are dropped, the same key stays.
func (k *keyHouse) next(alone bool) (uint32, error) {
	keys := k.keys.Keys()
	newest := keys[len(keys)-1]
	if len(keys) == 1 {
		if shared(k.place) && !alone {
			return 0, fault.New(fault.Invalid, "no key has been added yet, and other machines could not read what is sealed with a fresh one").
				WithHint("run carnet key add, copy %s to each machine, then rotate; or say --alone if there is no other", k.key)
		}
		id, err := seal.AddKey(k.key)
		if err != nil {
			return 0, err
		}
		newest = seal.Key{ID: id}
	}
	if !newest.Primary {
		if err := seal.SetPrimary(k.key, newest.ID); err != nil {
			return 0, err
		}
		fmt.Fprintf(k.out, "The key %d is now sealed with.\n", newest.ID)
	}
	return newest.ID, k.keys.Reload()
}

// wait waits until everybody on this machine has noticed the last change of the key file.
func (k *keyHouse) wait(ctx context.Context, what string) error {
	info, err := os.Stat(k.key)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the key file can't be read")
	}
	left := min(noticed-time.Since(info.ModTime()), noticed) // a clock may have been set back
	if left <= 0 {
		return nil
	}
	fmt.Fprintf(k.errs, "carnet: waiting %s, until %s\n", left.Round(time.Second/10), what)
	select {
	case <-time.After(left):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// passes is how often everything is looked at, at most, for what others have sealed with an old key meanwhile.
const passes = 5

// reseal seals everything anew until nothing is left to do.
func (k *keyHouse) reseal(ctx context.Context) (written int, err error) {
	line := newBar(k.errs, "sealing")
	defer line.done()
	for range passes {
		n, err := k.store.Reseal(ctx, line.show)
		written += n
		if err != nil || n == 0 {
			return written, err
		}
	}
	return written, fault.New(fault.Conflict, "somebody goes on sealing with an old key").
		WithHint("copy the key file to the machines whose servers do, and run carnet key rotate again")
}

func (k *keyHouse) prune(ctx context.Context) error {
	if err := k.wait(ctx, "servers on this key file have taken up its last change"); err != nil {
		return err
	}
	lines, err := k.lines(ctx)
	if err != nil {
		return err
	}
	var old []uint32
	left := 0
	for _, l := range lines {
		if l.State == keyOld {
			old = append(old, l.ID)
			left += l.Records
		}
	}
	switch {
	case left > 0:
		return fault.New(fault.Conflict, "%d records are sealed with old keys; none was dropped", left).
			WithHint("carnet key rotate seals them anew; if there are more each time, a server on another machine has an older key file")
	case len(old) == 0:
		fmt.Fprintln(k.out, "There is no old key.")
		return nil
	}
	if err := seal.DropKeys(k.key, old); err != nil {
		return err
	}
	fmt.Fprintf(k.out, "Dropped %d old keys from %s; nothing was sealed with them.\n", len(old), k.key)
	fmt.Fprintln(k.errs, "carnet: backups of the database from before the rotation need the old key file; copy this one to every other machine that uses the store")
	return nil
}
