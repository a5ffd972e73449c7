package hub

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// States of an integration beside those of tokens.
const (
	stateStatic     = "static"
	stateOpen       = "open"
	stateIncomplete = "incomplete"
)

// attention orders the states of tokens: what needs a person first comes first.
var attention = []token.State{token.Broken, token.Waiting, token.Claimed, token.Due, token.Empty, token.Fresh}

// Overview shows the integrations with the state of their tokens at a glance.
func (h *Hub) Overview(ctx context.Context, c access.Caller, q api.OverviewQuery) (api.Overview, error) {
	view := api.Overview{Integrations: []api.IntegrationGlance{}, States: map[string]int{}}
	if err := c.Allow(access.IntegrationRead); err != nil {
		return view, err
	}
	s, err := h.overview.get(ctx, h.glance)
	if err != nil {
		return view, err
	}
	now, words := time.Now(), strings.Fields(strings.ToLower(q.Search))
	for _, g := range s.glances {
		if q.Model != "" && g.model != versionID(q.Model) || !containsAll(g.text, words) {
			continue
		}
		state := g.state(s.records, now)
		view.States[state]++
		if q.State != "" && q.State != state {
			continue
		}
		if view.Total++; view.Total > max(q.Skip, 0) && (q.Limit <= 0 || len(view.Integrations) < q.Limit) {
			view.Integrations = append(view.Integrations, g.view(state, s.records, now))
		}
	}
	return view, nil
}

func containsAll(text string, words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

// A glance is what the overview knows of an integration. It does not change.
type glance struct {
	revision            int64
	of                  *model.Model
	name, model, server string
	text                string // what is searched
	tokens              []glanceToken
	static, open        bool
}

type glanceToken struct {
	scheme, recordID string
	configuration    seal.Secret
	configured       bool
}

// record returns the token's record as the integration's configuration sees it.
func (t glanceToken) record(records map[string]revised) token.Record {
	return records[t.recordID].record.For(t.configuration)
}

// ready reports whether the token can be got, or is there.
func (t glanceToken) ready(r token.Record) bool {
	return t.configured || !r.Token.AccessToken.IsZero() || !r.Token.RefreshToken.IsZero() || r.Failure.Count > 0
}

// state is that of the token that needs attention most.
func (g *glance) state(records map[string]revised, now time.Time) string {
	worst := len(attention)
	for _, t := range g.tokens {
		if r := t.record(records); t.ready(r) {
			worst = min(worst, slices.Index(attention, r.State(now)))
		}
	}
	switch {
	case worst < len(attention):
		return string(attention[worst])
	case g.static:
		return stateStatic
	case g.open:
		return stateOpen
	}
	return stateIncomplete
}

func (g *glance) view(state string, records map[string]revised, now time.Time) api.IntegrationGlance {
	view := api.IntegrationGlance{Name: g.name, Model: g.model, Server: g.server, State: state, Tokens: []api.Token{}}
	for _, t := range g.tokens {
		if r := t.record(records); t.ready(r) {
			view.Tokens = append(view.Tokens, viewToken(t.scheme, r, nil, now)) // their endings would cost a look at every integration
		}
	}
	return view
}

// revised is a token record and its revision.
type revised struct {
	revision int64
	record   token.Record
}

// A sight is all integrations and token records as they were at a moment. It does not change.
type sight struct {
	glances []*glance // by name
	byName  map[string]*glance
	records map[string]revised
}

// glance looks at the store. Only what has changed since old is decoded, and nobody is asked for anything.
func (h *Hub) glance(ctx context.Context, old *sight) (*sight, error) {
	s := &sight{byName: make(map[string]*glance, len(old.byName)), records: make(map[string]revised, len(old.records))}
	for e, err := range h.store.Integrations.News(ctx, func(id string, revision int64) bool {
		g := old.byName[id]
		return g != nil && g.revision == revision
	}) {
		if err != nil {
			return nil, err
		}
		g := old.byName[e.ID]
		if g == nil || g.revision != e.Revision {
			if g, err = h.firstGlance(ctx, e.Value, e.Revision); err != nil {
				return nil, err
			}
		} else if m, err := h.recentModel(ctx, g.model); err == nil && m != g.of { // its document was updated
			i, revision, err := h.store.Integrations.Get(ctx, e.ID)
			if err != nil {
				continue // deleted meanwhile
			}
			if g, err = h.firstGlance(ctx, i, revision); err != nil {
				return nil, err
			}
		}
		s.glances, s.byName[e.ID] = append(s.glances, g), g
	}
	for e, err := range h.store.Tokens.News(ctx, func(id string, revision int64) bool { return old.records[id].revision == revision }) {
		if err != nil {
			return nil, err
		}
		if known := old.records[e.ID]; known.revision == e.Revision {
			s.records[e.ID] = known
			continue
		}
		s.records[e.ID] = revised{e.Revision, e.Value}
	}
	slices.SortFunc(s.glances, func(a, b *glance) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)), strings.Compare(a.name, b.name))
	})
	return s, nil
}

