package hub

import (
	"crypto/sha256"
	"fmt"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/seal"
)

// resolve reads what the references of an integration's settings name, and returns a digest of all that was read.
func (h *Hub) resolve(s integration.Settings) (integration.Settings, integration.Unresolved, [sha256.Size]byte) {
	sum := sha256.New()
	resolved, failed := s.Resolve(func(text string) (seal.Secret, error) {
		value, err := h.references.Read(text)
		fmt.Fprintf(sum, "%q %q %v\n", text, value.Reveal(), err)
		return value, err
	})
	return resolved, failed, [sha256.Size]byte(sum.Sum(nil))
}

// now is the integration with what its references name now: the same one again unless that has changed, so that a secret which
// somebody replaces in its file counts at the next use.
func (c *configured) now(h *Hub) *configured {
	if !c.refers {
		return c
	}
	latest := c.latest.Load()
	if latest == nil {
		latest = c
	}
	if _, _, read := h.resolve(c.stored.Settings); read != latest.read {
		latest = h.configure(c.stored, c.revision, c.model)
		c.latest.Store(latest)
	}
	return latest
}

// resolved returns why something that a scheme, or every request, needs is not there.
func (c *configured) resolved(scheme string) error {
	for _, section := range []string{"", scheme} {
		if err := c.unresolved[section]; err != nil {
			return fault.Wrap(fault.KindOf(err), err, "integration %q", c.Name).WithHint("%s", fault.HintOf(err))
		}
	}
	return nil
}
