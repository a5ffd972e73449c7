package expand_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/expand"
	"carnet.dev/carnet/internal/seal"
)

var scope = expand.Scope{
	Now:  time.Date(2026, 3, 4, 5, 6, 7, 89e6, time.UTC),
	UUID: "0b0e9a52-7c5e-4cbe-9f5e-2f2f5b0c0a01",
	Lookup: func(path string) (expand.Value, bool) {
		v, ok := map[string]expand.Value{
			"client_id":              expand.Plain("ada"),
			"client_secret":          expand.Secret(seal.NewSecret("lovelace")),
			"variables.site":         expand.Plain("eu-1"),
			"steps.a.cookie:SESSION": expand.Secret(seal.NewSecret("c0ffee")),
			"env:HOME":               expand.Secret(seal.NewSecret("/home")),
			"file:/run/secrets/x-y":  expand.Secret(seal.NewSecret("from a file")),
			"empty":                  expand.Plain(""),
		}[path]
		return v, ok
	},
}

func TestExpand(t *testing.T) {
	tests := []struct{ template, want, shown string }{
		{"", "", ""},
		{"plain $ text } {", "plain $ text } {", ""},
		{"https://${variables.site}.example/t", "https://eu-1.example/t", ""},
		{"$${client_id}", "${client_id}", ""},
		{"a$$${client_id}", "a$${client_id}", ""},
		{"$${a} ${client_id}", "${a} ada", ""},
		{"${'it''s } fine'}", "it's } fine", ""},
		{"${ client_id\n+ ':' + client_secret }", "ada:lovelace", "ada:********"},
		{"Basic ${base64(client_id + ':' + client_secret)}", "Basic YWRhOmxvdmVsYWNl", "Basic ********"},
		{"${base64url('??>')}", "Pz8-", ""},
		{"${hex(sha256('abc'))}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ""},
		{"${hex(sha1('abc'))}", "a9993e364706816aba3e25717850c26c9cd0d89d", ""},
		{"${hex(md5(''))}", "d41d8cd98f00b204e9800998ecf8427e", ""},
		{"${hex(hmac_sha256('Jefe', 'what do ya want for nothing?'))}", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", ""}, // RFC 4231 4.3
		{"${hex(hmac_sha1('Jefe', 'what do ya want for nothing?'))}", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", ""},                           // RFC 2202 3
		{"${urlencode('a b&c')}${upper('x')}${lower('Y')}", "a+b%26cXy", ""},
		{"${left('grüße', 3)}${left('ab', 9)}", "grüab", ""},
		{"${left(client_secret, 4)}", "love", "********"},
		{"${now} ${now()} ${now('unix')} ${now('unixms')}", "2026-03-04T05:06:07Z 2026-03-04T05:06:07Z 1772600767 1772600767089", ""},
		{"${now('YYYY/MM/DD HH-mm-ss.SSS')}", "2026/03/04 05-06-07.089", ""},
		{"${uuid}${uuid}", scope.UUID + scope.UUID, ""},
		{"${steps.a.cookie:SESSION}", "c0ffee", "********"},
		{"${env:HOME}${file:/run/secrets/x-y}", "/homefrom a file", "****************"},
		{"[${empty}]", "[]", ""},
	}
	for _, test := range tests {
		template, err := expand.Parse(test.template)
		if err != nil {
			t.Errorf("%s: %v", test.template, err)
			continue
		}
		got, err := template.Expand(scope)
		if err != nil {
			t.Errorf("%s: %v", test.template, err)
			continue
		}
		if test.shown == "" {
			test.shown = test.want
		}
		if got.Reveal() != test.want || got.String() != test.shown || got.IsSecret() != (test.shown != test.want) {
			t.Errorf("%s: got %q, shown as %q", test.template, got.Reveal(), got)
		}
	}
}

func TestWrongTemplates(t *testing.T) {
	for template, says := range map[string]string{
		"${":                         "missing",
		"${}":                        "stands where a name",
		"${client_id":                "missing",
		"${client_id client_secret}": "} or + should",
		"${a + }":                    "stands where a name",
		"${'a}":                      "no end",
		"${base46(a)}":               "no function base46",
		"${base64()}":                "one argument",
		"${base64(a, b)}":            "one argument",
		"${hmac_sha1(a)}":            "2 arguments",
		"${now('a', 'b')}":           "0 to 1 arguments",
		"${uuid(a)}":                 "no argument",
		"${base64(a":                 "missing",
		"${base64(a b)}":             ") or a comma",
		"${a${b}}":                   "} or + should",
		"${" + strings.Repeat("hex(", 50) + "a" + strings.Repeat(")", 50) + "}": "too deep",
	} {
		if _, err := expand.Parse(template); err == nil || !strings.Contains(err.Error(), says) || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want one that says %q", template, err, says)
		}
	}
}

func TestMissingValues(t *testing.T) {
	for template, says := range map[string]string{
		"${secrets.x}":              "${secrets.x} has no value",
		"${left(client_id, 'x')}":   "number of characters",
		"${fingerprint(client_id)}": "key",
	} {
		parsed, err := expand.Parse(template)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := parsed.Expand(scope); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v %v, want an error that says %q", template, v, err, says)
		}
	}
}

func TestPaths(t *testing.T) {
	template, err := expand.Parse("${a.b}x${base64(c + ':' + hmac_sha1(d, 'e'))}${now}$${f}")
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(template.Paths()); !slices.Equal(got, []string{"a.b", "c", "d"}) {
		t.Errorf("paths %q", got)
	}
	for range template.Paths() { // stopping early is fine
		break
	}
	if template.IsConstant() || !expand.Constant("${a}").IsConstant() {
		t.Error("IsConstant is wrong")
	}
}

// Failure mode 29: however a value is printed, its secret parts do not show.
func TestValuesDoNotPrint(t *testing.T) {
	v := expand.Secret(seal.NewSecret("lovelace"))
	for _, verb := range []string{"%s", "%v", "%+v", "%q", "%x", "%d"} {
		if text := fmt.Sprintf(verb, v); strings.Contains(text, "lovelace") || strings.Contains(text, "6c6f76656c616365") {
			t.Errorf("%s shows %s", verb, text)
		}
	}
}

// A short template can't make a text that fills the memory.
func TestTextsHaveAnEnd(t *testing.T) {
	for name, text := range map[string]string{
		"functions in functions": "${" + strings.Repeat("hex(", 18) + "a" + strings.Repeat(")", 18) + "}",
		"one after another":      strings.Repeat("${a}", 2000),
		"a sum":                  "${" + strings.Repeat("a + ", 2000) + "a}",
	} {
		template, err := expand.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		long := expand.Plain(strings.Repeat("a", 1000))
		_, err = template.Expand(expand.Scope{Lookup: func(string) (expand.Value, bool) { return long, true }})
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "1 MiB") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever the template: an error of the user's, or a text that reads nothing but its paths, and shows no secret of theirs.
func FuzzExpand(f *testing.F) {
	for _, seed := range []string{"${a}", "$${", "${base64(a+'b')}", "${left(a,3)}", "${now('YYYY')}", "${'", "${hmac_sha256(a,b)}",
		"${upper(lower(a) + 'x')}${a.b/c:d@e}", "${fingerprint(a)}"} {
		f.Add(seed)
	}
	const mark = "\U000F0000" // of secrets alone
	f.Fuzz(func(t *testing.T, text string) {
		template, err := expand.Parse(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Error(err)
			}
			return
		}
		paths := slices.Collect(template.Paths())
		v, err := template.Expand(expand.Scope{Lookup: func(path string) (expand.Value, bool) {
			if !slices.Contains(paths, path) {
				t.Errorf("it reads %q besides %q", path, paths)
			}
			return expand.Secret(seal.NewSecret("s3cr3t" + mark)), true
		}})
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Error(err)
			}
			return
		}
		if !strings.Contains(text, mark) && strings.Contains(v.String(), mark) || len(paths) == 0 && v.IsSecret() {
			t.Errorf("shows %q", v)
		}
		if template.IsConstant() && !strings.Contains(text, "${") && v.Reveal() != text {
			t.Errorf("makes %q", v.Reveal())
		}
	})
}
