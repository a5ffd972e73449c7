package store

// The kinds of records. What refers to others comes after them, and what says that there is data at all comes last.
var kinds = []string{partKind, "model", "integration", "token", "user", "account", "session", "connection", "notice", "audit", metaKind}

// metaKind holds what a store says of itself: its schema, and that it is being copied into.
const (
	metaKind = "meta"
	schemaID = "schema"
	copyID   = "copy"
	probeID  = "probe"
)

// Kinds returns the kinds of all records there are.
func Kinds() []string { return append([]string(nil), kinds...) }

// pageOf is how many records of a kind are read at once: parts are large.
func pageOf(kind string) int {
	if kind == partKind {
		return 4
	}
	return page
}

// Progress is how far a walk over all records has come in one kind.
type Progress struct {
	Kind        string
	Done, Total int // Total is counted at the start, and may be off where others write meanwhile
}
