package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/server"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/mem"
)

// carnets are both ways to a Carnet: in the same process, and over HTTP.
func carnets(t *testing.T) map[string]*client.Client {
	t.Helper()
	keys, err := seal.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), mem.New().Open(), keys)
	if err != nil {
		t.Fatal(err)
	}
	h := hub.New(s, hub.Options{Version: "test"})
	caller := access.Local("test")
	remote := httptest.NewServer(server.New(h, server.Options{Caller: &caller}))
	t.Cleanup(func() {
		remote.Close()
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		s.Close()
	})
	over, err := client.New(remote.URL, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*client.Client{"embedded": carnettest.New(t).Client, "over HTTP": over}
}

// withDepot makes an integration of the depot.
func withDepot(t *testing.T, c *client.Client, at string) {
	t.Helper()
	document := strings.Replace(depotDocument, `"url": "/"`, `"url": "`+at+`"`, 1)
	if _, err := c.ImportModel(t.Context(), api.ModelRequest{Model: json.RawMessage(document)}); err != nil {
		t.Fatal(err)
	}
	var settings api.Integration
	settings.Name = "depot"
	settings.Properties.Type = "Depot:1"
	if _, err := c.CreateIntegration(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
}

// TestStreams sends and gets much more than is kept in memory on the way.
func TestStreams(t *testing.T) {
	const size = 96 << 20
	service := httptest.NewServer(depot{})
	t.Cleanup(service.Close)
	for name, c := range carnets(t) {
		t.Run(name, func(t *testing.T) {
			withDepot(t, c, service.URL)
			peak := watchMemory(t)
			for what, files := range map[string][]api.File{
				"firmware, size told": {{Size: size, Content: zeros(size)}},
				"firmware":            {{Content: zeros(size)}},
				"invoice, size told":  {{Field: "file", Name: "a.pdf", Size: size, Content: zeros(size)}, {Field: "file", Name: "b.pdf", Size: 3, Content: strings.NewReader("abc")}},
				"invoice":             {{Field: "file", Name: "a.pdf", Content: zeros(size)}, {Field: "file", Name: "b.pdf", Content: strings.NewReader("abc")}},
			} {
				task, id := api.Task{Files: files}, "putFirmware"
				if files[0].Field != "" {
					id, task.RequestBodyPayload = "addInvoice", json.RawMessage(`{"note": "paid"}`)
				} else {
					task.Parameters = map[string]json.RawMessage{"slot": json.RawMessage(`"a"`)}
				}
				result, err := c.RunOperation(t.Context(), "depot", id, task)
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				var got struct {
					Size, Length int64
					Parts        []struct{ Size int64 }
				}
				if err := json.Unmarshal(result.Data, &got); err != nil {
					t.Fatal(err)
				}
				if sum := got.Size; id == "addInvoice" && (len(got.Parts) != 3 || got.Parts[1].Size != size || got.Parts[2].Size != 3) || id == "putFirmware" && sum != size {
					t.Errorf("%s: the service saw %s", what, result.Data)
				}
				if told := strings.Contains(what, "told"); told != (got.Length > size-1) {
					t.Errorf("%s: the service was told the length %d", what, got.Length)
				}
			}
			result, err := c.RunOperation(t.Context(), "depot", "getBackup", api.Task{Stream: true, Parameters: map[string]json.RawMessage{"size": json.RawMessage("100663296")}})
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, result.Body)
			result.Body.Close()
			if err != nil || n != size || !result.OK || result.Headers["content-type"] != "application/octet-stream" {
				t.Errorf("got %d bytes of %+v, %v", n, result, err)
			}
			if most := peak(); most > 64<<20 {
				t.Errorf("up to %d MiB of memory were in use", most>>20)
			}
		})
	}
}

// watchMemory returns what says how much more of the heap was in use at most than is now.
func watchMemory(t *testing.T) func() uint64 {
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse
	}
	runtime.GC()
	before := inUse()
	var most atomic.Uint64
	ended, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			select {
			case <-ended:
				return
			case <-tick.C:
				most.Store(max(most.Load(), inUse()))
			}
		}
	}()
	return func() uint64 { close(ended); <-stopped; return most.Load() - min(before, most.Load()) }
}

