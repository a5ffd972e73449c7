// Package hub holds Carnet's use cases, one method each: it decides whether the caller may, writes the audit entry, and does
// it, by composing the packages that know how. It knows nothing of HTTP or of command lines; the surfaces call it with the
// types of package api, and get errors of package fault.
package hub

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/audit"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/credential"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/outbound"
	"carnet.dev/carnet/internal/reference"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/token"
)

// Options of a Hub. The zero Options are the defaults.
type Options struct {
	Version string           // shown by [Hub.Health]
	Egress  outbound.Options // where requests may go, and with which limits
	Token   token.Options    // times of the token keeper
	// References are what the settings of integrations may refer to: variables and files of this process's machine; by default nothing.
	References reference.Allowed
	// AuditRetention is for how long audit entries are kept; 0: for ever.
	AuditRetention time.Duration
	// PublicURL is the server's address as browsers see it, without a slash at its end; "": no browser comes to it.
	PublicURL string
}

// A Hub is everything that Carnet can do. It is safe for concurrent use.
type Hub struct {
	store    *store.Store
	guard    *access.Guard
	audit    *audit.Log
	tokens   *token.Keeper
	clients  *outbound.Clients
	pace     *oauth.Pace
	gates    *call.Gates // of integrations, by name
	metadata *oauth.Metadata

	challenges *credential.Challenges
	nonces     credential.Nonces
	references reference.Allowed
	thrift     thrift
	memory     memory
	overview   sights
	version    string
	retention  time.Duration
	public     string
}

// New returns a hub over the store, which stays the caller's to close, after the hub.
func New(s *store.Store, o Options) *Hub {
	return &Hub{
		store:    s,
		guard:    access.NewGuard(s.Users, s.Accounts, s.Sessions),
		audit:    audit.NewLog(s.Audit),
		tokens:   token.NewKeeper(s.Tokens, o.Token),
		clients:  outbound.New(o.Egress),
		pace:     oauth.NewPace(),
		gates:    call.NewGates(),
		metadata: oauth.NewMetadata(),

		challenges: credential.NewChallenges(rand.Text),
		references: o.References,
		memory:     newMemory(),
		version:    o.Version,
		retention:  o.AuditRetention,
		public:     o.PublicURL,
	}
}

// Close waits for token renewals under way to be saved and for the audit log to be written, and ends idle connections.
func (h *Hub) Close(ctx context.Context) error {
	defer h.clients.Close()
	return errors.Join(h.tokens.Close(ctx), h.audit.Close(ctx))
}

// States counts the tokens in memory by their states, and tells when those expire of which that is known.
func (h *Hub) States(now time.Time) (map[token.State]int, []time.Duration) {
	return h.tokens.States(now)
}

// healthWithin is how long the store may take to be well.
const healthWithin = 2 * time.Second

// Health reports whether the store can be used.
func (h *Hub) Health(ctx context.Context) (api.Health, error) {
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	health := api.Health{Status: "ok", Version: h.version, Store: "ok"}
	if err := h.store.Ping(ctx); err != nil {
		health.Status, health.Store = "unavailable", "unavailable"
		return health, err
	}
	return health, nil
}

// act is the frame of every use case that changes something or reaches out: the caller must be allowed to, and the audit entry
// is written before the act and completed after it. A refusal is recorded too.
func act[T any](ctx context.Context, h *Hub, c access.Caller, a access.Action, target string, do func() (T, error)) (T, error) {
	return audited(ctx, h, c.String(), a, target, func() (T, error) {
		if err := c.Allow(a); err != nil {
			var none T
			return none, err
		}
		return do()
	})
}

// doing is [act] for what returns nothing but an error.
func doing(ctx context.Context, h *Hub, c access.Caller, a access.Action, target string, do func() error) error {
	_, err := act(ctx, h, c, a, target, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// audited is [act] without a question about roles.
func audited[T any](ctx context.Context, h *Hub, caller string, a access.Action, target string, do func() (T, error)) (T, error) {
	var none T
	begin := h.audit.Begin
	if a == access.OperationRun { // tasks go on while the store is away
		begin = h.audit.BeginAnyway
	}
	entry, err := begin(ctx, caller, string(a), target)
	if err != nil {
		return none, err
	}
	value, err := do()
	if ended := entry.End(ctx, err); err == nil && ended != nil {
		return value, fault.Wrap(fault.Unavailable, ended, "done, but the outcome could not be written to the audit log")
	}
	return value, err
}
