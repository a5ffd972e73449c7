package oauth

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/recent"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/token"
)

// Metadata remembers what issuers say of themselves (OpenID Connect Discovery 1.0 4, RFC 8414). It is safe for concurrent use.
type Metadata struct{ known *recent.Values[*issuer] }

// An issuer's metadata change seldom: they are good for an hour, and for a day while the issuer is away.
var ofIssuers = recent.Options{Fresh: time.Hour, Keep: 24 * time.Hour, Most: 1000}

// NewMetadata returns one that knows of nobody.
func NewMetadata() *Metadata { return &Metadata{recent.New[*issuer](ofIssuers)} }

type issuer struct {
	Issuer        string `json:"issuer"`
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	Device        string `json:"device_authorization_endpoint"`
	Revocation    string `json:"revocation_endpoint"`
	Introspection string `json:"introspection_endpoint"`
	IssInRedirect bool   `json:"authorization_response_iss_parameter_supported"`
}

// resolved is the configuration with its empty URLs filled in by the issuer's metadata.
func (s *Source) resolved(ctx context.Context) (Config, error) {
	c := s.config
	if !c.discovers() {
		return c, nil
	}
	m, err := s.metadata.get(ctx, s.client, c)
	if err != nil {
		if c.TokenURL != "" {
			return c, nil // the rest is not needed for a token
		}
		return c, err
	}
	return m.complete(c), nil
}

// complete fills the empty URLs of a configuration in.
func (m *issuer) complete(c Config) Config {
	for _, f := range []struct {
		at   *string
		said string
	}{
		{&c.AuthorizationURL, m.Authorization}, {&c.TokenURL, m.Token}, {&c.DeviceURL, m.Device},
		{&c.RevocationURL, m.Revocation}, {&c.IntrospectionURL, m.Introspection}, {&c.Issuer, m.Issuer},
	} {
		if *f.at == "" {
			*f.at = f.said
		}
	}
	c.issInRedirect = m.IssInRedirect
	return c
}

const wellKnownOpenID, wellKnownOAuth = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"

// places are where an issuer's metadata may be: after its URL (OpenID Connect Discovery 1.0 4), and between its host and path (RFC
// 8414 3.1).
func (c Config) places() ([]string, error) {
	if c.MetadataURL != "" {
		return []string{c.MetadataURL}, nil
	}
	v := newEnv(c, token.Ask{})
	value, err := v.fill(recipe.Template(c.Issuer))
	if err != nil {
		return nil, v.wrong(err)
	}
	u, err := url.Parse(value.Reveal())
	if err != nil || u.Host == "" {
		return nil, v.wrong(fault.New(fault.Invalid, "issuer is no URL"))
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	host := u.Scheme + "://" + u.Host
	return []string{host + path + wellKnownOpenID, host + wellKnownOAuth + path, host + wellKnownOpenID + path}, nil
}

func (m *Metadata) get(ctx context.Context, client *http.Client, c Config) (*issuer, error) {
	places, err := c.places()
	if err != nil {
		return nil, err
	}
	// What came over one client's TLS settings says nothing to another's, which may trust fewer.
	key := fmt.Sprintf("%s %s %p", places[0], c.Issuer, client.Transport)
	return m.known.Get(ctx, key, func(ctx context.Context, _ *issuer, _ bool) (*issuer, error) {
		var first error
		for _, place := range places {
			said, err := fetchMetadata(ctx, client, place)
			if err == nil {
				if err = c.check(said, place); err == nil {
					err = said.safe(place)
				}
				return said, err
			}
			if first == nil {
				first = err
			}
		}
		return nil, first
	})
}

// check compares the issuer that the metadata name with the one that was asked for (RFC 8414 3.3): else one could speak for another.
func (c Config) check(said *issuer, place string) error {
	want := c.Issuer
	if want == "" {
		want = strings.TrimSuffix(place, wellKnownOpenID)
		if want == place {
			return nil // not a place that tells
		}
	}
	if said.Issuer == "" || strings.TrimSuffix(said.Issuer, "/") != strings.TrimSuffix(want, "/") {
		return &token.AskError{Reason: "other_issuer", Permanent: true, Err: fault.New(fault.Upstream, "the metadata at %s are of the issuer %q, not of %q", place, printable(said.Issuer, 200), want).
			WithHint("set issuer to what the service says, or fill in token_url yourself")}
	}
	return nil
}

// safe refuses endpoints that would get credentials in the clear from an issuer that speaks TLS. On which hosts they are is the issuer's to
// say, for it speaks of itself: many have their token endpoint elsewhere (failure mode 46).
func (i *issuer) safe(place string) error {
	if !strings.HasPrefix(place, "https:") {
		return nil
	}
	for _, endpoint := range []string{i.Authorization, i.Token, i.Device, i.Revocation, i.Introspection} {
		if endpoint != "" && !strings.HasPrefix(strings.ToLower(endpoint), "https:") {
			return &token.AskError{Permanent: true, Err: fault.New(fault.Upstream, "the metadata at %s name an endpoint without TLS, %s", place, printable(endpoint, 200)).
				WithHint("fill in token_url and the other URLs yourself, if that is right")}
		}
	}
	return nil
}

func fetchMetadata(ctx context.Context, client *http.Client, place string) (*issuer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, place, nil)
	if err != nil {
		return nil, &token.AskError{Reason: misconfigured, Permanent: true, Err: fault.New(fault.Invalid, "%s is no URL", place).WithHint("correct issuer")}
	}
	r.Header.Set("Accept", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		return nil, silent(err, "asking for the metadata of "+r.URL.Host, "discovery", r.URL.Host).tell(&token.AskError{})
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, silent(err, "reading the metadata of "+r.URL.Host, "discovery", r.URL.Host).tell(&token.AskError{})
	}
	var said issuer
	if answer.StatusCode != http.StatusOK || json.Unmarshal(body, &said) != nil {
		d := parse(answer.Header, body)
		t := trouble{purpose: "discovery", host: place, status: answer.StatusCode, came: answer.Status, shape: d.shape}
		return nil, t.tell(&token.AskError{})
	}
	return &said, nil
}
