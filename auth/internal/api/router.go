package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Config is what a [Router] needs from outside.
type Config struct {
	Origins *Origins
	Log     *slog.Logger
	// Context gives a request its context and time: the clock, and in test
	// builds what the request says the time is.
	Context func(*http.Request) (context.Context, time.Time)
	// Address is the client's address behind trusted proxies.
	Address func(*http.Request) netip.Addr
	// Limit takes one from the bucket named key; nil turns limits off.
	Limit func(key string, rule Rule, now time.Time) (ok bool, retryAfter time.Duration)
	// DefaultLimit is the rule of endpoints that declare none; Limits are the
	// operator's own rules, by path below /api/auth, that win over the declared ones.
	DefaultLimit Rule
	Limits       map[string]Rule
	// LimitAddress is the part of an address that is counted: all of IPv4, /64 of IPv6.
	LimitAddress func(netip.Addr) string
	// Session names the caller's session for the limiter, "" when there is none that holds.
	Session func(*Request) string
	// Exempt tells whether the caller is not limited at all (an operator).
	Exempt func(*Request) bool
	// Classify turns an error of the layers below (storage, hashing) into an answer.
	Classify func(error) *Error
	// Before runs first for every endpoint of the JSON API, After when the handler has succeeded.
	Before func(*Request) error
	// PageError renders an error for people.
	PageError func(r *Request, e *Error, retry time.Duration) Page
	// Observe is told of every answered request.
	Observe func(route, method string, status int, took time.Duration)
	MaxBody int64 // bytes; 0 means 1 MiB
}

// Router serves endpoints.
type Router struct {
	cfg         Config
	mux         *http.ServeMux
	endpoints   []*Endpoint
	byPattern   map[string]*site
	crossOrigin *http.CrossOriginProtection
	unknown     *site
	idPrefix    string
	idCount     atomic.Uint64
}

// site is one path with the endpoints behind its methods.
type site struct {
	router  *Router
	methods map[string]*Endpoint
}

// NewRouter mounts the endpoints. It panics when two of them claim the same
// method and path, or the same id: a mistake in the program.
func NewRouter(cfg Config, endpoints []Endpoint) *Router {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 1 << 20
	}
	prefix := make([]byte, 4)
	_, _ = rand.Read(prefix) // never fails (crypto/rand)
	rt := &Router{cfg: cfg, mux: http.NewServeMux(), byPattern: map[string]*site{}, crossOrigin: http.NewCrossOriginProtection(), idPrefix: hex.EncodeToString(prefix) + "-"}
	ids := map[string]bool{}
	for i := range endpoints {
		e := &endpoints[i]
		if ids[e.ID+e.Method] {
			panic("api: endpoint id " + e.ID + " is declared twice")
		}
		ids[e.ID+e.Method] = true
		if e.Mount == Auth {
			e.custom = customRule(cfg.Limits, e.Path)
		}
		rt.mount(e)
	}
	rt.unknown = &site{router: rt, methods: map[string]*Endpoint{}}
	rt.mux.Handle("/", rt.unknown)
	return rt
}

func (rt *Router) mount(e *Endpoint) {
	s := rt.byPattern[e.pattern()]
	if s == nil {
		s = &site{router: rt, methods: map[string]*Endpoint{}}
		rt.byPattern[e.pattern()] = s
		rt.mux.Handle(e.pattern(), s)
	}
	if s.methods[e.Method] != nil {
		panic("api: " + e.Method + " " + e.pattern() + " is declared twice")
	}
	s.methods[e.Method] = e
	if e.Method == http.MethodGet && e.Mount == Root {
		s.methods[http.MethodHead] = e
	}
	rt.endpoints = append(rt.endpoints, e)
}

// Endpoints are all that are mounted, in the order they were declared.
func (rt *Router) Endpoints() []*Endpoint { return rt.endpoints }

// ServeHTTP implements [http.Handler].
func (rt *Router) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	if !cleanPath(hr.URL.Path) {
		rt.unknown.ServeHTTP(w, hr)
		return
	}
	rt.mux.ServeHTTP(w, hr)
}

// cleanPath: ServeMux would redirect an unclean path, the contract answers 404.
func cleanPath(p string) bool {
	if p == "" || p[0] != '/' {
		return false
	}
	if !strings.Contains(p, "//") && !strings.Contains(p, "/.") {
		return true
	}
	return path.Clean(p) == p && !strings.Contains(p, "//")
}

// notFound is the endpoint of every path that has none: they share one bucket.
var notFound = &Endpoint{ID: "unknown", Method: http.MethodGet}

// wrongMethod stands for every method that a document does not have.
var wrongMethod = &Endpoint{ID: "wrong-method", Method: http.MethodGet}

