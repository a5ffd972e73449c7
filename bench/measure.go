package main

import (
	"fmt"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// A cost is what a process took.
type cost struct {
	wall      time.Duration
	processor time.Duration // of all its threads; less a matter of what else the machine does
	memory    int64         // peak resident set, bytes
}

// spend runs a process and returns what it took.
func spend(name string, args ...string) (cost, error) {
	command := exec.Command(name, args...)
	began := time.Now()
	out, err := command.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		return cost{}, fmt.Errorf("%s %q: %w: %s", name, args, err, out)
	}
	usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return cost{}, fmt.Errorf("this system does not tell what a process used")
	}
	state := command.ProcessState
	return cost{wall: took, processor: state.UserTime() + state.SystemTime(), memory: usage.Maxrss * 1024}, nil
}

// pair runs two sides in turns, and returns the median of each.
func pair(rounds int, ours, theirs func() (cost, error)) (a, b cost, err error) {
	var as, bs []cost
	for range rounds {
		a, err := ours()
		if err != nil {
			return cost{}, cost{}, err
		}
		b, err := theirs()
		if err != nil {
			return cost{}, cost{}, err
		}
		as, bs = append(as, a), append(bs, b)
	}
	return median(as), median(bs), nil
}

func median(all []cost) cost {
	wall := func(c cost) time.Duration { return c.wall }
	processor := func(c cost) time.Duration { return c.processor }
	memory := func(c cost) int64 { return c.memory }
	return cost{wall: middle(all, wall), processor: middle(all, processor), memory: middle(all, memory)}
}

func middle[T int64 | time.Duration](all []cost, of func(cost) T) T {
	values := make([]T, len(all))
	for i, c := range all {
		values[i] = of(c)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func millis(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func megabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }

func ratio[T int64 | time.Duration](a, b T) string {
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}
