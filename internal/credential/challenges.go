package credential

import "sync"

// Challenges are what servers wanted to see digested lately, so that not every call costs two requests. Whoever makes [Digest]
// credentials owns them; all share one. They are safe for concurrent use. A challenge that is forgotten costs one request more.
type Challenges struct {
	cnonce func() string
	mu     sync.Mutex
	known  map[place]*challenge
}

// place is an origin and a username. A challenge holds nothing secret, so who knows another password may share it.
type place struct{ origin, username string }

const mostChallenges = 4096

// NewChallenges returns what remembers nothing yet. cnonce returns a text that nobody can guess: rand.Text.
func NewChallenges(cnonce func() string) *Challenges {
	return &Challenges{cnonce: cnonce, known: map[place]*challenge{}}
}

// look returns the challenge of a place; nil if none is known.
func (k *Challenges) look(at place) *challenge {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.known[at]
}

func (k *Challenges) keep(at place, c *challenge) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for old := range k.known { // any: it can be had again
		if len(k.known) < mostChallenges {
			break
		}
		delete(k.known, old)
	}
	k.known[at] = c
}

// forget drops a challenge whose nonce was refused, unless somebody has replaced it.
func (k *Challenges) forget(at place, nonce string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.known[at]; c != nil && c.nonce == nonce {
		delete(k.known, at)
	}
}
