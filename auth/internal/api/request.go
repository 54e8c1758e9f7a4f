package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"
)

// Request is one request on its way through the server.
type Request struct {
	HTTP *http.Request

	// Auth is what a guard found out about the caller; core reads and writes it.
	Auth any
	// Body is the decoded body as it came (nil when there was none): for
	// capabilities that look beside the endpoint's own fields, such as oauth_query.
	Body map[string]any
	// Work is what the proof of work that came along is worth, in bits; 0 without one.
	Work int

	router   *Router
	endpoint *Endpoint
	w        *responseWriter
	ctx      context.Context
	now      time.Time
	addr     netip.Addr
	allow    string // the methods that a 405 names
	hosts    []string
}

// Context ends when the client goes away or the server's time is up.
func (r *Request) Context() context.Context { return r.ctx }

// Now is the time of the request: one instant for all that it does.
func (r *Request) Now() time.Time { return r.now }

// Address is the client's, taken from a proxy's header only when that proxy is trusted.
func (r *Request) Address() netip.Addr { return r.addr }

// IP is the client's address as text, "" when it is unknown.
func (r *Request) IP() string {
	if !r.addr.IsValid() {
		return ""
	}
	return r.addr.String()
}

// UserAgent is the User-Agent header, cut to a length worth keeping.
func (r *Request) UserAgent() string {
	ua := r.HTTP.UserAgent()
	if len(ua) > 512 {
		ua = ua[:512]
	}
	return ua
}

// Languages is the Accept-Language header, cut to a length worth keeping.
func (r *Request) Languages() string { return clip(r.HTTP.Header.Get("Accept-Language"), 128) }

// Header is that of the answer.
func (r *Request) Header() http.Header { return r.w.Header() }

// Expose lets a page of another origin read a header of the answer (Fetch §3.2.1).
func (r *Request) Expose(name string) {
	const expose = "Access-Control-Expose-Headers"
	h := r.Header()
	list := h.Get(expose)
	switch {
	case list == "":
		h.Set(expose, name)
	case !strings.Contains(", "+list+",", ", "+name+","):
		h.Set(expose, list+", "+name)
	}
}

// Admit lets the page that answers load from further hosts, and speak to them.
func (r *Request) Admit(hosts []string) { r.hosts = hosts }

// Query is the first value of a query parameter, "" when absent.
func (r *Request) Query(name string) string { return r.HTTP.URL.Query().Get(name) }

// Endpoint is the declaration that is being served.
func (r *Request) Endpoint() *Endpoint { return r.endpoint }

// Base is the public URL of the server: its origin, without a trailing slash.
func (r *Request) Base() string { return r.router.cfg.Origins.Base() }

// Origins are those that the server trusts.
func (r *Request) Origins() *Origins { return r.router.cfg.Origins }

// Log writes a line that belongs to this request.
func (r *Request) Log() *slog.Logger {
	return r.router.cfg.Log.With("request", r.w.id, "route", r.endpoint.ID)
}

// Security logs an event that whoever runs the server may want to look into:
// one line, no secret. Attributes are pairs as slog takes them.
func (r *Request) Security(event string, attrs ...any) {
	r.router.cfg.Log.LogAttrs(r.ctx, slog.LevelInfo, "security", append([]slog.Attr{
		slog.String("event", event), slog.String("request", r.w.id), slog.String("ip", r.IP()),
	}, argsToAttrs(attrs)...)...)
}

func argsToAttrs(args []any) []slog.Attr {
	var rec slog.Record
	rec.Add(args...)
	attrs := make([]slog.Attr, 0, rec.NumAttrs())
	rec.Attrs(func(a slog.Attr) bool { attrs = append(attrs, a); return true })
	return attrs
}

func (r *Request) logFailure(err error) {
	r.router.cfg.Log.Error("request failed", "request", r.w.id, "route", r.endpoint.ID, "error", err)
}

func (r *Request) logPanic(v any) {
	r.router.cfg.Log.Error("panic", "request", r.w.id, "route", r.endpoint.ID, "panic", v, "stack", string(debug.Stack()))
}
