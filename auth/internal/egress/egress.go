// Package egress is the only way out of authd by HTTP.
//
// It has two doors. Public is for addresses that strangers choose: a client's
// metadata document, a JWKS, a webhook of a tenant. It speaks https only and
// connects to addresses of the public internet only, so that authd cannot be
// made to fetch what stands behind the same firewall. Trusted is for addresses
// from the configuration, from commands and from the operator, which may well
// be private.
//
// Neither follows redirects: an answer 3xx is the answer. Answers are bounded in
// size and time. The package must not know what it fetches, nor retry.
package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// Options say how the clients are set up. The zero value is meant for production.
type Options struct {
	// Timeout bounds a whole exchange, the body too; 0 means 10 s.
	Timeout time.Duration
	// MaxBody is the most bytes of an answer's body, unpacked; 0 means 1 MiB.
	MaxBody int64
	// UserAgent names authd to the other side.
	UserAgent string
	// TLS is the base of the TLS configuration; nil means the system's roots.
	TLS *tls.Config
	// World, when set, stands in for the network: a test plays the other sides.
	// What needs no connection to be refused still is.
	World http.RoundTripper
}

// ErrForbidden is wrapped by the error of a request that Public does not make:
// not https, or an address that is not of the public internet.
var ErrForbidden = errors.New("address is not allowed")

// ErrTooLarge is wrapped by the error of an answer whose body is longer than
// MaxBody.
var ErrTooLarge = errors.New("answer is too large")

// maxHeader is the most bytes of an answer's header.
const maxHeader = 64 << 10

// Client holds the two doors.
type Client struct {
	public, trusted *http.Client
}

// New makes a Client.
func New(o Options) *Client { return newClient(o, checkPublic) }

// newClient lets a test call a server on loopback public.
func newClient(o Options, check func(netip.Addr) error) *Client {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 1 << 20
	}
	public := transport(o)
	public.DialContext = dialer(func(_ context.Context, _, address string, _ syscall.RawConn) error {
		return checkDial(address, check)
	}).DialContext
	trusted := transport(o)
	trusted.DialContext = dialer(nil).DialContext
	// A proxy connects in our place, so that the check above would be of the
	// proxy's address alone: only trusted requests go through it.
	trusted.Proxy = http.ProxyFromEnvironment
	return &Client{
		public:  client(o, public, func(u *url.URL) error { return checkURL(u, check) }),
		trusted: client(o, trusted, func(*url.URL) error { return nil }),
	}
}

// Public is the client for addresses that strangers choose.
func (c *Client) Public() *http.Client { return c.public }

// Trusted is the client for addresses from the configuration, from commands and
// from the operator.
func (c *Client) Trusted() *http.Client { return c.trusted }

func client(o Options, t *http.Transport, check func(*url.URL) error) *http.Client {
	next := divert(t)
	if o.World != nil {
		next = o.World
	}
	return &http.Client{
		Timeout:       o.Timeout,
		Transport:     &door{check: check, next: next, maxBody: o.MaxBody, agent: o.UserAgent},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func transport(o Options) *http.Transport {
	return &http.Transport{
		TLSClientConfig:        o.TLS.Clone(),
		TLSHandshakeTimeout:    o.Timeout,
		ResponseHeaderTimeout:  o.Timeout,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        time.Minute,
		MaxIdleConns:           32,
		MaxIdleConnsPerHost:    4,
		MaxConnsPerHost:        16,
		MaxResponseHeaderBytes: maxHeader,
		ForceAttemptHTTP2:      true,
	}
}

func dialer(control func(context.Context, string, string, syscall.RawConn) error) *net.Dialer {
	return &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second, ControlContext: control}
}

// checkURL refuses what need not be looked up to be refused.
func checkURL(u *url.URL, check func(netip.Addr) error) error {
	if u.Scheme != "https" {
		return fmt.Errorf("%w: not https", ErrForbidden)
	}
	if u.User != nil {
		return fmt.Errorf("%w: credentials in the URL", ErrForbidden)
	}
	if address, err := netip.ParseAddr(u.Hostname()); err == nil {
		return check(address)
	}
	return nil
}

// checkDial looks at the address that a connection is about to be made to. The
// name has been resolved by then, so a name that resolves to something else at
// every look (DNS rebinding) gains nothing.
func checkDial(address string, check func(netip.Addr) error) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: cannot be read", ErrForbidden)
	}
	return check(at.Addr())
}
