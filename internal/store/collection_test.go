package store_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/mem"
	"carnet.dev/carnet/internal/store/sqlite"
	"carnet.dev/carnet/internal/token"
)

var sameSecret = cmp.Comparer(func(a, b seal.Secret) bool { return a.Equal(b) })

var when = time.Date(2026, 1, 2, 3, 4, 5, 678_901_234, time.UTC)

// full is an integration with a secret in every kind of place; each secret's text begins with "hidden".
func full(name string) integration.Integration {
	return integration.Integration{UID: "uid", Name: name, Model: "Zoom API:2.0.0", Created: when, Updated: when,
		Settings: integration.Settings{
			TLS: integration.TLS{Enabled: true, Key: seal.NewSecret("hidden TLS key\nof " + name)},
			Authentication: map[string]integration.Authentication{
				"OAuth/2~": {ClientID: "id", ClientSecret: seal.NewSecret("hidden client secret"), Password: seal.NewSecret("hidden password"),
					Parameters: map[string]seal.Secret{"a": seal.NewSecret("hidden a"), "b": seal.NewSecret("hidden b"), "none": {}}},
				"Key": {Value: seal.NewSecret("hidden value")},
			},
			Security:  []model.Requirement{{"Key": nil}},
			Variables: map[string]jsontext.Value{"x": jsontext.Value(`{"twice":1,"twice":2}`)},
		}}
}

func TestAValueComesBackWithItsSecrets(t *testing.T) {
	data, keys := mem.New(), newKeys(t)
	wanted := full("zoom")
	revision, err := open(t, data.Open(), keys).Integrations.Put(t.Context(), "zoom", wanted, 0)
	if err != nil {
		t.Fatal(err)
	}
	got, read, err := open(t, data.Open(), keys).Integrations.Get(t.Context(), "zoom")
	if err != nil || read != revision {
		t.Fatalf("revision %d, want %d: %v", read, revision, err)
	}
	nothing := cmp.Comparer(func(a, b []string) bool { return slices.Equal(a, b) })
	if diff := cmp.Diff(wanted, got, sameSecret, nothing); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWhoCopiesTheDatabaseLearnsNoSecret looks at every byte of the files.
func TestWhoCopiesTheDatabaseLearnsNoSecret(t *testing.T) {
	dir := t.TempDir()
	d, err := sqlite.Open(t.Context(), filepath.Join(dir, "carnet.db"))
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, d, newKeys(t))
	hidden := seal.NewSecret("hidden")
	_, e1 := s.Integrations.Put(t.Context(), "zoom", full("zoom"), 0)
	_, e2 := s.Tokens.Put(t.Context(), "t", token.Record{Configuration: hidden, Token: token.Token{AccessToken: hidden, RefreshToken: hidden}}, 0)
	_, e3 := s.Users.Put(t.Context(), "u", access.User{Password: hidden}, 0)
	_, e4 := s.Accounts.Put(t.Context(), "a", access.Account{Secret: hidden}, 0)
	for _, err := range []error{e1, e2, e3, e4} {
		if err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("the files are %q: %v", files, err)
	}
	seen := 0
	for _, file := range files {
		bytesOf, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		seen += bytes.Count(bytesOf, []byte("Zoom API:2.0.0"))
		for _, form := range []string{"hidden", hex.EncodeToString([]byte("hidden")), base64.StdEncoding.EncodeToString([]byte("hidden"))} {
			if bytes.Contains(bytesOf, []byte(form)) {
				t.Errorf("%s holds %q", filepath.Base(file), form)
			}
		}
	}
	if seen == 0 {
		t.Error("what is no secret can't be found either: the test shows nothing")
	}
}

