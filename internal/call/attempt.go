package call

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"carnet.dev/carnet/internal/credential"
	"carnet.dev/carnet/internal/outbound"
	"carnet.dev/carnet/internal/seal"
)

const maxRefusal = 16 << 10 // bytes of a challenge's page that are read, so that the connection can be used again

// ask sends a request; a second time if a credential is challenged, with what answers the challenge. fresh makes the
// request, and again says whether it can be made once more.
func ask(client *http.Client, fresh func() *http.Request, credentials []credential.Credential, again func() bool) (*http.Response, error) {
	answer, err := attempt(client, fresh(), credentials)
	if err != nil {
		return nil, err
	}
	next, repeat := challenged(answer, credentials)
	if !repeat || !again() {
		return answer, nil
	}
	io.CopyN(io.Discard, answer.Body, maxRefusal) // if the connection broke, the next attempt finds out
	answer.Body.Close()
	answer, err = attempt(client, fresh(), next)
	if err == nil {
		challenged(answer, next) // they learn from it
	}
	return answer, err
}

func attempt(client *http.Client, request *http.Request, credentials []credential.Credential) (*http.Response, error) {
	if err := apply(request, credentials, seal.Secret.Reveal); err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, &Unanswered{outbound.ReasonOf(err), request.URL.Host, outbound.Explain(err, request.Method+" "+request.URL.Host)}
	}
	return answer, nil
}

// apply puts the credentials on a request: first those that others may sign, as the body's, last the one in Authorization.
func apply(request *http.Request, credentials []credential.Credential, show func(seal.Secret) string) error {
	ordered := slices.Clone(credentials)
	slices.SortStableFunc(ordered, func(a, b credential.Credential) int { return rank(a.Place()) - rank(b.Place()) })
	for _, c := range ordered {
		if err := c.Apply(request, show); err != nil {
			return err
		}
	}
	return nil
}

func rank(place string) int {
	where, _, named := strings.Cut(place, " ")
	switch {
	case named && where == "body":
		return 0
	case named:
		return 1
	case place != "Authorization":
		return 2
	}
	return 3
}

// challenged shows an answer to the challengers. If the request is worth repeating, it returns the credentials for that.
func challenged(answer *http.Response, credentials []credential.Credential) (next []credential.Credential, repeat bool) {
	next = slices.Clone(credentials)
	for i, c := range credentials {
		challenger, ok := c.(credential.Challenger)
		if !ok {
			continue
		}
		if other, ok := challenger.Challenged(answer); ok {
			next[i], repeat = other, true
		}
	}
	return next, repeat
}
