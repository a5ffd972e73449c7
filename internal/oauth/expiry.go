package oauth

import (
	"encoding/base64"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// Numbers above these are no durations or seconds: an expires_in that is the time of expiry itself, and a time in milliseconds.
const (
	mostSeconds = 10 * 365 * 24 * 3600
	mostMillis  = mostSeconds * 1000
	firstMillis = 1e11 // as seconds the year 5138, as milliseconds 1973
)

// expiry finds out when a token expires (failure mode 6), counted from before the request (failure mode 22): by what the
// configuration says, by expires_in, by a member that names the time, by the configured lifetime, by a JWT's own claims. An
// expires_in of zero or less counts as not said: servers mean "never" or "unknown" by it. So does a time that has passed already:
// nobody hands out dead tokens, so a clock or a time zone is wrong. Zero: unknown.
func (c Config) expiry(d document, access string, began time.Time) (in float64, at time.Time) {
	for _, try := range []func() time.Time{
		func() time.Time { return moment(d.at(c.Response.ExpiresAt)) },
		func() time.Time { return c.after(d.at(c.Response.ExpiresIn), began) },
		func() time.Time { return c.after(d["expires_in"], began) },
		func() time.Time { return moment(d["expires_at"]) },
		func() time.Time { return moment(d["expires_on"]) },
		func() time.Time { return relativeOrMoment(d["expires"], began) },
		func() time.Time {
			if c.Lifetime <= 0 {
				return time.Time{}
			}
			return began.Add(c.Lifetime)
		},
		func() time.Time { return jwtExpiry(access, began) },
	} {
		if at := try(); at.After(began) {
			return math.Round(at.Sub(began).Seconds()*1000) / 1000, at
		}
	}
	return 0, time.Time{}
}

// at follows a dotted path into the answer; nil if it leads nowhere.
func (d document) at(path string) any {
	if path == "" {
		return nil
	}
	var v any = map[string]any(d)
	for step := range strings.SplitSeq(path, ".") {
		switch node := v.(type) {
		case map[string]any:
			v = node[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

// after is the time that a number of seconds or milliseconds leads to.
func (c Config) after(v any, began time.Time) time.Time {
	n, ok := number(v)
	if c.Response.Unit == "ms" {
		if n > mostMillis {
			return moment(v)
		}
		n /= 1000
	}
	switch {
	case !ok || n <= 0:
		return time.Time{}
	case n > mostSeconds:
		return moment(v)
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
	return moment(v)
}

// number reads a number, or one that is written as a text.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case string:
		n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	}
	return 0, false
}

// moment reads a time: seconds or milliseconds since the epoch, ISO 8601, an HTTP date.
func moment(v any) time.Time {
	if n, ok := number(v); ok {
		if n >= firstMillis {
			n /= 1000
		}
		if n <= 0 || n > firstMillis {
			return time.Time{}
		}
		return time.UnixMilli(int64(n * 1000))
	}
	text, _ := v.(string)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05.999999999Z0700",
		"2006-01-02 15:04:05.999999999", http.TimeFormat, time.RFC1123Z} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	return time.Time{}
}

// jwtExpiry reads the claim exp of an access token that is a JWT (RFC 7519 4.1.4). With iat the two make a duration, which does
// not depend on the server's clock.
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
	if json.Unmarshal(payload, &claims) != nil || claims.Exp <= 0 || claims.Exp > firstMillis {
		return time.Time{}
	}
	if claims.Iat > 0 && claims.Iat < claims.Exp {
		return later(began, claims.Exp-claims.Iat)
	}
	return time.UnixMilli(int64(claims.Exp * 1000))
}