// TestASecretOpensInItsPlaceOnly has somebody who can write the database, but has no key, move sealed secrets around.
func TestASecretOpensInItsPlaceOnly(t *testing.T) {
	swap := func(a, b string) func(string) string { // two members' values
		return func(body string) string {
			from := func(name string) string {
				_, rest, ok := strings.Cut(body, `"`+name+`":"`)
				if !ok {
					t.Fatalf("there is no %s in %s", name, body)
				}
				value, _, _ := strings.Cut(rest, `"`)
				return value
			}
			return strings.NewReplacer(from(a), from(b), from(b), from(a)).Replace(body)
		}
	}
	for name, test := range map[string]struct {
		id     string
		tamper func(body string) string
	}{
		"to another record":      {"other", func(body string) string { return body }},
		"to another field":       {"zoom", swap("client_secret", "password")},
		"to another name":        {"zoom", swap("a", "b")},
		"to another scheme":      {"zoom", func(body string) string { return strings.ReplaceAll(body, `"Key"`, `"Yek"`) }},
		"plain text in place":    {"zoom", func(body string) string { return strings.ReplaceAll(body, "sealed:v1:", "hidden") }},
		"a number in its place":  {"zoom", func(body string) string { return replaceMember(body, "password", "12") }},
		"an object in its place": {"zoom", func(body string) string { return replaceMember(body, "password", `{"hidden":1}`) }},
	} {
		data, keys := mem.New(), newKeys(t)
		s, d := open(t, data.Open(), keys), data.Open()
		if _, err := s.Integrations.Put(t.Context(), "zoom", full("zoom"), 0); err != nil {
			t.Fatal(err)
		}
		r, err := d.Get(t.Context(), "integration", "zoom")
		if err != nil {
			t.Fatal(err)
		}
		replaces := r.Revision
		if r.ID = test.id; test.id != "zoom" {
			replaces = 0
		}
		r.Body = []byte(test.tamper(string(r.Body)))
		if err := d.Put(t.Context(), r, replaces); err != nil {
			t.Fatal(err)
		}
		_, _, err = s.Integrations.Get(t.Context(), test.id)
		if err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

func replaceMember(body, name, value string) string {
	before, rest, _ := strings.Cut(body, `"`+name+`":"`)
	_, after, _ := strings.Cut(rest, `"`)
	return before + `"` + name + `":` + value + after
}

func TestEveryWriteNamesWhatItReplaces(t *testing.T) {
	s := open(t, mem.New().Open(), newKeys(t))
	put := func(value string, replaces int64) (int64, error) {
		return s.Users.Put(t.Context(), "ada", access.User{Stamp: value}, replaces)
	}
	_, _, none := s.Users.Get(t.Context(), "ada")
	first, err := put("first", 0)
	if err != nil {
		t.Fatal(err)
	}
	_, twice := put("twice", 0)
	second, err := put("second", first)
	if err != nil || second == first {
		t.Fatalf("revision %d after %d: %v", second, first, err)
	}
	_, late := put("late", first)
	lateDelete := s.Users.Delete(t.Context(), "ada", first)
	if got, _, err := s.Users.Get(t.Context(), "ada"); err != nil || got.Stamp != "second" {
		t.Errorf("the value is %q: %v", got.Stamp, err)
	}
	if err := s.Users.Delete(t.Context(), "ada", second); err != nil {
		t.Error(err)
	}
	gone := s.Users.Delete(t.Context(), "ada", second)
	_, gonePut := put("gone", second)
	for name, e := range map[string]struct {
		err  error
		kind fault.Kind
	}{
		"none": {none, fault.NotFound}, "twice": {twice, fault.Conflict}, "late": {late, fault.Conflict},
		"late delete": {lateDelete, fault.Conflict}, "gone": {gone, fault.NotFound}, "put over gone": {gonePut, fault.Conflict},
	} {
		if !fault.Is(e.err, e.kind) {
			t.Errorf("%s: %v", name, e.err)
		}
	}
}

func TestAWalkHasNoEndAtAPage(t *testing.T) {
	s := open(t, mem.New().Open(), newKeys(t))
	var wanted []string
	for i := range 1000 {
		id := fmt.Sprintf("%d/%03d", i%2, i)
		if _, err := s.Users.Put(t.Context(), id, access.User{Name: id}, 0); err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 {
			wanted = append(wanted, id)
		}
	}
	var got []string
	for e, err := range s.Users.All(t.Context(), "1/") {
		if err != nil || e.ID != e.Value.Name || e.Revision == 0 {
			t.Fatalf("%+v: %v", e, err)
		}
		got = append(got, e.ID)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for range s.Users.All(t.Context(), "") {
		break // a walk may be left
	}
}

func TestDueRecordsAreFound(t *testing.T) {
	s := open(t, mem.New().Open(), newKeys(t))
	record := func(id string, expires time.Time, used bool) {
		r := token.Record{ID: id, Used: used, Token: token.Token{AccessToken: seal.NewSecret("hidden"), CreatedAt: when, ExpiresAt: expires}}
		if _, err := s.Tokens.Put(t.Context(), id, r, 0); err != nil {
			t.Fatal(err)
		}
	}
	record("hour", when.Add(time.Hour), true)
	record("minutes", when.Add(10*time.Minute), true)
	record("unused", when.Add(time.Minute), false)
	record("forever", time.Time{}, true)
	due, err := s.Tokens.Due(t.Context(), when.Add(24*time.Hour), 9)
	if err != nil || len(due) != 2 || due[0].ID != "minutes" || due[1].ID != "hour" || due[0].Value.Token.AccessToken.Reveal() != "hidden" {
		t.Errorf("due are %v: %v", due, err)
	}
	if due, err := s.Tokens.Due(t.Context(), when, 9); err != nil || len(due) != 0 {
		t.Errorf("due are %v: %v", due, err)
	}
}

// TestAWriteThatMayHaveHappened has the driver lose its answer.
func TestAWriteThatMayHaveHappened(t *testing.T) {
	for _, happens := range []bool{true, false} {
		d := &tampered{Driver: mem.New().Open()}
		s := open(t, d, newKeys(t))
		d.put = func(r driver.Record, replaces int64) error {
			if happens {
				if err := d.Driver.Put(t.Context(), r, replaces); err != nil {
					return err
				}
			}
			return fault.New(fault.Unavailable, "the connection was lost")
		}
		revision, err := s.Users.Put(t.Context(), "ada", access.User{Name: "ada"}, 0)
		if happens != (err == nil) {
			t.Errorf("it happened (%v), but Put says: %v", happens, err)
		}
		if _, stored, _ := s.Users.Get(t.Context(), "ada"); happens && stored != revision {
			t.Errorf("revision %d, want %d", stored, revision)
		}
	}
}

// TestAWriteThatWasLostIsTriedAgain has the driver lose a write before it happens, or happen late.
func TestAWriteThatWasLostIsTriedAgain(t *testing.T) {
	for _, late := range []bool{false, true} {
		d := &tampered{Driver: mem.New().Open()}
		s := open(t, d, newKeys(t))
		lost := 0
		var first driver.Record
		d.put = func(r driver.Record, replaces int64) error {
			if lost++; lost == 1 {
				first = r
				return fault.New(fault.Unavailable, "the connection was lost")
			}
			if late { // the first one overtakes
				if err := d.Driver.Put(t.Context(), first, replaces); err != nil {
					t.Error(err)
				}
			}
			return d.Driver.Put(t.Context(), r, replaces)
		}
		revision, err := s.Users.Put(t.Context(), "ada", access.User{Name: "ada"}, 0)
		if err != nil || lost != 2 {
			t.Errorf("late %v: %d writes: %v", late, lost, err)
		}
		if _, stored, err := s.Users.Get(t.Context(), "ada"); err != nil || stored != revision {
			t.Errorf("late %v: revision %d, want %d: %v", late, stored, revision, err)
		}
	}
}
