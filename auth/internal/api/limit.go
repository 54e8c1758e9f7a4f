package api

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// limited takes one from the caller's bucket for this endpoint.
func (r *Request) limited() (retry time.Duration, limited bool) {
	cfg := &r.router.cfg
	if cfg.Limit == nil {
		return 0, false
	}
	rule := r.endpoint.Limit
	if r.endpoint.custom != nil {
		rule.Window, rule.Max = r.endpoint.custom.Window, r.endpoint.custom.Max
	}
	if rule.Max < 0 || cfg.Exempt != nil && cfg.Exempt(r) {
		return 0, false
	}
	if rule.Max == 0 {
		rule.Window, rule.Max = cfg.DefaultLimit.Window, cfg.DefaultLimit.Max
	}
	who := ""
	if !rule.ByAddress && cfg.Session != nil {
		who = cfg.Session(r)
	}
	if who == "" {
		who = cfg.LimitAddress(r.addr)
	}
	ok, retry := cfg.Limit(who+"|"+r.endpoint.ID, rule, r.now)
	return retry, !ok
}

// customRule is the operator's own rule for a path: the exact one, else the
// longest that ends in * and fits.
func customRule(rules map[string]Rule, path string) *Rule {
	if rule, ok := rules[path]; ok {
		return &rule
	}
	best := ""
	for pattern := range rules {
		prefix, ok := strings.CutSuffix(pattern, "*")
		if ok && strings.HasPrefix(path, prefix) && len(pattern) > len(best) {
			best = pattern
		}
	}
	if best == "" {
		return nil
	}
	rule := rules[best]
	return &rule
}

// Unlimited is the rule of endpoints that are never limited: health checks.
var Unlimited = Rule{Max: -1}

func (r *Request) tooMany(retry time.Duration) {
	seconds := strconv.Itoa(int(math.Ceil(max(retry.Seconds(), 1))))
	r.Header().Set("X-Retry-After", seconds)
	r.Header().Set("Retry-After", seconds)
	if r.endpoint.Page {
		r.failPage(errTooMany, retry)
		return
	}
	r.cors()
	r.writeError(errTooMany)
}

// preflight answers OPTIONS for a path that exists, when the asking origin is
// trusted; the reference has no CORS at all, and answers 404.
func (s *site) preflight(r *Request) {
	h := r.HTTP.Header
	origin, method := h.Get("Origin"), h.Get("Access-Control-Request-Method")
	e := s.methods[method]
	if origin == "" || e == nil || !r.allowOrigin(e, origin) {
		r.notFound()
		return
	}
	out := r.Header()
	out.Set("Access-Control-Allow-Methods", method)
	if headers := h.Get("Access-Control-Request-Headers"); headers != "" && len(headers) < 1024 && !strings.ContainsAny(headers, "\r\n") {
		out.Set("Access-Control-Allow-Headers", headers)
	}
	out.Set("Access-Control-Max-Age", "600")
	r.w.WriteHeader(http.StatusNoContent)
}

// cors lets a browser app on another origin read the answer.
func (r *Request) cors() {
	if origin := r.HTTP.Header.Get("Origin"); origin != "" {
		r.allowOrigin(r.endpoint, origin)
	}
}

func (r *Request) allowOrigin(e *Endpoint, origin string) bool {
	h := r.Header()
	switch {
	case e.CORS == CORSPublic:
		h.Set("Access-Control-Allow-Origin", "*")
		return true
	case e.CORS == CORSTrusted && e.Mount == Auth:
		h.Add("Vary", "Origin")
		if origin == r.router.cfg.Origins.Base() || !r.router.cfg.Origins.Trusts(origin) {
			return false
		}
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", "set-auth-token, set-auth-jwt, x-retry-after")
		return true
	default:
		return false
	}
}
