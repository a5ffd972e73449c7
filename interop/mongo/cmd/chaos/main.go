// Command chaos runs the experiments of package chaos, and prints a table.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"carnet.dev/carnet/interop/mongo/chaos"
)

func main() {
	lasts := flag.Duration("lasts", time.Minute, "how long each storm lasts")
	integrations := flag.Int("integrations", 100, "how many integrations there are")
	only := flag.String("only", "", "the storms whose name has this text in it")
	flag.Parse()
	storms := slices.DeleteFunc(chaos.Storms(), func(s chaos.Storm) bool { return !strings.Contains(s.Name, *only) })
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := chaos.Table(ctx, os.Stdout, *integrations, *lasts, storms...); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}
