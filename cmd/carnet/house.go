package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/cli"
	"carnet.dev/carnet/internal/store"
)

func storeCommand(o *cli.Options) *cobra.Command {
	group := &cobra.Command{
		Use: "store", Short: "Move and check the store", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var from, to string
	var overwrite bool
	move := &cobra.Command{
		Use: "copy", Short: "Copy everything to another store", Args: cobra.NoArgs,
		Long: `Copy everything that one store holds to another. A place is a file, mongodb://host/database, or @file that says it, as a
connection string with a password should be given. Secrets stay sealed: the key file is not copied, and fits both.

Run again, it copies what has changed, and deletes what has gone from the source; interrupted, it goes on where it was. Until it is
done no command and no server opens the destination. Stop the servers on the source before the last run, and start none on the
destination before it is done: a refresh token that both use can be spent once only. A destination that holds other data is refused,
and so is one that has been used since it was copied, unless --overwrite says that what was done there may be lost; a token that is
newer there is kept even then, and reported.`,
		Example: "  carnet store copy --to @mongodb.txt\n  carnet store copy --from @mongodb.txt --to backup.db",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := here(cmd); err != nil {
				return err
			}
			return copyStore(cmd, *o, from, to, overwrite)
		},
	}
	move.Flags().StringVar(&from, "from", "", "the `place` to copy from; that of --store by default")
	move.Flags().StringVar(&to, "to", "", "the `place` to copy to")
	move.Flags().BoolVar(&overwrite, "overwrite", false, "copy although the destination has been used since it was copied; what was done there is lost")
	check := &cobra.Command{
		Use: "check", Short: "Check every record of the store", Args: cobra.NoArgs,
		Long: `Read every record, open every secret and follow every reference, and say of each that is not as it should be what to do about
it. Nothing is changed, and servers may run meanwhile. The exit code is 2 if something is broken; leftovers of interrupted work,
which do no harm, are only listed.`,
		Example: "  carnet store check\n  carnet store check -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := here(cmd); err != nil {
				return err
			}
			return checkStore(cmd, *o)
		},
	}
	group.AddCommand(move, check)
	return group
}

func copyStore(cmd *cobra.Command, o cli.Options, from, to string, overwrite bool) (err error) {
	if to == "" {
		return fault.New(fault.Invalid, "it is not said where to copy to").WithHint("name a file, or mongodb://host/database, with --to")
	}
	if from != "" {
		o.Store = from
	}
	ctx := cmd.Context()
	source, err := place(o, os.Getenv, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	o.Store = to
	destination, err := place(o, os.Getenv, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	s, err := existing(ctx, source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	d, err := openDriver(ctx, destination)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	line := newBar(cmd.ErrOrStderr(), "copying")
	report, err := store.Copy(ctx, s, d, store.CopyOptions{Overwrite: overwrite, Progress: line.show})
	line.done()
	if err != nil {
		if len(report.Kinds) > 0 { // it had begun
			fmt.Fprintln(cmd.ErrOrStderr(), "carnet: the copy is not finished, and nothing opens it; run the same command again to go on")
		}
		return err
	}
	return showCopy(cmd, o.Output, report)
}

func showCopy(cmd *cobra.Command, output string, report store.CopyReport) error {
	err := cli.Show(cmd.OutOrStdout(), output, report, func(w io.Writer) {
		fmt.Fprintln(w, "KIND\tWRITTEN\tTHERE ALREADY\tDELETED\tKEPT")
		for _, k := range report.Kinds {
			if k.Written+k.Same+k.Deleted+k.Kept > 0 {
				fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\n", k.Kind, k.Written, k.Same, k.Deleted, k.Kept)
			}
		}
	})
	for _, k := range report.Kept {
		fmt.Fprintf(cmd.ErrOrStderr(), "carnet: the token of %s (%s) was kept: it is the destination's %s, and the source's %s\n",
			k.Integration, k.Scheme, nth(k.There), nth(k.Here))
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "carnet: the copy is complete; it needs the same key file, which was not copied")
	return err
}

// nth is a generation of tokens as people read it.
func nth(generation int64) string {
	if generation == 0 {
		return "none"
	}
	return fmt.Sprintf("number %d", generation)
}

func checkStore(cmd *cobra.Command, o cli.Options) (err error) {
	ctx := cmd.Context()
	h, err := locate(o)
	if err != nil {
		return err
	}
	s, _, err := h.enter(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	report, err := runCheck(ctx, s, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	if err := cli.Show(cmd.OutOrStdout(), o.Output, report, func(w io.Writer) { printCheck(w, report) }); err != nil {
		return err
	}
	if report.Broken() {
		return fault.New(fault.Invalid, "something in the store is broken").WithHint("what to do is said of each; carnet store check again shows whether it helped")
	}
	return nil
}

func runCheck(ctx context.Context, s *store.Store, errs io.Writer) (store.CheckReport, error) {
	line := newBar(errs, "checking")
	defer line.done()
	return s.Check(ctx, line.show)
}

func printCheck(w io.Writer, report store.CheckReport) {
	fmt.Fprintln(w, "KIND\tRECORDS")
	for _, k := range report.Kinds {
		fmt.Fprintf(w, "%s\t%d\n", k.Kind, k.Records)
	}
	leftovers := 0
	for _, f := range report.Findings {
		if f.Leftover {
			leftovers++
		}
		fmt.Fprintf(w, "\n%s %s: %s\n  hint: %s\n", f.Kind, f.ID, f.What, f.Hint)
	}
	fmt.Fprintf(w, "\n%d problems, %d leftovers\n", len(report.Findings)-leftovers, leftovers)
}
