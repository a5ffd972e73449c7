package mongo_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/mongo"
	"carnet.dev/carnet/interop/mongo/wire"
)

// clean checks that an error says what to do, and nothing of the connection string.
func clean(t *testing.T, name string, err error, parts ...string) {
	t.Helper()
	all := fmt.Sprintf("%v %+v %s", err, err, fault.HintOf(err))
	for e := err; e != nil; e = errors.Unwrap(e) {
		all += fmt.Sprintf("%#v", e)
	}
	if fault.HintOf(err) == "" {
		t.Errorf("%s: %v has no hint", name, err)
	}
	for _, part := range parts {
		if strings.Contains(all, part) {
			t.Errorf("%s: %q is in %s", name, part, all)
		}
	}
}

// TestWhatCanNotBeOpenedSaysWhy has every way in which a connection string can be of no use.
func TestWhatCanNotBeOpenedSaysWhy(t *testing.T) {
	uri := database(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	address := closed.Addr().String()
	with := func(options string) string {
		return strings.Replace(uri, "mongodb://", "mongodb://somebody:hidden@", 1) + "&" + options
	}
	for name, test := range map[string]struct {
		uri  string
		kind fault.Kind
		says string // in the hint
	}{
		"nobody listens":    {"mongodb://somebody:hidden@" + address + "/carnet?serverSelectionTimeoutMS=300", fault.Unavailable, "the port"},
		"no such host":      {"mongodb://somebody:hidden@nowhere.invalid/carnet?serverSelectionTimeoutMS=300", fault.Unavailable, "DNS"},
		"a wrong password":  {with("authMechanism=SCRAM-SHA-256"), fault.Unavailable, "password"},
		"TLS where is none": {with("tls=true&serverSelectionTimeoutMS=300"), fault.Unavailable, "tls"},
		"no such CA file":   {with("tls=true&tlsCAFile=/nowhere/hidden.pem"), fault.Invalid, "files"},
		"no such mechanism": {with("authMechanism=hidden"), fault.Invalid, "options"},
	} {
		d, err := mongo.Open(t.Context(), seal.NewSecret(test.uri))
		if err == nil {
			d.Close()
			t.Errorf("%s: it was opened", name)
			continue
		}
		if !fault.Is(err, test.kind) || !strings.Contains(fault.HintOf(err), test.says) {
			t.Errorf("%s: %v is %s, hint %q", name, err, fault.KindOf(err), fault.HintOf(err))
		}
		clean(t, name, err, "hidden", "somebody", address, one.Address())
	}
}

func TestOpeningEndsWithItsContext(t *testing.T) {
	uri := database(t)
	one.OnCommand(func(wire.Command) wire.Fate { return wire.Fate{Cut: true} })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if d, err := mongo.Open(ctx, seal.NewSecret(uri)); !errors.Is(err, context.Canceled) {
		if err == nil {
			d.Close()
		}
		t.Errorf("the error is %v", err)
	}
}

// TestALostAnswerIsToldAsUnknown: a write whose answer is lost is not sent again behind its caller's back, for then the second would
// find the first in its way, and say that somebody else was there.
func TestALostAnswerIsToldAsUnknown(t *testing.T) {
	d := openDriver(t, database(t))
	r := driver.Record{Kind: "thing", ID: "one", Revision: 1, Body: []byte("{}")}
	writes := map[string]func() error{
		"insert": func() error { return d.Put(t.Context(), r, 0) },
		"update": func() error { r.Revision = 2; return d.Put(t.Context(), r, 1) },
		"delete": func() error { return d.Delete(t.Context(), "thing", "one", 2) },
	}
	for _, name := range []string{"insert", "update", "delete"} {
		var seen atomic.Int64
		one.OnCommand(func(c wire.Command) wire.Fate {
			return wire.Fate{Lost: c.Name == name && seen.Add(1) == 1}
		})
		err := writes[name]()
		if !fault.Is(err, fault.Unavailable) || seen.Load() != 1 {
			t.Errorf("%s: sent %d times: %v", name, seen.Load(), err)
		}
		clean(t, name, err, one.Address())
		got, err := d.Get(t.Context(), "thing", "one")
		if gone := fault.Is(err, fault.NotFound); gone != (name == "delete") || !gone && got.Revision != r.Revision {
			t.Errorf("%s: revision %d is there: %v", name, got.Revision, err)
		}
	}
}

// TestARepeatedCommandDoesNothing: a server that sees a write twice does it once.
func TestARepeatedCommandDoesNothing(t *testing.T) {
	d := openDriver(t, database(t))
	one.OnCommand(func(wire.Command) wire.Fate { return wire.Fate{Twice: true} })
	r := driver.Record{Kind: "thing", ID: "one", Revision: 1, Body: []byte("{}")}
	for replaces := range int64(3) {
		r.Revision = replaces + 1
		if err := d.Put(t.Context(), r, replaces); err != nil {
			t.Error(err)
		}
	}
	if err := d.Delete(t.Context(), "thing", "one", 3); err != nil {
		t.Error(err)
	}
}
