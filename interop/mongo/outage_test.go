package mongo_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"carnet.dev/carnet/internal/store/drivertest"
	"carnet.dev/carnet/interop/mongo/wire"
)

// TestLostAnswers: the server does what it is told, and nobody hears of it.
func TestLostAnswers(t *testing.T) {
	drivertest.RunOutages(t, fresh(during(func(wire.Command) wire.Fate { return wire.Fate{Lost: true} })))
}

// TestWritesWhoseAnswersAreLost: reading goes on.
func TestWritesWhoseAnswersAreLost(t *testing.T) {
	drivertest.RunOutages(t, fresh(during(func(c wire.Command) wire.Fate {
		return wire.Fate{Lost: slices.Contains([]string{"insert", "update", "delete"}, c.Name)}
	})))
}

// TestLateCommands: a server sees a write when whoever sent it has gone long since, or has done another one.
func TestLateCommands(t *testing.T) {
	drivertest.RunOutages(t, fresh(during(func(wire.Command) wire.Fate {
		return wire.Fate{Delay: time.Duration(rand.IntN(600)) * time.Millisecond}
	})))
}

// TestNoAnswers: connections stay, and the server sees nothing and says nothing.
func TestNoAnswers(t *testing.T) {
	drivertest.RunOutages(t, fresh(func() (back func()) {
		over := make(chan struct{})
		one.OnCommand(func(wire.Command) wire.Fate { <-over; return wire.Fate{} })
		return func() { one.OnCommand(nil); close(over) }
	}))
}

// TestAFlakyNetwork: now and then a connection is cut, before or after the server has acted.
func TestAFlakyNetwork(t *testing.T) {
	drivertest.RunOutages(t, fresh(during(func(wire.Command) wire.Fate {
		n := rand.IntN(8)
		return wire.Fate{Cut: n == 0, Lost: n == 1, Twice: n == 2}
	})))
}

// during has commands meet a fate while the data is away.
func during(fate func(wire.Command) wire.Fate) func() (back func()) {
	return func() (back func()) {
		one.OnCommand(fate)
		return func() { one.OnCommand(nil) }
	}
}
