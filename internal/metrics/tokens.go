package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"carnet.dev/carnet/internal/token"
)

// Tokens tells the states of the tokens that a process has in memory; *token.Keeper does.
type Tokens interface {
	States(now time.Time) (states map[token.State]int, expiries []time.Duration)
}

// Watch counts the states of tokens whenever somebody reads the numbers.
func (m *Metrics) Watch(t Tokens) { m.registry.MustRegister(watcher{t}) }

type watcher struct{ tokens Tokens }

var (
	states = prometheus.NewDesc("carnet_tokens", "Tokens in the memory of this process, by state.", []string{"state"}, nil)
	expiry = prometheus.NewDesc("carnet_token_expiry_seconds",
		"In how many seconds the tokens in the memory of this process expire; those that have expired count as 0.", nil, nil)
)

// soon are the bounds of the histogram of expiries, in seconds.
var soon = []float64{0, 10, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600}

// Describe implements prometheus.Collector.
func (w watcher) Describe(to chan<- *prometheus.Desc) {
	to <- states
	to <- expiry
}

// Collect implements prometheus.Collector.
func (w watcher) Collect(to chan<- prometheus.Metric) {
	counts, expiries := w.tokens.States(time.Now())
	for _, state := range []token.State{token.Empty, token.Fresh, token.Due, token.Claimed, token.Waiting, token.Broken} {
		to <- prometheus.MustNewConstMetric(states, prometheus.GaugeValue, float64(counts[state]), string(state))
	}
	buckets, sum := map[float64]uint64{}, 0.0
	for _, left := range expiries {
		seconds := max(left.Seconds(), 0)
		sum += seconds
		for _, bound := range soon {
			if seconds <= bound {
				buckets[bound]++
			}
		}
	}
	to <- prometheus.MustNewConstHistogram(expiry, uint64(len(expiries)), sum, buckets)
}

// what may end; see failure mode 45.
var ending = []string{"refresh_token", "client_secret", "certificate", "tls.certificate"}

// Endings is told how many credentials near their end, and how many have ended, by what they are.
func (m *Metrics) Endings(near, ended map[string]int) {
	for _, what := range ending {
		m.endings.WithLabelValues(what, "near").Set(float64(near[what]))
		m.endings.WithLabelValues(what, "ended").Set(float64(ended[what]))
	}
}
