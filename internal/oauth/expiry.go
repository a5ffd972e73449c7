package oauth

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"carnet.dev/carnet/internal/moment"
	"carnet.dev/carnet/internal/recipe"
)

// Numbers above these are no durations: an expires_in that is the time of expiry itself, in seconds or milliseconds.
const (
	mostSeconds = 10 * 365 * 24 * 3600
	mostMillis  = mostSeconds * 1000
)

// Rules by which the expiry of a token is found out, where it is no member of the answer and no setting.
const (
	RuleJWT  = "exp of the JWT"
	RuleNone = "none: the answer does not say"
)

// expiry finds out when a token expires (failure mode 6), counted from before the request (failure mode 22): by what the
// configuration says, by expires_in, by a member that names the time, by the configured lifetime, by a JWT's own claims. An
// expires_in of zero or less counts as not said: servers mean "never" or "unknown" by it. So does a time that has passed already:
// nobody hands out dead tokens, so a clock or a time zone is wrong. Zero: unknown.
func (c Config) expiry(d *document, where recipe.Response, access string, began time.Time) (in float64, at time.Time, rule string) {
	configured := func(p recipe.Path) any {
		if len(p) == 0 {
			return nil
		}
		return d.first(p, "")
	}
	for _, try := range []struct {
		rule string
		at   func() time.Time
	}{
		{"response.expires_at", func() time.Time { return momentOf(configured(where.ExpiresAt)) }},
		{"response.expires_in", func() time.Time { return after(configured(where.ExpiresIn), where.Unit, began) }},
		{"expires_in", func() time.Time { return after(d.at("expires_in"), where.Unit, began) }},
		{"expires_at", func() time.Time { return momentOf(d.at("expires_at")) }},
		{"expires_on", func() time.Time { return momentOf(d.at("expires_on")) }},
		{"expires", func() time.Time { return relativeOrMoment(d.at("expires"), began) }},
		{"lifetime", func() time.Time {
			if c.Lifetime <= 0 {
				return time.Time{}
			}
			return began.Add(c.Lifetime)
		}},
		{RuleJWT, func() time.Time { return jwtExpiry(access, began) }},
	} {
		if at := try.at(); at.After(began) {
			return math.Round(at.Sub(began).Seconds()*1000) / 1000, at, try.rule
		}
	}
	return 0, time.Time{}, RuleNone
}

// Names under which answers say how long the refresh token lives, and when it ends (failure mode 45). Keycloak has the second, Intuit
// the third.
var (
	refreshLives = []string{"refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in", "refreshTokenExpiresIn", "refreshExpiresIn",
		"refresh_token_ttl"}
	refreshEnds = []string{"refresh_token_expires_at", "refresh_token_expiration", "refreshTokenExpiresAt", "refresh_expires_at", "refreshTokenExpiration"}
)

// refreshExpiry finds out when the refresh token ends. Zero, which servers also say of one that does not: unknown.
func refreshExpiry(d *document, began time.Time) (in float64, at time.Time) {
	for _, name := range refreshLives {
		if at = after(d.at(name), "", began); at.After(began) {
			return seconds(at.Sub(began)), at
		}
	}
	for _, name := range refreshEnds {
		if at = momentOf(d.at(name)); at.After(began) {
			return seconds(at.Sub(began)), at
		}
	}
	return 0, time.Time{}
}

// after is the time that a number of seconds, milliseconds or minutes leads to.
func after(v any, unit string, began time.Time) time.Time {
	n, ok := number(v)
	switch unit {
	case "ms":
		if n > mostMillis {
			return momentOf(v)
		}
		n /= 1000
	case "m":
		n *= 60
	}
	switch {
	case !ok || n <= 0:
		return time.Time{}
	case n > mostSeconds:
		return momentOf(v)
	}
	return later(began, n)
}

// later is that many seconds later; no more than a century, which is what a Duration holds with room to spare.
func later(began time.Time, seconds float64) time.Time {
	return began.Add(time.Duration(min(seconds, 10*mostSeconds) * float64(time.Second)))
}

// relativeOrMoment reads "expires", which servers use for both.
func relativeOrMoment(v any, began time.Time) time.Time {
	if n, ok := number(v); ok && n > 0 && n <= mostSeconds {
		return later(began, n)
	}
	return momentOf(v)
}

// number reads a number, or one that is written as a text.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case jsontext.Value:
		n, err := strconv.ParseFloat(string(v), 64)
		return n, err == nil && !math.IsInf(n, 0)
	case string:
		n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	}
	return 0, false
}

// momentOf reads a time.
func momentOf(v any) time.Time {
	if n, ok := number(v); ok {
		return moment.OfNumber(n)
	}
	text, _ := v.(string)
	t, _ := moment.Parse(text)
	return t
}

// jwtExpiry reads the claim exp of an access token that is a JWT (RFC 7519 4.1.4). With iat the two make a duration, which does
// not depend on the server's clock; but a token that the server made a while ago, and gives again, ends by exp.
func jwtExpiry(access string, began time.Time) time.Time {
	part := strings.Split(access, ".")
	if len(part) != 3 {
		return time.Time{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part[1], "="))
	if err != nil {
		return time.Time{}
	}
	var claims struct {
		Exp float64 `json:"exp"`
		Iat float64 `json:"iat"`
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Exp <= 0 || claims.Exp > moment.FirstMillis {
		return time.Time{}
	}
	end := time.UnixMilli(int64(claims.Exp * 1000))
	if claims.Iat <= 0 || claims.Iat >= claims.Exp {
		return end
	}
	if whole := later(began, claims.Exp-claims.Iat); !end.After(began) || whole.Before(end) {
		return whole
	}
	return end
}
