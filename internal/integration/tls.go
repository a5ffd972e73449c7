package integration

import (
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/reference"
)

// ClientTLS returns the TLS settings of requests that the schemes authenticate, and the name of the section that has the client's
// certificate: the first mutualTLS scheme among them with a certificate of its own, else tls. Further authorities are those of both.
func (s Settings) ClientTLS(schemes []model.Scheme) (TLS, string) {
	t := s.TLS
	for _, scheme := range schemes {
		if a := s.Authentication[scheme.Key]; scheme.Type == model.TypeMutualTLS && a.Certificate != "" && !a.Key.IsZero() &&
			!reference.Is(a.Certificate) && !reference.Is(a.Key.Reveal()) { // unresolved
			t.Certificate, t.Key = a.Certificate, a.Key
			if a.CA != "" {
				t.CA += "\n" + a.CA
			}
			return t, scheme.Key
		}
	}
	return t, "tls"
}
