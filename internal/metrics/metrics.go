// Package metrics counts what Carnet does, for Prometheus. It hears of it through small interfaces of the packages that do it, and
// serves the numbers in the text format. No label names an integration, a user or a host: there may be any number of them, and
// numbers are read by people who may not know of them.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"carnet.dev/carnet/internal/token"
)

// Metrics are all numbers of one process. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	renewals  *prometheus.CounterVec
	renewing  prometheus.Histogram
	waiting   prometheus.Histogram
	store     *prometheus.HistogramVec
	failures  *prometheus.CounterVec
	endings   *prometheus.GaugeVec
	requests  *prometheus.CounterVec
	answering *prometheus.HistogramVec
}

// Seconds of what goes over the network to somebody else, and of what should not take long.
var (
	outside = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	inside  = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
)

// New returns metrics that count from zero.
func New(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		renewals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carnet_token_renewals_total", Help: "Attempts to get a token, by what came of them.",
		}, []string{"outcome"}),
		renewing: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "carnet_token_renewal_duration_seconds", Help: "How long attempts to get a token took.", Buckets: outside,
		}),
		waiting: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "carnet_token_wait_duration_seconds", Help: "How long callers waited for a token that had to be got first.", Buckets: outside,
		}),
		store: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "carnet_store_operation_duration_seconds", Help: "How long operations of the store took.", Buckets: inside,
		}, []string{"operation"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carnet_store_errors_total", Help: "Operations of the store that failed, by the kind of the error.",
		}, []string{"operation", "kind"}),
		endings: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "carnet_credentials_ending", Help: "Credentials of integrations that near their end, or have ended, by what they are; looked for once an hour.",
		}, []string{"what", "state"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "carnet_http_requests_total", Help: "Requests to the API, by route, method and status.",
		}, []string{"route", "method", "status"}),
		answering: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "carnet_http_request_duration_seconds", Help: "How long requests to the API took.", Buckets: outside,
		}, []string{"route"}),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "carnet_build_info", Help: "The version that runs; always 1.",
	}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	for _, outcome := range token.Outcomes() { // what has not happened yet is 0, not unknown
		m.renewals.WithLabelValues(outcome)
	}
	for _, operation := range operations {
		m.store.WithLabelValues(operation)
	}
	m.Endings(nil, nil)
	m.registry.MustRegister(m.endings, m.renewals, m.renewing, m.waiting, m.store, m.failures, m.requests, m.answering, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the numbers.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Renewal implements token.Observer.
func (m *Metrics) Renewal(r token.Renewal) {
	m.renewals.WithLabelValues(r.Outcome).Inc()
	m.renewing.Observe(r.Took.Seconds())
}

// Waited implements token.Observer.
func (m *Metrics) Waited(took time.Duration) { m.waiting.Observe(took.Seconds()) }
