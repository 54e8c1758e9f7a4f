package health

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"authd/auth/internal/api"
)

// Endpoints are this capability's part of the server.
func (s *Service) Endpoints() []api.Endpoint {
	get := func(mount api.Mount, path, id, doc string, limit api.Rule) api.Endpoint {
		return api.Endpoint{Mount: mount, Method: http.MethodGet, Path: path, ID: id, Tag: "health", Doc: doc, Limit: limit, CORS: api.CORSNone}
	}
	list := []api.Endpoint{
		api.Handle(get(api.Auth, "/ok", "ok", "Tells that the API answers.", api.Rule{}), s.ok),
		api.Handle(get(api.Root, "/healthz", "healthz", "Tells that the process lives.", api.Unlimited), s.live),
		api.Handle(get(api.Root, "/readyz", "readyz", "Tells that the database can be written.", api.Unlimited), s.ready),
	}
	if s.metrics {
		list = append(list, api.Handle(get(api.Root, "/metrics", "metrics", "Counters for Prometheus.", api.Unlimited), s.serveMetrics))
	}
	return list
}

type okAnswer struct {
	OK bool `json:"ok"`
}

func (s *Service) ok(*api.Request, *api.None) (okAnswer, error) { return okAnswer{true}, nil }

type state struct {
	Status string `json:"status"`
}

func (s *Service) live(*api.Request, *api.None) (state, error) { return state{"ok"}, nil }

func (s *Service) ready(r *api.Request, _ *api.None) (state, error) {
	return state{"ok"}, s.storage.Ready(r.Context())
}

// Metrics serves the counters, for Prometheus.
func (s *Service) Metrics() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{})
}

func (s *Service) serveMetrics(*api.Request, *api.None) (api.HandlerFunc, error) {
	return s.Metrics().ServeHTTP, nil
}