func (s *site) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	rt := s.router
	start := time.Now()
	e := s.methods[hr.Method]
	rw := &responseWriter{ResponseWriter: w}
	rw.id = rt.idPrefix + strconv.FormatUint(rt.idCount.Add(1), 36)
	r := &Request{HTTP: hr, router: rt, endpoint: e, w: rw}
	if e == nil {
		r.endpoint = notFound
		for _, other := range s.methods {
			if other.Document {
				r.endpoint, r.allow = wrongMethod, s.allowed()
			}
		}
	}
	defer func() {
		if v := recover(); v != nil {
			r.logPanic(v)
			if rw.status == 0 {
				rw.WriteHeader(http.StatusInternalServerError)
			}
		}
		rt.finish(r, time.Since(start))
	}()
	r.ctx, r.now = rt.cfg.Context(hr)
	r.addr = rt.cfg.Address(hr)
	switch {
	case hr.Method == http.MethodOptions && e == nil:
		s.preflight(r)
	default:
		r.serve(e)
	}
}

// allowed are the methods of a path, for a 405.
func (s *site) allowed() string {
	return strings.Join(slices.Sorted(maps.Keys(s.methods)), ", ")
}

func (rt *Router) finish(r *Request, took time.Duration) {
	status := r.w.status
	if status == 0 {
		status = http.StatusOK
	}
	if rt.cfg.Observe != nil {
		rt.cfg.Observe(r.endpoint.ID, r.HTTP.Method, status, took)
	}
	level := slog.LevelInfo
	if status >= 500 {
		level = slog.LevelError
	}
	rt.cfg.Log.LogAttrs(r.HTTP.Context(), level, "request",
		slog.String("method", r.HTTP.Method), slog.String("route", r.endpoint.ID),
		slog.Int("status", status), slog.Int64("us", took.Microseconds()), slog.String("request", r.w.id))
}

// serve takes a request through the contract's order of checks.
func (r *Request) serve(e *Endpoint) {
	if retry, limited := r.limited(); limited {
		r.tooMany(retry)
		return
	}
	if e == nil {
		r.notFound()
		return
	}
	r.cors()
	out, err := r.run(e)
	var detour Detour
	if errors.As(err, &detour) {
		out, err = detour.Detour(r)
	}
	if err == nil {
		err = r.writeOut(out)
	}
	if err != nil {
		r.fail(err)
	}
}

func (r *Request) run(e *Endpoint) (any, error) {
	if e.First != nil {
		if err := e.First(r); err != nil {
			return nil, err
		}
	}
	body, err := r.readBody()
	if err != nil {
		return nil, err
	}
	r.Body, _ = body.(map[string]any)
	if err := r.checkOrigin(); err != nil {
		return nil, err
	}
	if err := r.checkTargets(); err != nil {
		return nil, err
	}
	if r.router.cfg.Before != nil && e.Mount == Auth {
		if err := r.router.cfg.Before(r); err != nil {
			return nil, err
		}
	}
	in := e.newIn()
	if err := e.in.decode(r, body, in); err != nil {
		return nil, err
	}
	if c, ok := in.(checked); ok {
		if err := c.Check(); err != nil {
			return nil, err
		}
	}
	if err := r.checkLoginOrigin(); err != nil {
		return nil, err
	}
	for i := range e.Guards {
		if err := e.Guards[i].Check(r); err != nil {
			return nil, err
		}
	}
	return e.handle(r, in)
}

func (r *Request) fail(err error) {
	if r.w.status != 0 { // too late to tell the client
		r.logFailure(err)
		return
	}
	if r.endpoint.Page {
		r.failPage(err, 0)
		return
	}
	r.writeError(err)
}

func (r *Request) failPage(err error, retry time.Duration) {
	answer, known := r.router.classify(err)
	if !known {
		r.logFailure(err)
	}
	if retry == 0 {
		retry = retryAfter(err, answer)
		r.setRetryAfter(retry)
	}
	if r.router.cfg.PageError == nil {
		r.w.WriteHeader(answer.Status)
		return
	}
	if err := r.router.cfg.PageError(r, answer, retry).Respond(r); err != nil {
		r.logFailure(err)
	}
}

// notFound answers an unknown path: empty in the API, as the contract has it, a page elsewhere.
func (r *Request) notFound() {
	if r.endpoint == wrongMethod {
		r.Header().Set("Allow", r.allow)
		r.w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	p := r.HTTP.URL.Path
	if strings.HasPrefix(p, "/api/") || strings.HasPrefix(p, "/.well-known/") || r.router.cfg.PageError == nil ||
		(r.HTTP.Method != http.MethodGet && r.HTTP.Method != http.MethodHead) {
		r.w.WriteHeader(http.StatusNotFound)
		return
	}
	r.failPage(ErrNotFound, 0)
}

// responseWriter remembers what was answered, for the log and the metrics.
type responseWriter struct {
	http.ResponseWriter
	status int
	id     string
}

func (w *responseWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *responseWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
