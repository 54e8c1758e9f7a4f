package auth

import (
	"context"
	"errors"
	"net/http"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/clientip"
	"authd/auth/internal/core"
	"authd/auth/internal/hashing"
	"authd/auth/internal/limit"
	"authd/auth/internal/store"
	"authd/auth/pages"
)

// newRouter mounts all endpoints and hands the router what it takes from core.
func (s *Server) newRouter(c *core.Core) (*api.Router, error) {
	proxies := s.cfg.Proxies()
	cfg := api.Config{
		Origins: api.NewOrigins(s.cfg.URL, s.cfg.TrustedOrigins),
		Log:     s.log,
		Context: func(hr *http.Request) (context.Context, time.Time) {
			ctx := requestContext(hr)
			return ctx, c.Now(ctx)
		},
		Address:      clientip.New(proxies.Prefixes, proxies.Header).From,
		LimitAddress: clientip.LimitKey,
		Session:      c.LimitKey,
		Exempt:       s.Operators.Exempt,
		Classify:     classify,
		PageError:    s.Pages.Error,
		Before:       s.OIDC.CheckSignIn,
		DefaultLimit: api.Rule{Window: s.cfg.RateLimit.Window, Max: s.cfg.RateLimit.Max},
		Limits:       customLimits(s.cfg.RateLimit.CustomRules),
	}
	if s.cfg.Metrics.Enabled {
		cfg.Observe = s.Health.Observe
	}
	if s.cfg.RateLimit.Enabled {
		limiter := limit.New(limit.Options{})
		cfg.Limit = func(key string, rule api.Rule, now time.Time) (bool, time.Duration) {
			return limiter.Allow(key, limit.Rule{Window: rule.Window, Max: rule.Max}, now)
		}
	}
	endpoints, err := s.endpoints()
	if err != nil {
		return nil, err
	}
	return api.NewRouter(cfg, endpoints), nil
}

// classify knows the errors of the layers below the capabilities.
func classify(err error) *api.Error {
	switch {
	case errors.Is(err, store.ErrUnavailable):
		return api.ErrStorage
	case errors.Is(err, hashing.ErrBusy):
		return api.ErrBusy
	default:
		return pages.Classify(err)
	}
}
