package hub_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/hub"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/mem"
)

const public = "https://carnet.example/sub"

// office is two replicas of a Carnet, a store, and a service whose token endpoint answers what a test says.
type office struct {
	t       *testing.T
	hubs    []*hub.Hub
	store   *store.Store
	raw     driver.Driver
	service *httptest.Server
	mu      sync.Mutex
	answer  string // of the token endpoint, its status before it
	asked   []url.Values
}

var ada, eve = access.Caller{Kind: access.KindUser, Name: "ada", Role: access.Admin}, access.Caller{Kind: access.KindUser, Name: "eve", Role: access.Admin}

func newOffice(t *testing.T, flow string) *office {
	t.Helper()
	o := &office{t: t, answer: `200 {"access_token":"t","token_type":"Bearer","expires_in":3600}`}
	mux := http.NewServeMux()
	mux.HandleFunc("/token", o.token)
	mux.HandleFunc("/device", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"device_code":"d3v1c3","user_code":"WDJB","verification_uri":"https://a.example/d","expires_in":900,"interval":5}`)
	})
	o.service = httptest.NewServer(mux)
	t.Cleanup(o.service.Close)
	keys, err := seal.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	data := mem.New()
	o.raw = data.Open()
	for range 2 {
		if o.store, err = store.Open(t.Context(), data.Open(), keys); err != nil {
			t.Fatal(err)
		}
		h := hub.New(o.store, hub.Options{PublicURL: public})
		o.hubs = append(o.hubs, h)
		t.Cleanup(func() { h.Close(t.Context()) })
	}
	document := fmt.Sprintf(`{"openapi":"3.1.0","info":{"title":"Shop","version":"1"},"servers":[{"url":%[1]q}],"security":[{"login":[]}],
		"components":{"securitySchemes":{"login":{"type":"oauth2","flows":{%[2]q:{"authorizationUrl":"%[1]s/authorize",
		"deviceAuthorizationUrl":"%[1]s/device","tokenUrl":"%[1]s/token","scopes":{}}}}}},
		"paths":{"/me":{"get":{"operationId":"me","responses":{"200":{"description":"me"}}}}}}`, o.service.URL, flow)
	if _, err := o.hubs[0].ImportModel(t.Context(), local, api.ModelRequest{Model: json.RawMessage(document)}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"shop", "other"} {
		if _, err := o.hubs[0].CreateIntegration(t.Context(), local, api.Integration{Name: name, Model: "Shop:1"}); err != nil {
			t.Fatal(err)
		}
		if _, err := o.hubs[0].SetIntegration(t.Context(), local, name, api.Settings{"client_id": json.RawMessage(`"c"`)}); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func (o *office) token(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, r.PostForm)
	status, body, _ := strings.Cut(o.answer, " ")
	code := 0
	fmt.Sscan(status, &code)
	w.WriteHeader(code)
	io.WriteString(w, body)
}

// says is what the token endpoint answers from now on.
func (o *office) says(answer string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = answer
}

func (o *office) times() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.asked)
}

// connection is the only one there is.
func (o *office) connection() (c integration.Connection, id string, revision int64, found bool) {
	for e, err := range o.store.Connections.All(o.t.Context(), "") {
		if err != nil {
			o.t.Fatal(err)
		}
		return e.Value, e.ID, e.Revision, true
	}
	return c, "", 0, false
}

// later lets the time for the next turn come.
func (o *office) later() {
	o.t.Helper()
	c, id, revision, _ := o.connection()
	c.Device.Next = time.Now().Add(-time.Second)
	if _, err := o.store.Connections.Put(o.t.Context(), id, c, revision); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) begin(c access.Caller, r api.Connect) api.Connection {
	o.t.Helper()
	began, err := o.hubs[0].ConnectIntegration(o.t.Context(), c, "shop", "", r)
	if err != nil {
		o.t.Fatal(err)
	}
	return began
}

func (o *office) finish(replica int, c access.Caller, with ...string) (api.Connected, error) {
	all := map[string]string{}
	for i := 0; i < len(with); i += 2 {
		all[with[i]] = with[i+1]
	}
	return o.hubs[replica].FinishConnection(o.t.Context(), c, all)
}

// A device's code is asked for by whichever replica it is the turn of, as often as RFC 8628 3.5 allows, and never leaves the server.
func TestConnectByDevice(t *testing.T) {
	o := newOffice(t, "deviceAuthorization")
	began := o.begin(ada, api.Connect{})
	if began.UserCode != "WDJB" || began.VerificationURI != "https://a.example/d" || began.Interval != 5 || began.AuthorizationURL != "" {
		t.Errorf("began with %+v", began)
	}
	if left := time.Until(began.Expires); left > 15*time.Minute || left < 14*time.Minute {
		t.Errorf("it expires in %s", left)
	}
	o.says(`400 {"error":"authorization_pending"}`)
	for replica := range o.hubs {
		if got, err := o.finish(replica, ada, "state", began.State); err != nil || !got.Pending || got.Interval > 5 || o.times() != 0 {
			t.Errorf("too early it stands at %+v %v, after %d requests", got, err, o.times())
		}
	}
	if _, err := o.finish(0, eve, "state", began.State); !fault.Is(err, fault.Denied) {
		t.Errorf("somebody else got %v", err)
	}
	for i, step := range []struct {
		answer   string
		interval float64
		cause    bool
	}{
		{`400 {"error":"authorization_pending"}`, 5, false},
		{`400 {"error":"slow_down"}`, 10, false},
		{`502 <html>`, 20, true},
		{`400 {"error":"authorization_pending"}`, 20, false},
	} {
		o.says(step.answer)
		o.later()
		if got, err := o.finish(i%2, ada, "state", began.State); err != nil || !got.Pending || got.Interval != step.interval || (got.Cause != "") != step.cause {
			t.Errorf("%s: it stands at %+v %v", step.answer, got, err)
		}
		if o.times() != i+1 {
			t.Errorf("%s: %d requests", step.answer, o.times())
		}
	}
	records, err := o.raw.List(t.Context(), "connection", driver.Page{Limit: 10})
	if err != nil || len(records) != 1 || strings.Contains(string(records[0].Body), "d3v1c3") || strings.Contains(records[0].ID+string(records[0].Body), began.State) {
		t.Errorf("what is stored shows a secret: %v", err)
	}
	o.says(`200 {"access_token":"t","expires_in":3600}`)
	o.later()
	if got, err := o.finish(1, ada, "state", began.State); err != nil || got.Token == nil || got.Token.State != "fresh" {
		t.Errorf("finished with %+v %v", got, err)
	}
	if _, err := o.finish(1, ada, "state", began.State); !fault.Is(err, fault.NotFound) {
		t.Errorf("finished again with %v", err)
	}
	list, err := o.hubs[0].AuditEntries(t.Context(), local, api.AuditQuery{Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"ok", "denied", "ok"} { // the newest first: the end, somebody else, the beginning
		if e := list.Entries[i]; e.Action != "token.connect" || e.Outcome != want {
			t.Errorf("entry %d is %+v, want %s", i, e, want)
		}
	}
}

// Many who ask at once are one to the service.
func TestConnectByDeviceAsksOnceATurn(t *testing.T) {
	o := newOffice(t, "deviceAuthorization")
	began := o.begin(ada, api.Connect{})
	o.says(`400 {"error":"authorization_pending"}`)
	o.later()
	var all sync.WaitGroup
	var pending atomic.Int32
	for i := range 20 {
		all.Go(func() {
			if got, err := o.finish(i%2, ada, "state", began.State); err == nil && got.Pending {
				pending.Add(1)
			}
		})
	}
	all.Wait()
	if o.times() != 1 || pending.Load() != 20 {
		t.Errorf("%d requests, %d were told to wait", o.times(), pending.Load())
	}
}

// What can't become a token any more ends the connection.
func TestConnectByDeviceEnds(t *testing.T) {
	for _, answer := range []string{`400 {"error":"access_denied"}`, `400 {"error":"expired_token"}`, `200 <html>sign in</html>`, `400 {"error":"invalid_grant"}`} {
		t.Run(answer, func(t *testing.T) {
			o := newOffice(t, "deviceAuthorization")
			began := o.begin(ada, api.Connect{})
			o.says(answer)
			o.later()
			if _, err := o.finish(0, ada, "state", began.State); !fault.Is(err, fault.Reconnect) || fault.HintOf(err) == "" {
				t.Errorf("ended with %v; %s", err, fault.HintOf(err))
			}
			if _, _, _, found := o.connection(); found {
				t.Error("the connection is still there")
			}
		})
	}
}

// back is what the browser brings.
func back(state string) map[string]string { return map[string]string{"state": state, "code": "c0de"} }

// The browser comes back signed in as the caller who began: connected on the spot, once, and whoever began hears of it.
func TestCallbackOfTheCaller(t *testing.T) {
	o := newOffice(t, "authorizationCode")
	began := o.begin(ada, api.Connect{})
	if began.RedirectURI != public+"/callback/shop" || !began.Callback {
		t.Fatalf("began with %+v", began)
	}
	if got, err := o.finish(0, ada, "state", began.State); err != nil || !got.Pending || got.Confirm {
		t.Errorf("it stands at %+v %v", got, err)
	}
	got, err := o.hubs[1].Callback(t.Context(), ada, "shop", back(began.State))
	if err != nil || got.Token == nil || got.Token.State != "fresh" || got.Confirmation != "" {
		t.Fatalf("arrived with %+v %v", got, err)
	}
	if form := o.asked[0]; form.Get("code") != "c0de" || form.Get("redirect_uri") != began.RedirectURI || len(form.Get("code_verifier")) < 43 {
		t.Errorf("asked %v", form)
	}
	for _, c := range []access.Caller{ada, {}} {
		if _, err := o.hubs[0].Callback(t.Context(), c, "shop", back(began.State)); !fault.Is(err, fault.NotFound) {
			t.Errorf("arrived again with %v", err)
		}
	}
	if _, err := o.finish(0, ada, "state", began.State, "code", "c0de"); !fault.Is(err, fault.NotFound) {
		t.Errorf("spent again with %v", err)
	}
	if got, err := o.finish(0, ada, "state", began.State); err != nil || got.Token == nil {
		t.Errorf("it stands at %+v %v", got, err)
	}
	if o.times() != 1 {
		t.Errorf("%d requests", o.times())
	}
}

// Nobody is signed in in the browser: nothing is spent until the caller who began sends the code that this browser shows.
func TestCallbackOfNobody(t *testing.T) {
	o := newOffice(t, "authorizationCode")
	began := o.begin(ada, api.Connect{})
	if _, err := o.finish(0, ada, "state", began.State, "confirmation", "BCDF-GHJK"); !fault.Is(err, fault.Conflict) {
		t.Errorf("too early it ends with %v", err)
	}
	old, err := o.hubs[0].Callback(t.Context(), access.Caller{}, "shop", back(began.State))
	if err != nil || len(old.Confirmation) != 9 || old.Token != nil {
		t.Fatalf("arrived with %+v %v", old, err)
	}
	shows, err := o.hubs[1].Callback(t.Context(), access.Caller{}, "shop", back(began.State)) // loaded again
	if err != nil || shows.Confirmation == old.Confirmation {
		t.Fatalf("arrived again with %+v %v", shows, err)
	}
	if got, err := o.finish(0, ada, "state", began.State); err != nil || !got.Confirm {
		t.Errorf("it stands at %+v %v", got, err)
	}
	for name, test := range map[string]struct {
		c    access.Caller
		code string
	}{"the old code": {ada, old.Confirmation}, "no code": {ada, ""}, "somebody else": {eve, shows.Confirmation}} {
		if _, err := o.finish(0, test.c, "state", began.State, "confirmation", test.code); !fault.Is(err, fault.Denied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if o.times() != 0 {
		t.Fatalf("%d requests before it was confirmed", o.times())
	}
	records, err := o.raw.List(t.Context(), "connection", driver.Page{Limit: 10})
	if err != nil || strings.Contains(string(records[0].Body), "c0de") || strings.Contains(string(records[0].Body), shows.Confirmation) {
		t.Errorf("what is stored shows a secret: %v", err)
	}
	typed := strings.ToLower(strings.Replace(shows.Confirmation, "-", " ", 1))
	if got, err := o.finish(0, ada, "state", began.State, "confirmation", typed); err != nil || got.Token == nil || o.times() != 1 {
		t.Errorf("ended with %+v %v", got, err)
	}
}

// Who and what is refused at the callback, before anything is sent.
func TestCallbackRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		c      access.Caller
		name   string
		change func(*office, map[string]string)
		kind   fault.Kind
		ends   bool // the one who began hears why
	}{
		"somebody else's browser":   {eve, "shop", nil, fault.Denied, false},
		"a state nobody drew":       {ada, "shop", func(_ *office, r map[string]string) { r["state"] = "x" }, fault.NotFound, false},
		"no state":                  {ada, "shop", func(_ *office, r map[string]string) { delete(r, "state") }, fault.NotFound, false},
		"another one's redirect":    {ada, "other", nil, fault.Denied, false},
		"the same, by nobody":       {access.Caller{}, "other", nil, fault.Denied, false},
		"a person who said no":      {access.Caller{}, "shop", func(_ *office, r map[string]string) { delete(r, "code"); r["error"] = "access_denied" }, fault.Upstream, true},
		"no code":                   {access.Caller{}, "shop", func(_ *office, r map[string]string) { delete(r, "code") }, fault.Invalid, true},
		"no code, and signed in":    {ada, "shop", func(_ *office, r map[string]string) { delete(r, "code") }, fault.Invalid, true},
		"an integration that's new": {ada, "shop", func(o *office, _ map[string]string) { o.again("shop") }, fault.Conflict, true},
		"when it is too late":       {ada, "shop", func(o *office, _ map[string]string) { o.expire() }, fault.NotFound, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, "authorizationCode")
			began := o.begin(ada, api.Connect{})
			redirect := back(began.State)
			if test.change != nil {
				test.change(o, redirect)
			}
			if _, err := o.hubs[1].Callback(t.Context(), test.c, test.name, redirect); !fault.Is(err, test.kind) || o.times() != 0 {
				t.Errorf("arrived with %v, after %d requests", err, o.times())
			}
			got, err := o.finish(0, ada, "state", began.State)
			if heard := fault.Is(err, fault.Upstream); heard != test.ends || err == nil && !got.Pending {
				t.Errorf("whoever began hears %+v %v", got, err)
			}
		})
	}
}

// A connection that began for this machine does not end at the server (RFC 9700 2.1: the exact redirect URI).
func TestCallbackOfAnotherRedirect(t *testing.T) {
	o := newOffice(t, "authorizationCode")
	began := o.begin(ada, api.Connect{RedirectURI: "http://127.0.0.1:8705/callback"})
	if _, err := o.hubs[0].Callback(t.Context(), ada, "shop", back(began.State)); !fault.Is(err, fault.Denied) || o.times() != 0 {
		t.Errorf("arrived with %v", err)
	}
}

func TestRedirectURI(t *testing.T) {
	o := newOffice(t, "authorizationCode")
	own := public + "/callback/shop"
	for name, test := range map[string]struct {
		configured string
		ask        api.Connect
		want       string
	}{
		"the server's":              {"", api.Connect{}, own},
		"the integration's":         {"https://a.example/back", api.Connect{}, "https://a.example/back"},
		"the server's all the same": {"https://a.example/back", api.Connect{Callback: true}, own},
		"on this machine":           {"https://a.example/back", api.Connect{RedirectURI: "http://127.0.0.1:9/x"}, "http://127.0.0.1:9/x"},
		"the server's, said":        {"", api.Connect{RedirectURI: own}, own},
		"somebody else's":           {"https://a.example/back", api.Connect{RedirectURI: "https://b.example/back"}, ""},
		"another integration's":     {"", api.Connect{RedirectURI: public + "/callback/other"}, ""},
	} {
		if _, err := o.hubs[0].SetIntegration(t.Context(), local, "shop", api.Settings{"redirect_uri": json.RawMessage(fmt.Sprintf("%q", test.configured))}); err != nil {
			t.Fatal(err)
		}
		got, err := o.hubs[0].ConnectIntegration(t.Context(), ada, "shop", "", test.ask)
		if got.RedirectURI != test.want || (err == nil) != (test.want != "") || got.Callback != (got.RedirectURI == own) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

// again replaces an integration by one of the same name.
func (o *office) again(name string) {
	o.t.Helper()
	if err := o.hubs[1].DeleteIntegration(o.t.Context(), local, name); err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.hubs[1].CreateIntegration(o.t.Context(), local, api.Integration{Name: name, Model: "Shop:1"}); err != nil {
		o.t.Fatal(err)
	}
}

// expire lets the time pass that a person has.
func (o *office) expire() {
	c, id, revision, _ := o.connection()
	c.Expires = time.Now().Add(-time.Second)
	if _, err := o.store.Connections.Put(o.t.Context(), id, c, revision); err != nil {
		o.t.Fatal(err)
	}
}
