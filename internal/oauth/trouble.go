package oauth

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/outbound"
	"carnet.dev/carnet/internal/token"
)

// trouble is what is known of an attempt that failed: facts, of which the table of causes makes sentences.
type trouble struct {
	purpose  string // token, refresh, step NAME, discovery
	grant    string
	canGrant bool // the credentials suffice for a new token
	host     string

	noAnswer outbound.Reason // empty: an answer came
	err      *fault.Error    // of that; nil: what came is told by the rest

	status      int
	came        string // 401 Unauthorized
	code        string // the OAuth error code
	description string // what the service says about it
	answer      kind
	shape       string   // the same in words
	members     []string // paths of the texts that were in the answer
	location    string   // where a redirect leads

	tried []string      // styles of client authentication
	signs bool          // something that was sent is signed, and good for a while only
	skew  time.Duration // by which the service's clock is ahead of ours
}

// diagnose finds the cause, by the first row of the table that fits: its name, the sentence that says what came and what is
// likely behind it, and what to change.
func (t trouble) diagnose() (reason, sentence, hint string) {
	for _, c := range causes {
		if c.fits(t) {
			reason, _, _ = strings.Cut(c.name, "/")
			return reason, t.fill(strings.TrimSuffix(t.said()+": "+c.likely, ": ")), t.fill(c.change)
		}
	}
	return "unknown", t.said(), "" // the last row fits all
}

// said is what came from whom, or did not.
func (t trouble) said() string {
	if t.err != nil {
		return t.err.Error()
	}
	return t.asked() + " answered " + t.answered()
}

// answered is what came.
func (t trouble) answered() string {
	if t.err != nil {
		return t.err.Error()
	}
	what := t.shape
	switch {
	case t.location != "":
		what = "a redirect to " + t.location
	case t.code != "":
		what = t.code
	}
	if t.description != "" {
		if t.code == "" && t.location == "" {
			return t.came + " (" + t.description + ")"
		}
		what += " (" + t.description + ")"
	}
	return strings.TrimSuffix(t.came+", "+what, ", ")
}

// asked is who was asked, and for what if that was not simply a token.
func (t trouble) asked() string {
	switch {
	case strings.HasPrefix(t.purpose, "step "):
		return t.purpose + ": " + t.host
	case t.purpose == "refresh":
		return "refresh: " + t.host
	}
	return t.host
}

// fill puts facts into a sentence of the table.
func (t trouble) fill(text string) string {
	return strings.NewReplacer("{host}", t.host, "{field}", t.field(), "{tried}", listed(t.tried), "{members}", strings.Join(t.members, ", "),
		"{candidate}", t.candidate(), "{clock}", Clock(t.skew), "{grant}", t.grant).Replace(text)
}

// field is the setting that says where the request went.
func (t trouble) field() string {
	switch {
	case t.purpose == "refresh":
		return "refresh_url"
	case t.purpose == purposeDevice:
		return "device_url"
	case t.purpose == "discovery":
		return "issuer"
	case strings.HasPrefix(t.purpose, "step "):
		return "the URL of " + t.purpose
	}
	return "token_url"
}

// marks of styles of client authentication, in words.
var marks = strings.NewReplacer(next, " with client_secret_next", asJSON, " in JSON", asQuery, " in the URL",
	withCommas, " with commas between the scopes", forIssuer, " for the issuer")

// listed is a list as people say it.
func listed(all []string) string {
	all = slices.Clone(all)
	for i, text := range all {
		all[i] = marks.Replace(text)
	}
	switch len(all) {
	case 0:
		return "none"
	case 1:
		return all[0]
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

// candidate is the path of what looks most like a token by its name.
func (t trouble) candidate() string {
	for _, word := range []string{"accesstoken", "access_token", "token", "jwt", "session", "sid", "key", "id"} {
		for _, path := range t.members {
			if name := strings.ToLower(path[strings.LastIndexByte(path, '.')+1:]); strings.Contains(name, word) && !strings.Contains(name, "type") &&
				!strings.Contains(name, "refresh") {
				return path
			}
		}
	}
	return "PATH"
}

// Clock says how far this machine's clock is off; skew is by how much the service's is ahead of it.
func Clock(skew time.Duration) string {
	direction := "behind"
	if skew < 0 {
		direction = "ahead of"
	}
	return Span(skew.Abs()) + " " + direction
}

// Span is a duration in one unit.
func Span(d time.Duration) string {
	for _, unit := range []struct {
		name string
		is   time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		if n := int((d + unit.is/2) / unit.is); d >= unit.is*9/10 && n > 0 {
			if n == 1 {
				return "1 " + unit.name
			}
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return "less than a second"
}

// tell makes the error's text of the trouble.
func (t trouble) tell(e *token.AskError) *token.AskError {
	reason, sentence, hint := t.diagnose()
	e.Reason = reason
	if t.err != nil {
		own := *t.err
		if own.Hint = hint; hint == "" {
			own.Hint = fault.HintOf(t.err)
		}
		e.Err = &own
		return e
	}
	e.Err = fault.New(fault.Upstream, "%s", sentence).WithHint("%s", hint)
	return e
}

// silent is the trouble of a request that got no answer.
func silent(err error, doing, purpose, host string) trouble {
	return trouble{purpose: purpose, host: host, noAnswer: outbound.ReasonOf(err), err: outbound.Explain(err, doing)}
}

// failed notes the trouble, and makes an error of it.
func (v *env) failed(t trouble, e token.AskError) *token.AskError {
	t.grant, t.canGrant, t.signs = v.config.Grant, v.config.Validate() == nil, v.config.timely()
	v.trouble = &t
	return t.tell(&e)
}

// timely reports whether what is sent is signed and good for a while only, so that a clock that is off makes it useless.
func (c Config) timely() bool {
	return c.DPoP || c.Sign != nil || c.signsAssertions() || slices.ContainsFunc(c.methods(""), func(m string) bool {
		return strings.HasPrefix(m, MethodPrivateKeyJWT) || strings.HasPrefix(m, MethodSecretJWT)
	})
}

// told is the error of an attempt that has ended, with all that was learned in it.
func (a *attempt) told(e *token.AskError) *token.AskError {
	told := *e
	told.Exchanges = a.exchanges
	if t := a.env.trouble; t != nil {
		for _, x := range a.exchanges {
			if x.AuthMethod != "" && x.Purpose == t.purpose && !slices.Contains(t.tried, x.AuthMethod) {
				t.tried = append(t.tried, x.AuthMethod)
			}
			t.skew = time.Duration(x.Skew * float64(time.Second))
		}
		t.tell(&told)
	}
	return &told
}

// permanent reports whether a status says that asking the same again is of no use.
func permanent(status int) bool {
	return status/100 == 4 && status != http.StatusRequestTimeout
}
