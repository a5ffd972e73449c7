package credential

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strings"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
)

// Digest returns HTTP digest authentication (RFC 7616), a [Challenger]. The first request to an origin goes without, and is
// repeated with the answer to its challenge; later ones answer the challenge that known remembers. Username and password are
// hashed as UTF-8, whether the server says so or not: there is no other encoding to guess by.
func Digest(known *Challenges, username string, password seal.Secret) (Credential, error) {
	if !sendable(seal.NewSecret(username)) {
		return nil, unsendable("the username")
	}
	return digest{known: known, username: username, password: password}, nil
}

type digest struct {
	known     *Challenges
	username  string
	password  seal.Secret
	challenge *challenge // to answer; nil: the one that is known of the origin
}

// probe is a text that is no secret: whoever masks it only shows the request.
const probe = "-"

func (d digest) Apply(r *http.Request, show func(seal.Secret) string) error {
	if shown := show(seal.NewSecret(probe)); shown != probe { // nothing is sent, so nothing is counted
		r.Header.Set("Authorization", "Digest "+shown)
		return nil
	}
	c := d.challenge
	if c == nil {
		c = d.known.look(d.place(r))
	}
	if c == nil {
		return nil
	}
	answer, err := d.answer(c, r)
	if err == nil {
		r.Header.Set("Authorization", "Digest "+show(answer))
	}
	return err
}

func (d digest) Place() string { return "Authorization" }

// place is what challenges are remembered by.
func (d digest) place(r *http.Request) place {
	return place{origin: strings.ToLower(r.URL.Scheme + "://" + r.URL.Host), username: d.username}
}

// Challenged answers another nonce than the one that was used, whether the server calls that one stale or not: many forget to.
// The same nonce again means that it is the username or the password which the server does not accept (RFC 7616 3.3). A challenge
// is remembered when its answer was accepted.
func (d digest) Challenged(answer *http.Response) (Credential, bool) {
	at, used := d.place(answer.Request), nonceOf(answer.Request)
	if answer.StatusCode != http.StatusUnauthorized {
		d.learn(at, used, answer)
		return nil, false
	}
	d.known.forget(at, used)
	c := strongest(answer.Header.Values("WWW-Authenticate"))
	if c == nil || c.nonce == used {
		return nil, false
	}
	c.cnonce = d.known.cnonce()
	return digest{d.known, d.username, d.password, c}, true
}

// learn remembers the challenge that was answered, or the nonce that the server wants to see next (RFC 7616 3.5).
func (d digest) learn(at place, used string, answer *http.Response) {
	c := d.challenge
	if c == nil {
		c = d.known.look(at)
	}
	if c == nil || c.nonce != used {
		return
	}
	next := nextNonce(answer.Header.Values("Authentication-Info"))
	switch {
	case next != "" && next != c.nonce:
		d.known.keep(at, c.following(next))
	case d.challenge != nil:
		d.known.keep(at, c)
	}
}

// answer is the parameters of the Authorization header (RFC 7616 3.4). They tell what the password may be, so they are a secret.
func (d digest) answer(c *challenge, r *http.Request) (seal.Secret, error) {
	h := hasher(c.hash)
	count, cnonce := fmt.Sprintf("%08x", c.count.Add(1)), c.cnonce
	if !c.session {
		cnonce = d.known.cnonce()
	}
	uri := r.URL.RequestURI()
	a2 := cmp.Or(r.Method, http.MethodGet) + ":" + uri
	if c.qop == "auth-int" {
		body, err := h.body(r)
		if err != nil {
			return seal.Secret{}, err
		}
		a2 += ":" + body
	}
	middle := c.nonce
	if c.qop != "" {
		middle = strings.Join([]string{c.nonce, count, cnonce, c.qop}, ":")
	}
	response := h.text(d.a1(c, h) + ":" + middle + ":" + h.text(a2))

	var all parameters
	d.name(&all, c, h)
	all.quoted("realm", c.realm)
	all.quoted("nonce", c.nonce)
	all.quoted("uri", uri)
	if c.qop != "" || c.session {
		all.quoted("cnonce", cnonce)
	}
	if c.qop != "" {
		all.plain("nc", count)
		all.plain("qop", c.qop)
	}
	all.quoted("response", response)
	if c.hasOpaque {
		all.quoted("opaque", c.opaque)
	}
	if c.algorithm != "" {
		all.plain("algorithm", c.algorithm)
	}
	if c.userhash {
		all.plain("userhash", "true")
	}
	return seal.NewSecret(strings.Join(all, ", ")), nil
}

// a1 is the hash of A1 (RFC 7616 3.4.2). That of a session is made of the first nonce, and stays.
func (d digest) a1(c *challenge, h hasher) string {
	a1 := h.text(d.username + ":" + c.realm + ":" + d.password.Reveal())
	if c.session {
		a1 = h.text(a1 + ":" + c.first + ":" + c.cnonce)
	}
	return a1
}

// name writes the username: hashed, as UTF-8 where a quoted text can't hold it, or as it is (RFC 7616 3.4, 3.4.4).
func (d digest) name(all *parameters, c *challenge, h hasher) {
	switch {
	case c.userhash:
		all.quoted("username", h.text(d.username+":"+c.realm))
	case c.utf8 && strings.ContainsFunc(d.username, func(r rune) bool { return r > '~' }):
		all.plain("username*", "UTF-8''"+strings.ReplaceAll(url.QueryEscape(d.username), "+", "%20"))
	default:
		all.quoted("username", d.username)
	}
}

// parameters of an Authorization header. Servers differ in which of them they take in quotes; RFC 7616 3.4 says which.
type parameters []string

func (p *parameters) plain(name, value string) { *p = append(*p, name+"="+value) }

func (p *parameters) quoted(name, value string) {
	p.plain(name, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)+`"`)
}

// A hasher makes hexadecimal hashes.
type hasher func() hash.Hash

func (h hasher) text(s string) string {
	sum := h()
	io.WriteString(sum, s)
	return hex.EncodeToString(sum.Sum(nil))
}

// body is the hash of the request's body, which stays unread.
func (h hasher) body(r *http.Request) (string, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return h.text(""), nil
	}
	if r.GetBody == nil {
		return "", fault.New(fault.Invalid, "the server wants the body to be a part of the digest, and this one can't be read twice")
	}
	body, err := r.GetBody()
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "reading the request's body")
	}
	defer body.Close()
	sum := h()
	if _, err := io.Copy(sum, body); err != nil {
		return "", fault.Wrap(fault.Internal, err, "reading the request's body")
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
