// Package change says what a newer document of a model changes for those who call its operations. It is pure: the old operations
// and schemas are shown to it one after the other, for they may be many. Texts that only people read do not count as changes.
package change

import (
	"cmp"
	"iter"
	"slices"

	"carnet.dev/carnet/internal/model"
)

// Changes are all that a document changes.
type Changes struct {
	Added, Removed []model.Summary // operations, in the order of their document
	Changed        []Operation     // in the order of the new document
	Same           int             // operations that are called as before
	Schemes        []Scheme        // by name
	Servers        Servers
}

// An Operation is one that changed.
type Operation struct {
	model.Summary               // as it is now
	Was           model.Summary // the same operation before: of the same id, or else of the same method and path
	What          []What        // in the order of the constants
	Details       []string      // a line for each single change
}

// What is a part of an operation.
type What string

// The parts of an operation that can change.
const (
	ID         What = "id"
	Path       What = "path" // or the method
	Parameters What = "parameters"
	Body       What = "body"
	Answers    What = "answers"
	Security   What = "security"
	ServersOf  What = "servers"
	Deprecated What = "deprecated"
)

// A Scheme is a security scheme that changed.
type Scheme struct {
	Name    string
	How     How
	Details []string
}

// How is how something changed.
type How string

// The ways to change.
const (
	Added   How = "added"
	Removed How = "removed"
	Changed How = "changed"
)

// Servers are what changed among the URLs of a model's servers.
type Servers struct{ Added, Removed []string }

// An Old model is what a document is compared with. Each sequence is walked over once.
type Old struct {
	Model      *model.Model
	Index      []model.Summary
	Schemas    iter.Seq2[model.NamedSchema, error]
	Operations iter.Seq2[model.Operation, error]
}

// Compare compares an old model with a new document. An error is one of the sequences'.
func Compare(old Old, d *model.Document) (Changes, error) {
	c := Changes{Schemes: schemes(old.Model, &d.Model), Servers: servers(old.Model.Servers, d.Model.Servers)}
	pairs, removed := match(old.Index, d.Operations)
	c.Removed = removed
	paired := make(map[int]bool, len(pairs))
	for _, now := range pairs {
		paired[now] = true
	}
	for i := range d.Operations {
		if !paired[i] {
			c.Added = append(c.Added, d.Operations[i].Summary)
		}
	}
	schemas, err := compareSchemas(old.Schemas, d.Schemas)
	if err != nil {
		return c, err
	}
	at := map[string]int{}
	for was, err := range old.Operations {
		if err != nil {
			return c, err
		}
		now, ok := pairs[was.ID]
		if !ok {
			continue
		}
		one := comparison{was: &was, now: &d.Operations[now], schemas: schemas}
		if changed := one.compare(); len(changed.What) > 0 {
			c.Changed, at[changed.ID] = append(c.Changed, changed), now
		} else {
			c.Same++
		}
	}
	slices.SortFunc(c.Changed, func(a, b Operation) int { return cmp.Compare(at[a.ID], at[b.ID]) })
	return c, nil
}

// match finds for each old operation, by its id, the index of the new one that it has become: the one of its id, for that is what
// calls name, or else the one of its method and path, which was given another id. removed are those that became nothing.
func match(old []model.Summary, now []model.Operation) (pairs map[string]int, removed []model.Summary) {
	ids, routes := make(map[string]int, len(now)), make(map[string]int, len(now))
	for i := range now {
		ids[now[i].ID], routes[now[i].Method+" "+now[i].Path] = i, i
	}
	pairs = make(map[string]int, len(old))
	taken := make(map[int]bool, len(old))
	var rest []model.Summary
	for _, was := range old {
		if i, ok := ids[was.ID]; ok {
			pairs[was.ID], taken[i] = i, true
		} else {
			rest = append(rest, was)
		}
	}
	for _, was := range rest {
		if i, ok := routes[was.Method+" "+was.Path]; ok && !taken[i] {
			pairs[was.ID], taken[i] = i, true
		} else {
			removed = append(removed, was)
		}
	}
	return pairs, removed
}

func servers(old, now []model.Server) (s Servers) {
	has := func(all []model.Server, url string) bool {
		return slices.ContainsFunc(all, func(s model.Server) bool { return s.URL == url })
	}
	for _, server := range now {
		if !has(old, server.URL) {
			s.Added = append(s.Added, server.URL)
		}
	}
	for _, server := range old {
		if !has(now, server.URL) {
			s.Removed = append(s.Removed, server.URL)
		}
	}
	return s
}
