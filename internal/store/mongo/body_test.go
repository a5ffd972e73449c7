package mongo

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// kept is what becomes of a body in the database, and on its way back.
func kept(t *testing.T, body string) (kind bson.Type, back string) {
	t.Helper()
	data, err := bson.Marshal(bson.D{{Key: "body", Value: encode([]byte(body))}})
	if err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	value := bson.Raw(data).Lookup("body")
	got, err := decode(value)
	if err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	return value.Type, string(got)
}

func TestABodyComesBackByteForByte(t *testing.T) {
	document, text, binary := bson.TypeEmbeddedDocument, bson.TypeString, bson.TypeBinary
	for body, want := range map[string]bson.Type{
		`{}`:                           document,
		`{"a":1,"b":[true,null,"x"]}`:  document,
		`{"b":{"z":[],"a":{}},"a":-7}`: document,
		`{"n":9223372036854775807,"f":0.1,"e":1e-7}`: document,
		`{"oauth2.0":{"$ref":"#/x"},"$where":1}`:     document,
		`{"text":"<b> & \"quoted\" é 😀 \u0000"}`:     document,
		`{"n":9223372036854775808}`:                  text,
		`{"n":12345678901234567890123}`:              text,
		`{"n":1.0}`:                                  text,
		`{"n":1E5}`:                                  text,
		`{"n":-0}`:                                   text,
		`{"a":1,"a":2}`:                              text,
		`{"a":[[1],[]]}`:                             text,
		`{"a":[{"b":[]}]}`:                           document,
		`{"":1}`:                                     text,
		`{"a\u0000b":1}`:                             text,
		`{ "a": 1 }`:                                 text,
		"{\"full\uff0ewidth\":1}":                    text,
		`{"not JSON`:                                 text,
		``:                                           binary,
		`plain`:                                      binary,
		"{\xff}":                                     binary,
		"\x28\xb5\x2f\xfd":                           binary,
		strings.Repeat(`{"a":`, 50) + `1` + strings.Repeat(`}`, 50): document,
	} {
		kind, back := kept(t, body)
		if back != body {
			t.Errorf("%q came back as %q", body, back)
		}
		if kind != want {
			t.Errorf("%q is kept as %s, want %s", body, kind, want)
		}
	}
}

func TestAnyBodyComesBack(t *testing.T) {
	for range 2000 {
		body := object(3)
		if _, back := kept(t, body); back != body {
			t.Fatalf("%s came back as %s", body, back)
		}
	}
}

// object is some JSON object.
func object(depth int) string {
	var members []string
	for i := range rand.IntN(5) {
		names := []string{"a", "b.c", "$d", "é", "x y", "0"}
		members = append(members, fmt.Sprintf("%q:%s", names[rand.IntN(len(names))]+strings.Repeat("'", i*rand.IntN(2)), value(depth-1)))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func value(depth int) string {
	simple := []string{"null", "true", "-1", "0", "3.25", "1e300", "1.10", `""`, `"text"`, `"\\"`, "12345678901234567890"}
	switch n := rand.IntN(len(simple) + 4); {
	case n < len(simple) || depth <= 0:
		return simple[n%len(simple)]
	case n%2 == 0:
		return "[" + value(depth-1) + "," + value(depth-1) + "]"
	}
	return object(depth)
}

func TestSuccessor(t *testing.T) {
	for prefix, want := range map[string]string{
		"": "", "a": "b", "zoom/": "zoom0", "\x7f": "\u0080", "\ud7ff": "\ue000", "a\U0010ffff": "b", "\U0010ffff": "", "é": "ê",
	} {
		if got := successor(prefix); got != want {
			t.Errorf("successor of %q is %q, want %q", prefix, got, want)
		}
	}
}

func TestDatabaseName(t *testing.T) {
	for uri, want := range map[string]string{
		"mongodb://127.0.0.1":                                       "carnet",
		"mongodb://127.0.0.1:27017/":                                "carnet",
		"mongodb://u:p%2Fq@a:1,b:2/secrets?replicaSet=x&w=majority": "secrets",
		"mongodb+srv://cluster.example/data":                        "data",
	} {
		if got, err := databaseName(uri); err != nil || got != want {
			t.Errorf("%s: %q, %v", uri, got, err)
		}
	}
}

func TestWhatIsNoConnectionStringIsRefusedWithoutShowingIt(t *testing.T) {
	for _, uri := range []string{
		"", "postgres://u:hidden@host/db", "mongodb://u:hid%den@host/db", "mongodb://u:hidden@host/db?nosuch=option&tls=perhaps", "mongodb://u:hidden@/",
	} {
		d, err := Open(t.Context(), seal.NewSecret(uri))
		if err == nil {
			d.Close()
			t.Errorf("%q was opened", uri)
			continue
		}
		if strings.Contains(err.Error(), "hid") || fault.HintOf(err) == "" || !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v (%v)", uri, err, fault.KindOf(err))
		}
	}
}
