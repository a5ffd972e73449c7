// Package audit keeps the record of who did what, on what, and how it ended. An entry is written before the act and replaced
// after it, so that an act without an outcome is one that was cut off. It holds no secrets and no bodies: the text of an entry
// is the message of an error, which has none. What is worth an entry is the hub's decision.
package audit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"iter"
	"strings"
	"time"

	"carnet.dev/carnet/fault"
)

// Outcomes beside the names of fault's kinds.
const (
	Started = "started" // under way, or cut off
	OK      = "ok"
)

// maxText bounds each text of an [Entry], in bytes.
const maxText = 500

// An Entry says who did what. Its fields are those of api.AuditEntry, to which it converts.
type Entry struct {
	ID      string    `json:"id"` // grows with time (UUID version 7)
	Time    time.Time `json:"time"`
	Caller  string    `json:"caller"`
	Action  string    `json:"action"`
	Target  string    `json:"target,omitzero"`
	Outcome string    `json:"outcome"` // Started, OK, or the name of a fault.Kind
	Detail  string    `json:"detail,omitzero"`
	Millis  int64     `json:"ms,omitzero"`
}

// A Stored entry is one with its id and revision: the store's own type, which this package can't import.
type Stored = struct {
	ID       string
	Revision int64
	Value    Entry
}

// A Collection keeps entries, as *store.Collection[Entry] does, and lists them in the order of their ids; after one, only those that are
// wanted by what stands in them. Put returns the revision
// that it has written, or may have written if its error is fault.Unavailable.
type Collection interface {
	Put(ctx context.Context, id string, e Entry, replaces int64) (int64, error)
	Delete(ctx context.Context, id string, revision int64) error
	All(ctx context.Context, prefix string) iter.Seq2[Stored, error]
	After(ctx context.Context, id string, want func(id string, body []byte) bool) iter.Seq2[Stored, error]
}

// A Log is the audit log. It is safe for concurrent use.
type Log struct {
	entries Collection
	clock   clock
	backlog *backlog
}

// NewLog returns a log over the collection.
func NewLog(c Collection) *Log { return &Log{entries: c, backlog: newBacklog(c)} }

// Close writes what is still to be written, as long as ctx lasts.
func (l *Log) Close(ctx context.Context) error { return l.backlog.close(ctx) }

// An Act is something under way.
type Act struct {
	log    *Log
	line   line
	start  time.Time
	anyway bool
}

// A line is an entry to be written.
type line struct {
	key      string
	entry    Entry
	replaces int64 // revision
	maybe    int64 // revision of a write that may have happened; 0: there is none
}

// write writes a line over what it replaces, or over what it may have written itself.
func (l *line) write(ctx context.Context, c Collection) error {
	revision, err := c.Put(ctx, l.key, l.entry, l.replaces)
	if fault.Is(err, fault.Conflict) && l.maybe != 0 {
		revision, err = c.Put(ctx, l.key, l.entry, l.maybe)
	}
	switch {
	case err == nil:
		l.replaces = revision
	case fault.Is(err, fault.Unavailable):
		l.maybe = revision
	}
	return err
}

func (l *Log) act(caller, action, target string) *Act {
	now := time.Now()
	id, key := l.clock.next(now)
	return &Act{log: l, start: now, line: line{key: key, entry: Entry{
		ID: id, Time: now.UTC().Truncate(time.Millisecond), Caller: brief(caller), Action: action, Target: brief(target), Outcome: Started,
	}}}
}

func (a *Act) put(ctx context.Context) error { return a.line.write(ctx, a.log.entries) }

// Begin records that the caller is about to act on the target. If it fails, the act must not take place.
func (l *Log) Begin(ctx context.Context, caller, action, target string) (*Act, error) {
	act := l.act(caller, action, target)
	if err := act.put(ctx); err != nil {
		return nil, unwritten(err)
	}
	return act, nil
}

// BeginAnyway is Begin for what goes on while the store is away (failure mode 26): the entry is kept in memory until the store
// is back. It fails only when too many are waiting.
func (l *Log) BeginAnyway(ctx context.Context, caller, action, target string) (*Act, error) {
	act := l.act(caller, action, target)
	act.anyway = true
	if l.backlog.waiting() {
		return act, l.backlog.room()
	}
	writing, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := act.put(writing)
	if err == nil {
		return act, nil
	}
	if fault.Is(err, fault.Unavailable) && ctx.Err() == nil {
		l.backlog.failed()
		return act, nil
	}
	return nil, unwritten(err)
}

