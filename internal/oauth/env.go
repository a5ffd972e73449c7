package oauth

import (
	"crypto/rand"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/expand"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// env is what the paths of templates mean in one attempt.
type env struct {
	config  Config
	ask     token.Ask
	answers map[string]*document // of the steps, by name
	request map[string]string    // method, url, path and body of the request that is being made
	made    expand.Value         // the assertion, once it is signed
	now     time.Time
	uuid    string
	sent    map[string]bool // secrets that went out, to be masked in what comes back
	trouble *trouble        // the last failure, for which more may be learned
	// planning: nothing is sent, so URLs may be shown, and what only an answer will tell is a mask.
	planning bool
}

func newEnv(c Config, ask token.Ask) *env {
	return &env{config: c, ask: ask, answers: map[string]*document{}, now: time.Now(), uuid: newUUID(), sent: map[string]bool{}}
}

// newUUID draws a UUID of version 4 (RFC 9562 5.4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// fill expands a template.
func (v *env) fill(t recipe.Template) (expand.Value, error) {
	parsed, err := expand.Parse(string(t))
	if err != nil {
		return expand.Value{}, err
	}
	value, err := parsed.Expand(expand.Scope{Lookup: v.lookup, Now: v.now, UUID: v.uuid})
	if err == nil && value.IsSecret() {
		v.sent[value.Reveal()] = true
	}
	return value, err
}

func (v *env) lookup(path string) (expand.Value, bool) {
	root, rest, _ := strings.Cut(path, ".")
	var found expand.Value
	ok := true
	switch root {
	case "steps":
		found, ok = v.step(rest)
	case "request":
		var text string
		text, ok = v.request[rest]
		found = expand.Secret(seal.NewSecret(text)) // it may hold what was sent before
		if rest == "method" || rest == "path" {
			found = expand.Plain(text)
		}
	case "token":
		found, ok = secret(Value(v.ask.Previous, rest))
	case "redirect":
		found, ok = secret(v.redirected(rest))
	case "secrets":
		found, ok = secret(v.config.Secrets[rest])
	case "parameters":
		found, ok = secret(v.config.Parameters[rest])
	case "placed":
		if i, err := strconv.Atoi(rest); err == nil && i >= 0 && i < len(v.config.Placed) {
			rest = v.config.Placed[i]
		}
		found, ok = secret(v.config.Parameters[rest])
	case "variables":
		found, ok = v.config.plainVariable(rest)
	default:
		found, ok = v.own(path)
	}
	if ok && found.IsSecret() {
		v.sent[found.Reveal()] = true
	}
	return found, ok
}

func secret(s seal.Secret) (expand.Value, bool) { return expand.Secret(s), !s.IsZero() }

// own is a field of the scheme, or a value that the grant brought along.
func (v *env) own(name string) (expand.Value, bool) {
	if s, brought := v.ask.With[name]; brought {
		return secret(s)
	}
	c := v.config
	switch name {
	case "client_secret":
		return secret(c.ClientSecret)
	case "client_secret_next":
		return secret(c.ClientSecretNext)
	case "password":
		return secret(c.Password)
	case "private_key":
		return secret(c.PrivateKey)
	case "subject_token":
		return secret(c.SubjectToken)
	case "refresh_token":
		return secret(v.ask.RefreshToken)
	case "assertion":
		if c.Sign != nil {
			return v.made, v.made.IsSecret()
		}
		return secret(c.Assertion)
	}
	text := map[string]string{"client_id": c.ClientID, "username": c.Username, "key_id": c.KeyID, "scope": c.scope(), "redirect_uri": c.RedirectURI,
		"token_url": c.TokenURL, "resource": strings.Join(c.Resource, " "), "subject_token_type": c.SubjectTokenType, "issuer": c.Issuer}[name]
	return expand.Plain(text), text != ""
}

// redirected is a parameter of the redirect that brought the consent: of this one, or of the one that the token came of.
func (v *env) redirected(name string) seal.Secret {
	if s := v.ask.With["redirect."+name]; !s.IsZero() {
		return s
	}
	return v.ask.Previous.Values["redirect."+name]
}

func (v *env) step(path string) (expand.Value, bool) {
	name, rest, _ := strings.Cut(path, ".")
	d := v.answers[name]
	if d == nil && v.planning {
		return secret(seal.NewSecret(seal.Mask))
	}
	if d == nil {
		return expand.Value{}, false
	}
	return secret(seal.NewSecret(textOf(d.at(rest))))
}

// plainVariable is a variable of the integration; those are no secrets.
func (c Config) plainVariable(name string) (expand.Value, bool) {
	raw, ok := c.variable(name)
	if !ok {
		return expand.Value{}, false
	}
	var v any
	if json.Unmarshal(raw, &v) != nil || v == nil {
		return expand.Value{}, false
	}
	text := textOf(v)
	return expand.Plain(text), text != ""
}

// variable finds a variable by its name, which may lead into an object.
func (c Config) variable(path string) (jsontext.Value, bool) {
	if raw, ok := c.Variables[path]; ok {
		return raw, true
	}
	name, rest, deeper := strings.Cut(path, ".")
	raw, ok := c.Variables[name]
	if !ok || !deeper {
		return nil, false
	}
	var object map[string]jsontext.Value
	if json.Unmarshal(raw, &object) != nil {
		return nil, false
	}
	return Config{Variables: object}.variable(rest)
}

// Value is a value of a token by the name that templates have for it.
func Value(t token.Token, name string) seal.Secret {
	switch name {
	case "access_token":
		return t.AccessToken
	case "refresh_token":
		return t.RefreshToken
	case "token_type":
		return seal.NewSecret(t.TokenType)
	case "scope":
		return seal.NewSecret(t.Scope)
	}
	return t.Values[name]
}

// paths returns every path that the configuration's templates read.
func (c Config) paths() iter.Seq[string] {
	return func(yield func(string) bool) {
		for text := range c.templates() {
			t, err := expand.Parse(text)
			if err != nil {
				continue
			}
			for path := range t.Paths() {
				if !yield(path) {
					return
				}
			}
		}
	}
}

// templates returns every text of the configuration that may be a template.
func (c Config) templates() iter.Seq[string] {
	all := []string{c.TokenURL, c.RefreshURL, c.DeviceURL, c.AuthorizationURL, c.RevocationURL, c.IntrospectionURL, c.Issuer, c.MetadataURL, c.RedirectURI}
	raw, err := json.Marshal([]any{c.Request, c.Refresh, c.Response, c.Steps, c.Sign, c.Authorization, c.Logout})
	if err == nil {
		in := jsontext.NewDecoder(strings.NewReader(string(raw)))
		for t, err := in.ReadToken(); err == nil; t, err = in.ReadToken() {
			if t.Kind() == '"' {
				all = append(all, t.String())
			}
		}
	}
	return slices.Values(all)
}

// Kept returns which further values of an answer are wanted, for Config.Keep: those of ${token.NAME}, and redirect.NAME whole, in the
// templates of calls and in the configuration's own.
func (c Config) Kept(ofCalls iter.Seq[string]) []string {
	names := map[string]bool{}
	for text := range ofCalls {
		t, err := expand.Parse(text)
		if err != nil {
			continue
		}
		for path := range t.Paths() {
			note(names, path)
		}
	}
	for path := range c.paths() {
		note(names, path)
	}
	return slices.Sorted(maps.Keys(names))
}

func note(names map[string]bool, path string) {
	name, ok := strings.CutPrefix(path, "token.")
	if !ok && !strings.HasPrefix(path, "redirect.") {
		return
	}
	switch name {
	case "access_token", "refresh_token", "token_type", "scope":
	default:
		names[name] = true
	}
}
