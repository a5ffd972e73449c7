package seal_test

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"carnet.dev/carnet/internal/seal"
)

type holder struct {
	Public seal.Secret            `json:"public"`
	Map    map[string]seal.Secret `json:"map"`
	Empty  seal.Secret            `json:"empty,omitzero"`
	hidden seal.Secret
}

func TestASecretPrintsNowhere(t *testing.T) {
	const text = "hunter2"
	s := seal.NewSecret(text)
	h := holder{Public: s, Map: map[string]seal.Secret{"a": s}, hidden: s}
	var out bytes.Buffer
	for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %o %b %c %U %T %p %t %e %08.3f") {
		fmt.Fprintf(&out, verb+verb+verb+"\n", s, h, &h)
	}
	fmt.Fprintln(&out, s, h, errors.Join(fmt.Errorf("about %v", s)))
	for _, l := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(l).Info("said", "secret", s, "holder", h, "pointer", &h)
	}
	for _, marshal := range []func(any) ([]byte, error){stdjson.Marshal, func(v any) ([]byte, error) { return json.Marshal(v) }} {
		b, err := marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(b); got != `{"public":"********","map":{"a":"********"}}` {
			t.Errorf("the JSON is %s", got)
		}
	}
	for _, form := range []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text), fmt.Sprintf("%d", []byte(text))} {
		if strings.Contains(out.String(), form) {
			t.Errorf("%q is printed in:\n%s", form, out.String())
		}
	}
	if s.Reveal() != text {
		t.Error("the text is lost")
	}
}

func TestEmptyAndMask(t *testing.T) {
	var empty seal.Secret
	for name, ok := range map[string]bool{
		"empty is zero":         empty.IsZero() && seal.NewSecret("").IsZero() && empty.Reveal() == "" && empty.String() == "",
		"a text is not":         !seal.NewSecret("x").IsZero(),
		"the mask is known":     seal.NewSecret(seal.Mask).IsMask() && !seal.NewSecret("x").IsMask() && !empty.IsMask(),
		"equal by text":         seal.NewSecret("x").Equal(seal.NewSecret("x")) && empty.Equal(seal.NewSecret("")),
		"different texts":       !seal.NewSecret("x").Equal(seal.NewSecret("y")) && !seal.NewSecret("x").Equal(empty),
		"a longer text differs": !seal.NewSecret("x").Equal(seal.NewSecret("xx")),
	} {
		if !ok {
			t.Error(name + ": not so")
		}
	}
	var read struct{ Secret seal.Secret }
	if err := json.Unmarshal([]byte(`{"Secret":"x"}`), &read); err != nil || read.Secret.Reveal() != "x" {
		t.Errorf("read %q: %v", read.Secret.Reveal(), err)
	}
}
