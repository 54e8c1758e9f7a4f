// Package health answers whether the process lives and can write, and shows the
// counters of a running server.
package health

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Storage tells whether the database can be written.
type Storage interface {
	Ready(ctx context.Context) error
}

// Service is this capability.
type Service struct {
	storage  Storage
	metrics  bool // served beside the API
	registry *prometheus.Registry
	took     *prometheus.HistogramVec
}

// New connects the capability. metrics tells whether /metrics stands beside the API.
func New(s Storage, metrics bool) *Service {
	h := &Service{storage: s, metrics: metrics, registry: prometheus.NewRegistry()}
	h.took = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "authd_http_request_duration_seconds",
		Help:    "Time to answer a request, by route, method and status.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
	}, []string{"route", "method", "status"})
	h.registry.MustRegister(h.took, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return h
}

// Counter makes a counter; what it returns counts one, with the values of its
// labels, which are of a bounded set.
func (s *Service) Counter(name, help string, labels ...string) func(values ...string) {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	s.registry.MustRegister(counter)
	return func(values ...string) { counter.WithLabelValues(values...).Inc() }
}

// Observe counts a request. The labels are route ids, methods and classes of
// status: a bounded set, whatever is asked for.
func (s *Service) Observe(route, method string, status int, took time.Duration) {
	s.took.WithLabelValues(route, knownMethod(method), statusClass(status)).Observe(took.Seconds())
}

func knownMethod(m string) string {
	switch m {
	case "GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE":
		return m
	default:
		return "other"
	}
}

func statusClass(status int) string {
	switch status / 100 {
	case 2:
		return "2xx"
	case 3:
		return "3xx"
	case 4:
		return "4xx"
	default:
		return "5xx"
	}
}