func (h *Hub) firstGlance(ctx context.Context, i integration.Integration, revision int64) (*glance, error) {
	m, err := h.recentModel(ctx, i.Model)
	if err != nil {
		m = &model.Model{VersionID: i.Model} // deleted behind our back: show the integration all the same
	}
	g := &glance{revision: revision, of: m, name: i.Name, model: i.Model, server: i.Settings.Server.Address()}
	g.text = strings.ToLower(g.name + " " + g.model + " " + g.server)
	schemes, c := integration.Schemes(i.Settings, m), h.configure(i, revision, m)
	g.open = len(schemes) == 0
	for _, scheme := range schemes {
		configured := i.Settings.Configured(scheme)
		subject := c.subjects[scheme.Key]
		if subject == nil {
			g.static = g.static || configured
			continue
		}
		g.tokens = append(g.tokens, glanceToken{scheme: scheme.Key, recordID: subject.ID, configured: configured, configuration: subject.Configuration})
	}
	return g, nil
}

// How old a sight may be, and how long a caller who has an older one waits for the next: so that looking costs at most a twentieth
// of the time, and a page never waits for ten thousand integrations to be read.
const (
	sightFresh = 500 * time.Millisecond
	sightShare = 20
	sightWait  = 50 * time.Millisecond
	sightKeep  = time.Minute
)

// sights keeps the last sight.
type sights struct {
	mu      sync.Mutex
	last    *sight
	at      time.Time     // when it was begun
	took    time.Duration // what it cost
	changed bool          // something was changed here since
	next    chan struct{} // closed when the look under way has ended; nil: nobody is looking
	err     error         // of the last look
}

// stale notes that something was changed here.
func (s *sights) stale() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = true
}

// known is the last sight, if it is not old; nil: nobody has looked lately.
func (s *sights) known() *sight {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed || time.Since(s.at) > sightKeep {
		return nil
	}
	return s.last
}

// get returns a sight: the last if it is fresh, else the next one, or the last all the same if the next takes too long.
func (s *sights) get(ctx context.Context, look func(context.Context, *sight) (*sight, error)) (*sight, error) {
	s.mu.Lock()
	age := time.Since(s.at)
	if s.last != nil && !s.changed && age < max(sightFresh, sightShare*s.took) {
		defer s.mu.Unlock()
		return s.last, nil
	}
	if s.next == nil {
		s.begin(ctx, look)
	}
	next, last := s.next, s.last
	s.mu.Unlock()
	var late <-chan time.Time
	if last != nil && age < sightKeep {
		timer := time.NewTimer(sightWait)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-next:
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.last, s.err
	case <-late:
		return last, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// begin looks in the background: others may wait for it too, when this caller has gone.
func (s *sights) begin(ctx context.Context, look func(context.Context, *sight) (*sight, error)) {
	old, begun, done := s.last, time.Now(), make(chan struct{})
	if old == nil {
		old = &sight{}
	}
	s.next, s.changed = done, false
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sightKeep)
		defer cancel()
		seen, err := look(ctx, old)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.err = err; err == nil {
			s.last, s.at, s.took = seen, begun, time.Since(begun)
		}
		s.next = nil
		close(done)
	}()
}
