package metrics

import (
	"strconv"
	"time"
)

// Request counts a request to the API. route is the pattern that it matched, "" if none; method one of a few.
func (m *Metrics) Request(route, method string, status int, took time.Duration) {
	if route == "" {
		route = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.answering.WithLabelValues(route).Observe(took.Seconds())
}
