package appliance

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options describe an appliance. What is zero is as the vendor ships it.
type Options struct {
	Username, Password string        // of the one account; "carnet" and "correct horse+staple" by default, as in the settings
	Life               time.Duration // of a token, since it was given
	Idle               time.Duration // for which a session may lie unused
	Absolute           time.Duration // of a session, since its login, however often it was used or refreshed
	Refreshes          int           // that one session allows
	Sessions           int           // open at once
	FullStatus         int           // of a login above the limit, at a Redfish server
	XSRFOnReads        bool          // the SD-WAN Manager wants the XSRF token on GET too
	Now                func() time.Time
}

// Stats count what an appliance saw.
type Stats struct {
	Open      int // sessions
	Logins    int // that succeeded
	Refreshes int
	Logouts   int
	Calls     int      // of the API, with a live session
	Refusals  []string // of every kind, a sentence each
}

// An Appliance is one simulated appliance. It is safe for concurrent use.
type Appliance struct {
	name    string
	options Options
	mux     *http.ServeMux
	late    bool // a token may be refreshed after it has expired

	mu       sync.Mutex
	sessions map[string]*session // by what calls carry
	stats    Stats
}

// All are the appliances, by the names of their files in testdata.
func All() map[string]func(Options) *Appliance {
	return map[string]func(Options) *Appliance{
		"vmanage": VManage, "fmc": FMC, "catalyst": CatalystCenter, "apic": APIC,
		"fortimanager": FortiManager, "bigip": BIGIP, "redfish": Redfish,
	}
}

func newAppliance(name string, o Options) *Appliance {
	o.Username, o.Password = cmp.Or(o.Username, "carnet"), cmp.Or(o.Password, "correct horse+staple")
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Appliance{name: name, options: o, mux: http.NewServeMux(), sessions: map[string]*session{}}
}

// ServeHTTP implements http.Handler.
func (a *Appliance) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// Stats returns what the appliance has seen so far. Sessions that have ended by themselves are not open.
func (a *Appliance) Stats() Stats {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sweep()
	s := a.stats
	s.Open, s.Refusals = len(a.sessions), slices.Clone(s.Refusals)
	return s
}

// EndSessions ends all sessions, as an administrator or a restart does.
func (a *Appliance) EndSessions() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.sessions)
}

//go:embed testdata/*.json
var files embed.FS

// Document returns the OpenAPI document. Its server is relative or an example, as vendors' are: the integration names the host.
func (a *Appliance) Document() json.RawMessage { return read(a.name + ".openapi.json") }

// Settings returns the configuration of an integration for the appliance at that address, such as "http://127.0.0.1:8080".
func (a *Appliance) Settings(address string) (json.RawMessage, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	var settings map[string]json.RawMessage
	if err := json.Unmarshal(read(a.name+".json"), &settings); err != nil {
		return nil, err
	}
	server := map[string]any{}
	if err := json.Unmarshal(settings["server"], &server); err != nil {
		return nil, err
	}
	server["protocol"], server["host"] = at.Scheme, at.Hostname()
	delete(server, "port")
	if port, err := strconv.Atoi(at.Port()); err == nil {
		server["port"] = port
	}
	if settings["server"], err = json.Marshal(server); err != nil {
		return nil, err
	}
	settings["variables"], err = json.Marshal(map[string]string{"appliance": strings.TrimSuffix(address, "/")})
	if err != nil {
		return nil, err
	}
	return json.Marshal(settings)
}

func read(name string) []byte {
	data, err := files.ReadFile("testdata/" + name)
	if err != nil {
		panic(err) // it is part of the program
	}
	return bytes.TrimSpace(data)
}
