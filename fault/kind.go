package fault

import "net/http"

// A Kind classes an error by what the caller can do about it.
type Kind int

// The kinds. The zero kind is Internal, so that an error nobody classed is treated as our own fault.
const (
	Internal        Kind = iota // our own fault: logged with an id, shown as the id
	Invalid                     // the request is wrong: correct it
	Unauthenticated             // say who you are
	Denied                      // you may not
	NotFound                    // there is no such thing
	Conflict                    // it exists already, or somebody else changed it
	Reconnect                   // a person must connect the integration again, or mend its credentials
	Upstream                    // the service answered with an error
	Unavailable                 // not now: try again later
)

// table is the one place where a kind becomes a word, an HTTP status and an exit code.
var table = [...]struct {
	name   string
	status int
	exit   int
}{
	Internal:        {"internal", http.StatusInternalServerError, 1},
	Invalid:         {"invalid", http.StatusBadRequest, 2},
	Unauthenticated: {"unauthenticated", http.StatusUnauthorized, 3},
	Denied:          {"denied", http.StatusForbidden, 4},
	NotFound:        {"not found", http.StatusNotFound, 5},
	Conflict:        {"conflict", http.StatusConflict, 6},
	Reconnect:       {"reconnect", http.StatusFailedDependency, 7},
	Upstream:        {"upstream", http.StatusBadGateway, 8},
	Unavailable:     {"unavailable", http.StatusServiceUnavailable, 9},
}

// Kinds returns all kinds in the order of their exit codes.
func Kinds() []Kind {
	kinds := make([]Kind, len(table))
	for i := range table {
		kinds[i] = Kind(i)
	}
	return kinds
}

// String is the kind's name, as the API shows it in an error's "kind".
func (k Kind) String() string { return table[k.known()].name }

// Status is the HTTP status that the API answers with.
func (k Kind) Status() int { return table[k.known()].status }

// Exit is the exit code of the command line.
func (k Kind) Exit() int { return table[k.known()].exit }

// Parse returns the kind of that name, [Internal] if there is none.
func Parse(name string) Kind {
	for k := range table {
		if table[k].name == name {
			return Kind(k)
		}
	}
	return Internal
}

func (k Kind) known() Kind {
	if k < 0 || int(k) >= len(table) {
		return Internal
	}
	return k
}
