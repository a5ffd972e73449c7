package sqlite_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/sqlite"
)

// TestMain runs this binary as another process of the store if a test started it as one.
func TestMain(m *testing.M) {
	role, path := os.Getenv("CARNET_TEST_ROLE"), os.Getenv("CARNET_TEST_PATH")
	roles := map[string]func(driver.Driver) error{"count": count, "write": writeForever}
	if roles[role] == nil {
		os.Exit(m.Run())
	}
	d, err := sqlite.Open(context.Background(), path)
	if err == nil {
		err = roles[role](d)
	}
	if err == nil {
		err = d.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func process(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self)
	c.Env = append(os.Environ(), "CARNET_TEST_ROLE="+role, "CARNET_TEST_PATH="+path)
	return c
}

const additions = 25

// count adds ones to a counter that other processes count too.
func count(d driver.Driver) error {
	ctx := context.Background()
	for n := 0; n < additions; {
		r, err := d.Get(ctx, "counter", "one")
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		before, _ := strconv.Atoi(string(r.Body)) // none yet: 0
		next := driver.Record{Kind: "counter", ID: "one", Revision: rand.Int64() | 1, Body: []byte(strconv.Itoa(before + 1))}
		switch err := d.Put(ctx, next, r.Revision); {
		case err == nil:
			n++
		case !fault.Is(err, fault.Conflict):
			return err
		}
	}
	return nil
}

// TestProcessesShareAFile starts processes at once on a file that is not there yet, several times: making it is a race too.
func TestProcessesShareAFile(t *testing.T) {
	for range 5 {
		path := filepath.Join(t.TempDir(), "carnet.db")
		var work sync.WaitGroup
		const processes = 6
		for range processes {
			c := process(t, "count", path)
			work.Go(func() {
				if out, err := c.CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, out)
				}
			})
		}
		work.Wait()
		r, err := open(t, path).Get(t.Context(), "counter", "one")
		if err != nil || string(r.Body) != strconv.Itoa(processes*additions) {
			t.Fatalf("%s of %d additions are there: %v", r.Body, processes*additions, err)
		}
	}
}

// writeForever writes record after record, and says so of each that is durable. A number fills the body, so a torn one shows.
func writeForever(d driver.Driver) error {
	ctx := context.Background()
	for n := time.Now().UnixNano(); ; n++ {
		r := driver.Record{Kind: "thing", ID: strconv.FormatInt(n, 10), Revision: n, Due: time.UnixMilli(n), Body: filled(n)}
		if err := d.Put(ctx, r, 0); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

func filled(n int64) []byte {
	return bytes.Repeat([]byte(strconv.FormatInt(n, 10)+" "), 1+int(n%7)*300)
}

// TestAKilledProcessLosesNothing kills writers at any moment: what they were told is durable is there, whole, and so is
// whatever else is there.
func TestAKilledProcessLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "carnet.db")
	told := map[string]bool{}
	for range 20 {
		for _, id := range killed(t, path) {
			told[id] = true
		}
		d, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		all, err := d.List(t.Context(), "thing", driver.Page{Limit: 1e6})
		if err != nil {
			t.Fatal(err)
		}
		missing := len(told)
		for _, r := range all {
			n, err := strconv.ParseInt(r.ID, 10, 64)
			if err != nil || r.Revision != n || !r.Due.Equal(time.UnixMilli(n)) || !bytes.Equal(r.Body, filled(n)) {
				t.Errorf("record %q is torn: %v", r.ID, err)
			}
			if told[r.ID] {
				missing--
			}
		}
		if missing != 0 {
			t.Errorf("%d of %d durable records are gone", missing, len(told))
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

// killed runs a writer, kills it, and returns what it said was durable.
func killed(t *testing.T, path string) []string {
	t.Helper()
	c := process(t, "write", path)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n') // it is under way
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(time.Duration(rand.IntN(40_000))*time.Microsecond, func() { c.Process.Kill() })
	rest, err := io.ReadAll(lines)
	c.Wait() // it was killed: an error by design
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Split(first+string(rest), "\n")
	return said[:len(said)-1] // the last line is empty, or was cut off
}
