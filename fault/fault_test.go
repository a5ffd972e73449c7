package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"carnet.dev/carnet/fault"
)

func TestKindsHaveTheirOwnStatusAndExitCode(t *testing.T) {
	statuses, exits := map[int]fault.Kind{}, map[int]fault.Kind{}
	for _, k := range fault.Kinds() {
		if other, taken := statuses[k.Status()]; taken {
			t.Errorf("%s and %s have the status %d", k, other, k.Status())
		}
		if other, taken := exits[k.Exit()]; taken || k.Exit() == 0 {
			t.Errorf("%s and %s have the exit code %d", k, other, k.Exit())
		}
		statuses[k.Status()], exits[k.Exit()] = k, k
		if fault.Parse(k.String()) != k {
			t.Errorf("Parse(%q) is %s", k, fault.Parse(k.String()))
		}
	}
}

func TestOutermostErrorDecides(t *testing.T) {
	inner := fault.New(fault.Upstream, "the service is down").WithHint("wait")
	outer := fault.Wrap(fault.Unavailable, fmt.Errorf("asking: %w", inner), "no token")
	if got := fault.KindOf(fmt.Errorf("running: %w", outer)); got != fault.Unavailable {
		t.Errorf("kind is %s", got)
	}
	if got := fault.HintOf(outer); got != "wait" {
		t.Errorf("hint is %q", got)
	}
	if got := outer.Error(); got != "no token: asking: the service is down" {
		t.Errorf("text is %q", got)
	}
}

func TestForeignErrors(t *testing.T) {
	for err, want := range map[error]fault.Kind{
		errors.New("surprise"):                              fault.Internal,
		fmt.Errorf("reading: %w", context.Canceled):         fault.Unavailable,
		fmt.Errorf("dialing: %w", context.DeadlineExceeded): fault.Unavailable,
	} {
		if got := fault.KindOf(err); got != want {
			t.Errorf("%v is %s, want %s", err, got, want)
		}
	}
	if fault.Is(nil, fault.Internal) {
		t.Error("nil is a fault")
	}
}

func TestNearest(t *testing.T) {
	names := []string{"client_id", "client_secret", "username", "password", "token_url"}
	for word, want := range map[string]string{
		"clientid": "client_id", "clinet_secret": "client_secret", "Username": "username",
		"tokenurl": "token_url", "scope": "", "": "", "pasword": "password",
	} {
		if got := fault.Nearest(word, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
