package api

import (
	"fmt"
	"net/http"
	"reflect"
	"time"
)

// Mount is where an endpoint's path begins.
type Mount int

// The mounts of the server.
const (
	Auth     Mount = iota // under /api/auth: the contract's JSON API
	Root                  // at the origin: pages and well-known documents
	Operator              // under /api/operator: server to server
)

func (m Mount) prefix() string {
	switch m {
	case Auth:
		return "/api/auth"
	case Operator:
		return "/api/operator"
	default:
		return ""
	}
}

// Media types an endpoint may accept.
const (
	MediaJSON = "application/json"
	MediaForm = "application/x-www-form-urlencoded"
	// MediaUpload is a form with files; a file is a []byte among the body's values.
	MediaUpload = "multipart/form-data"
)

// OriginRule says how a state-changing request proves that no foreign site sent it.
type OriginRule int

// The origin rules.
const (
	// OriginCookie is the contract's rule: a request that carries any cookie must
	// come from a trusted origin (NOTES §6).
	OriginCookie OriginRule = iota
	// OriginLogin adds to OriginCookie what protects sign-in and sign-up, which
	// have no cookie yet: where the browser says who asks, that must be trusted.
	OriginLogin
	// OriginPage is for form posts of our own pages: net/http's cross-origin protection.
	OriginPage
	// OriginNone is for endpoints that authenticate their caller in the request
	// itself (OAuth clients, operators).
	OriginNone
)

// CORSRule says which other origins may read the answer in a browser.
type CORSRule int

// The CORS rules.
const (
	CORSTrusted CORSRule = iota // trusted origins, with credentials
	CORSPublic                  // everybody, without credentials
	CORSNone
)

// Rule is a rate limit: at most Max requests in Window. The zero value takes the server's default.
type Rule struct {
	Window time.Duration
	Max    int
	// ByAddress counts per client address even when the request has a session:
	// for endpoints where a guess is made.
	ByAddress bool
}

// Guard is a condition that must hold before the handler runs.
type Guard struct {
	Name     string                 // the OpenAPI security scheme it stands for, "" for none
	Check    func(r *Request) error // a nil error lets the request pass
	Optional bool                   // it reads, but never refuses
}

// Endpoint is one operation of the server, declared. Build it with [Handle].
type Endpoint struct {
	Mount  Mount
	Method string   // GET or POST, PUT or DELETE where a standard has them; a GET endpoint of Root also answers HEAD
	Path   string   // "/sign-in/email"; ServeMux patterns such as "/reset-password/{token}"
	ID     string   // the contract's operation id: route id, metrics label, limit bucket
	Doc    string   // one sentence for the reference
	Tag    string   // the capability, for the reference
	Media  []string // accepted body types; nil means JSON for POST
	// MaxBody is the largest body in bytes, 0 for the router's.
	MaxBody int64
	Guards  []Guard
	// First, when set, is asked before anything but the limit: the contract has a captcha there.
	First  func(r *Request) error
	Errors []*Error // what it may answer beyond the errors every endpoint shares
	Limit  Rule
	Origin OriginRule
	CORS   CORSRule
	Page   bool // errors are pages, not JSON
	// Document is for what stands at a standard's place, such as metadata: methods
	// that it does not have are 405 there and not, as everywhere else in the contract, 404.
	Document bool
	// OAuth is the error code that OAuth has for a request that cannot be read
	// (RFC 6749 §5.2, RFC 7591 §3.2.2); "" for the contract's own errors.
	OAuth string

	handle func(r *Request, in any) (any, error)
	in     *schema
	out    reflect.Type
	newIn  func() any
	custom *Rule // the operator's own limit, when there is one
}

// Handle joins a declaration with the function that serves it. In is a struct
// whose fields are tagged `body:"name"`, `query:"name"` or `path:"name"`;
// Out is written as JSON unless it is a [Responder]. Handle panics when a
// declaration is unusable: that is a mistake in the program, found at its start.
func Handle[In, Out any](e Endpoint, fn func(r *Request, in *In) (Out, error)) Endpoint {
	s, err := schemaOf(reflect.TypeFor[In]())
	if err != nil {
		panic(fmt.Sprintf("api: endpoint %s: %v", e.ID, err))
	}
	if e.Media == nil && e.Method != http.MethodGet {
		e.Media = []string{MediaJSON}
	}
	e.in = s
	e.out = reflect.TypeFor[Out]()
	e.newIn = func() any { return new(In) }
	e.handle = func(r *Request, in any) (any, error) {
		out, err := fn(r, in.(*In))
		if err != nil {
			return nil, err
		}
		return out, nil
	}
	return e
}

// checked is an In with rules that tags do not tell, such as one of two forms.
type checked interface {
	Check() error // the validation error, nil when the input is good
}

// None is the In of an endpoint that takes nothing.
type None struct{}

func (e *Endpoint) pattern() string { return e.Mount.prefix() + e.Path }
