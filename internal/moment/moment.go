// Package moment reads times however people and servers write them: seconds or milliseconds since the epoch, as a number or as a
// text; ISO 8601 with or without a zone (UTC then); HTTP dates.
package moment

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// FirstMillis is the number from which on milliseconds are meant: as seconds it is in the year 5138, as milliseconds in 1973.
const FirstMillis = 1e11

// mostMillis is in the year 33658, beyond which nobody means a time.
const mostMillis = 1e15

// OfNumber returns the time of a number since the epoch; zero if it is none.
func OfNumber(n float64) time.Time {
	if !(n > 0 && n < mostMillis) {
		return time.Time{}
	}
	if n < FirstMillis {
		n *= 1000
	}
	return time.UnixMilli(int64(math.Round(n)))
}

var layouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999",
	time.DateOnly,
	http.TimeFormat,
	time.RFC1123Z,
}

// Parse reads a text; false if it is no time. A number that is not positive is the zero time, which says nothing.
func Parse(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return OfNumber(n), n < mostMillis && n >= 0
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
