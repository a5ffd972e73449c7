package integration_test

import (
	"testing"
	"time"

	"carnet.dev/carnet/internal/integration"
)

// A turn is taken by one, who has 20 s for it, and comes again after the interval; a clock that is off does not stop it.
func TestDeviceTurn(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		interval  float64
		next      time.Duration
		wait, now time.Duration // how long it is still away; when it is taken: when the next one is
	}{
		"its time has come":              {5, 0, 0, 20 * time.Second},
		"it came long ago":               {5, -time.Hour, 0, 20 * time.Second},
		"it is away":                     {5, 4 * time.Second, 4 * time.Second, 0},
		"somebody is asking":             {5, 20 * time.Second, 20 * time.Second, 0},
		"by a clock that is a day ahead": {5, 24 * time.Hour, 0, 20 * time.Second},
		"a long interval":                {60, 59 * time.Second, 59 * time.Second, 0},
	} {
		d := integration.Device{Interval: test.interval, Next: now.Add(test.next)}
		taken, wait := d.Turn(now)
		if wait != test.wait || wait == 0 && taken.Next.Sub(now) != test.now || wait > 0 && taken != d {
			t.Errorf("%s: it is %s away, then %s", name, wait, taken.Next.Sub(now))
		}
	}
}

// RFC 8628 3.5: slow_down adds five seconds for good; where no answer comes it is asked half as often.
func TestDeviceInterval(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	d := integration.Device{Interval: 5}
	for i, step := range []struct {
		do   func() integration.Device
		want float64
	}{
		{func() integration.Device { return d.Pending(now, false) }, 5},
		{func() integration.Device { return d.Pending(now, true) }, 10},
		{func() integration.Device { return d.Pending(now, true) }, 15},
		{func() integration.Device { return d.Pending(now, false) }, 15},
		{func() integration.Device { return d.Failed(now, "away") }, 30},
		{func() integration.Device { return d.Failed(now, "away") }, 60},
		{func() integration.Device { return d.Failed(now, "away") }, 60},
		{func() integration.Device { return d.Pending(now, true) }, 60},
	} {
		cause := ""
		if d = step.do(); d.Cause != "" {
			cause = "away"
		}
		if d.Interval != step.want || d.Next.Sub(now).Seconds() != step.want || d.Cause != cause {
			t.Errorf("step %d: %+v, want %v s", i, d, step.want)
		}
	}
}