func unwritten(err error) error {
	return fault.Wrap(fault.KindOf(err), err, "nothing was done, because it could not be written to the audit log")
}

// How long the writing of an entry may take: of an outcome, whose request may be gone, and of what can wait.
const (
	endWithin = 5 * time.Second
	patience  = time.Second
)

// End records how the act ended: err is its error, or nil. It writes even if ctx has ended.
func (a *Act) End(ctx context.Context, err error) error {
	a.line.entry.Outcome, a.line.entry.Detail = outcome(err)
	a.line.entry.Millis = time.Since(a.start).Milliseconds()
	if a.anyway && a.log.backlog.waiting() {
		a.log.backlog.add(&a.line)
		return nil
	}
	within := endWithin
	if a.anyway {
		within = patience
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	failed := a.put(ctx)
	if a.anyway && fault.Is(failed, fault.Unavailable) {
		a.log.backlog.add(&a.line)
		return nil
	}
	return failed
}

// outcome is what an entry says of an error. Only the message of a fault is shown: what it wraps was not written for readers.
func outcome(err error) (outcome, detail string) {
	if err == nil {
		return OK, ""
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		detail = f.Message
	}
	return fault.KindOf(err).String(), brief(detail)
}

// brief is a text that fits into an entry: names may be whatever a caller sent.
func brief(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxText)], "\uFFFD")
}

// A Query selects entries; see api.AuditQuery.
type Query struct {
	Limit                           int
	Since                           time.Time
	Before                          string
	Caller, Action, Target, Outcome string
	Look                            int
}

// Failed is the outcome of a Query for all that went wrong.
const Failed = "failed"

// selects reports whether an entry is wanted, wherever it stands.
func (q Query) selects(e Entry) bool {
	failed := e.Outcome != OK && e.Outcome != Started
	return strings.Contains(strings.ToLower(e.Caller), strings.ToLower(q.Caller)) && strings.HasPrefix(e.Action, q.Action) &&
		(q.Target == "" || e.Target == q.Target || strings.HasPrefix(e.Target, q.Target+" ")) &&
		(q.Outcome == "" || e.Outcome == q.Outcome || q.Outcome == Failed && failed)
}

// mayBe reports whether an entry could be selected by what stands in its body: a text without special signs is written as it is in
// whatever JSON. So only few are decoded of a long log.
func (q Query) mayBe(body []byte) bool {
	for _, text := range []string{q.Action, q.Target, q.Outcome} {
		if text != Failed && strings.Trim(text, plain) == "" && !bytes.Contains(body, []byte(text)) {
			return false
		}
	}
	return true
}

const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._:-"

// mostSeen bounds how many entries one query looks at, so that one that selects hardly any ends in time.
const mostSeen = 50_000

// Entries returns the entries that a query selects, the newest first. next is the query's Before to go on with; empty: there are no more.
func (l *Log) Entries(ctx context.Context, q Query) (entries []Entry, next string, err error) {
	entries = []Entry{}
	seen, most, since := 0, cmp.Or(q.Look, mostSeen), keyAt(q.Since)
	full := func() bool { return q.Limit > 0 && (len(entries) == q.Limit || seen > most) }
	want := func(key string, body []byte) bool { // what ends the walk is wanted too, and where it goes on
		seen++
		return full() || q.Limit > 0 && seen == most || key > since || q.mayBe(body)
	}
	for e, err := range l.entries.After(ctx, keyOf(q.Before), want) {
		switch {
		case err != nil:
			return nil, "", err
		case q.Before != "" && e.Value.ID >= q.Before: // ids grow with time
			continue
		case e.Value.Time.Before(q.Since):
			return entries, "", nil
		case full():
			return entries, next, nil
		}
		if next = e.Value.ID; q.selects(e.Value) {
			entries = append(entries, e.Value)
		}
	}
	return entries, "", nil
}

// Prune deletes the entries from before a time, and returns how many.
func (l *Log) Prune(ctx context.Context, before time.Time) (int, error) {
	pruned := 0
	for e, err := range l.entries.All(ctx, "") {
		if err != nil {
			return pruned, err
		}
		if !e.Value.Time.Before(before) {
			continue
		}
		err := l.entries.Delete(ctx, e.ID, e.Revision)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
			continue // another process prunes too, or the act has just ended: next time
		}
		if err != nil {
			return pruned, err
		}
		pruned++
	}
	return pruned, nil
}
