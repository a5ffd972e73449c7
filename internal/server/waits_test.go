package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/client"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/server"
)

// waiting is a hub whose tasks wait twice.
type waiting struct{ *fake }

func (w waiting) RunOperation(ctx context.Context, c access.Caller, integration, id string, t api.Task) (api.Result, error) {
	if t.Waits != nil {
		t.Waits(api.Waiting{Seconds: 12, Host: "api.example", Status: 429})
		t.Waits(api.Waiting{Seconds: 0.5, Host: "é\r\nX-Other: 1"})
	}
	return w.fake.RunOperation(ctx, c, integration, id, t)
}

// TestWaits: who asks hears of a pause ahead of the answer, over a socket as without one; nobody else does.
func TestWaits(t *testing.T) {
	root := access.Local("root")
	var statuses []int
	h := server.New(waiting{newFake()}, server.Options{Caller: &root, Observe: func(_, _ string, status int, _ time.Duration) { statuses = append(statuses, status) }})
	socket := httptest.NewServer(h)
	defer socket.Close()
	for name, o := range map[string]struct {
		base   string
		client *http.Client
	}{
		"over a socket": {socket.URL, socket.Client()},
		"embedded":      {"http://embedded", &http.Client{Transport: client.Handler(h)}},
	} {
		c, err := client.New(o.base, client.Options{HTTP: o.client})
		if err != nil {
			t.Fatal(err)
		}
		var told []api.Waiting
		result, err := c.RunOperation(t.Context(), "desk", "op", api.Task{Waits: func(w api.Waiting) { told = append(told, w) }})
		want := []api.Waiting{{Seconds: 12, Host: "api.example", Status: 429}, {Seconds: 0.5, Host: "é\r\nX-Other: 1"}}
		if diff := cmp.Diff(want, told); diff != "" || err != nil || result.Status != 200 {
			t.Errorf("%s: %+v, %v, -want +got\n%s", name, result, err, diff)
		}
	}
	for _, status := range statuses {
		if status != 200 {
			t.Errorf("statuses are %v", statuses)
		}
	}
	request := httptest.NewRequest("POST", "/integrations/desk/operations/op/run", strings.NewReader("{}"))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, request)
	if answer.Code != 200 || answer.Header().Get("Carnet-Waiting") != "" {
		t.Errorf("not asked: %d %v", answer.Code, answer.Header())
	}
}
