package mongo_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/mongo"
)

func openDriver(t testing.TB, uri string) driver.Driver {
	t.Helper()
	d, err := mongo.Open(t.Context(), seal.NewSecret(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// bodies are what a server might take for something else, or refuse.
var bodies = map[string]string{
	"empty":             `{}`,
	"names in queries":  `{"$where":"1","a.b":{"$ref":"#/x","..":1},"$":2,".":3}`,
	"names of ours":     `{"_id":1,"rev":2,"due":3,"body":{"_id":null}}`,
	"full-width names":  "{\"oauth2\uff0e0\":1,\"\uff04x\":2}",
	"both":              "{\"a.b\":1,\"a\uff0eb\":2}",
	"an empty name":     `{"":{"":1}}`,
	"twice the name":    `{"a":1,"a":2}`,
	"a nul":             `{"a":"\u0000","b\u0000":1}`,
	"order":             `{"z":1,"a":2,"m":{"z":1,"a":2}}`,
	"integers":          `{"a":[0,-1,2147483648,9223372036854775807,-9223372036854775808]}`,
	"large numbers":     `{"a":[9223372036854775808,1e400,123456789012345678901234567890]}`,
	"fractions":         `{"a":[0.1,-2.5,1e300,5e-324]}`,
	"fractions, oddly":  `{"a":[1.0,1E5,-0,0.10]}`,
	"blanks":            "{ \"a\" :\n1 }",
	"escapes":           `{"a":"\u00e9\/\ud83d\ude00"}`,
	"half a character":  `{"a":"\ud800"}`,
	"numbered names":    `{"0":"a","1":"b"}`,
	"null and nothing":  `{"a":null,"b":[],"c":[[]],"d":[null]}`,
	"extended JSON":     `{"a":{"$oid":"000000000000000000000000"},"b":{"$numberLong":"1"},"c":{"$date":0}}`,
	"no JSON":           `{"a":`,
	"no text":           "{\xff\xfe}",
	"deep":              strings.Repeat(`{"a":[`, 44) + strings.Repeat(`]}`, 44),
	"too deep":          strings.Repeat(`{"a":[`, 500) + strings.Repeat(`]}`, 500),
	"grows":             `{"a":[1` + strings.Repeat(",1", driver.MaxBody/2-10) + `]}`,
	"as large as it is": `{"a":"` + strings.Repeat("x", driver.MaxBody-8) + `"}`,
}

func TestOddBodiesComeBack(t *testing.T) {
	d := openDriver(t, database(t))
	for name, body := range bodies {
		comesBack(t, d, name, body)
	}
}

func TestAnyBodyComesBack(t *testing.T) {
	d := openDriver(t, database(t))
	for i := range 300 {
		comesBack(t, d, fmt.Sprint("random ", i), object(4))
	}
}

// comesBack writes a body anew and again, and reads it in every way.
func comesBack(t *testing.T, d driver.Driver, id, body string) {
	t.Helper()
	r := driver.Record{Kind: "thing", ID: id, Revision: 1, Body: []byte(body)}
	for replaces := range int64(2) {
		r.Revision = replaces + 1
		if err := d.Put(t.Context(), r, replaces); err != nil {
			t.Errorf("%s: %v", id, err)
			return
		}
		got, err := d.Get(t.Context(), "thing", id)
		if err != nil || string(got.Body) != body {
			t.Errorf("%s: %.200q came back as %.200q: %v", id, body, got.Body, err)
		}
		if len(body) > 1<<20 {
			return // it takes its time
		}
		all, err := d.List(t.Context(), "thing", driver.Page{Prefix: id, Limit: 1})
		if err != nil || len(all) != 1 || string(all[0].Body) != body {
			t.Errorf("%s is not listed as it was written: %v", id, err)
		}
	}
}

// object is some JSON object, as a rule one that a document can hold.
func object(depth int) string {
	var members []string
	for i := range rand.IntN(5) {
		name := []string{"a", "b.c", "$d", "é", "x y", "0", "oauth2.0", "\uff0e"}[rand.IntN(8)]
		members = append(members, fmt.Sprintf(`"%s%d":%s`, name, i, value(depth-1)))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func value(depth int) string {
	simple := []string{"null", "true", "-1", "0", "3.25", "1.10", `""`, `"$text"`, `"\\"`, "12345678901234567890",
		fmt.Sprint(rand.Int64()), fmt.Sprint(rand.Float64())}
	switch n := rand.IntN(len(simple) + 6); {
	case n < len(simple) || depth <= 0:
		return simple[n%len(simple)]
	case n%2 == 0:
		return "[" + value(depth-1) + "," + value(depth-1) + "]"
	}
	return object(depth)
}

// TestNamesWithDotsCanBeRead: what mongosh shows of a security scheme is its name, and not a text of JSON.
func TestNamesWithDotsCanBeRead(t *testing.T) {
	uri := database(t)
	d := openDriver(t, uri)
	comesBack(t, d, "one", `{"schemes":{"oauth2.0":{"$ref":"#/x"}}}`)
	raw, err := client(t, uri).Database(nameOf(uri)).Collection("thing").FindOne(t.Context(), bson.D{{Key: "_id", Value: "one"}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := raw.Lookup("body", "schemes", "oauth2\uff0e0", "\uff04ref").StringValueOK(); !ok || got != "#/x" {
		t.Errorf("the document is %s", raw)
	}
	if bytes.Contains(raw, []byte("due")) {
		t.Errorf("what has no due time has one: %s", raw)
	}
}