// TestAnswersThatBreakOff are errors at their end, and not short answers.
func TestAnswersThatBreakOff(t *testing.T) {
	service := httptest.NewServer(depot{})
	t.Cleanup(service.Close)
	for name, c := range carnets(t) {
		withDepot(t, c, service.URL)
		result, err := c.RunOperation(t.Context(), "depot", "getBackup", api.Task{Stream: true, Parameters: map[string]json.RawMessage{"size": json.RawMessage("1000000"), "broken": json.RawMessage("true")}})
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, result.Body)
		result.Body.Close()
		if !fault.Is(err, fault.Upstream) || n > 500000 {
			t.Errorf("%s: got %d bytes, %v", name, n, err)
		}
	}
}

// TestEventsComeOneByOne, and end when the caller has enough.
func TestEventsComeOneByOne(t *testing.T) {
	ended := make(chan struct{}, 2)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		depot{}.ServeHTTP(w, r)
		ended <- struct{}{}
	}))
	t.Cleanup(service.Close)
	for name, c := range carnets(t) {
		withDepot(t, c, service.URL)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		result, err := c.RunOperation(ctx, "depot", "watchEvents", api.Task{Stream: true, Parameters: map[string]json.RawMessage{"follow": json.RawMessage("true")}})
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(result.Body)
		for seen := 0; seen < 3; {
			if !lines.Scan() {
				t.Fatalf("%s: ended after %d events: %v", name, seen, lines.Err())
			}
			if strings.HasPrefix(lines.Text(), "data:") {
				seen++
			}
		}
		cancel()
		result.Body.Close()
		<-ended // the service sees that nobody listens
	}
}

// TestLargeFilesAndDeadTokens: what can be sent again is; what can't be is not, and the caller is told.
func TestLargeFilesAndDeadTokens(t *testing.T) {
	provider := carnettest.NewProvider(options)
	var impatient atomic.Bool // it answers before it reads
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/shipments" {
			provider.ServeHTTP(w, r)
			return
		}
		said := httptest.NewRecorder()
		without := r.Clone(r.Context())
		without.Body = http.NoBody
		provider.ServeHTTP(said, without)
		if said.Code != http.StatusUnauthorized || !impatient.Load() {
			io.Copy(io.Discard, r.Body)
		}
		w.WriteHeader(said.Code)
		said.Body.WriteTo(w)
	}))
	t.Cleanup(service.Close)
	for name, c := range carnets(t) {
		if _, err := c.ImportModel(t.Context(), api.ModelRequest{Model: provider.Document(service.URL)}); err != nil {
			t.Fatal(err)
		}
		settings := api.Integration{Name: "desk"}
		settings.Properties.Type = "Carnet Shipping:1.0.0"
		if _, err := c.CreateIntegration(t.Context(), settings); err != nil {
			t.Fatal(err)
		}
		secrets := api.Settings{"clientAuth.client_id": json.RawMessage(`"night"`), "clientAuth.client_secret": json.RawMessage(`"clientsecret-0815"`)}
		if _, err := c.SetIntegration(t.Context(), "desk", secrets); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			size      int64
			impatient bool
			status    int
		}{{1 << 20, false, 422}, {20 << 20, false, 401}, {20 << 20, true, 422}} {
			if _, err := c.RunOperation(t.Context(), "desk", "whoAmI", api.Task{}); err != nil {
				t.Fatal(err)
			}
			provider.RevokeAccess()
			impatient.Store(test.impatient)
			result, err := c.RunOperation(t.Context(), "desk", "createShipment", api.Task{NoCheck: true, Files: []api.File{{ContentType: "application/json", Content: zeros(test.size)}}})
			if err != nil {
				t.Fatalf("%s: %+v: %v", name, test, err)
			}
			told := len(result.Warnings) == 1 && strings.Contains(result.Warnings[0].Message, "run it again")
			if result.Status != test.status || told != (test.status == 401) {
				t.Errorf("%s: %+v: got %d with %v", name, test, result.Status, result.Warnings)
			}
		}
	}
}
