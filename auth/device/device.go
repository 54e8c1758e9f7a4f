// Package device signs people in on things that have no browser or no keyboard:
// the device shows a short code, and the person enters it where they can sign in
// and answers there (RFC 8628).
//
// A code is asked for in one of two ways. A client that is registered with the
// OAuth provider gets OAuth tokens at its token endpoint, with the scopes it is
// allowed. Any other client (the contract's plain mode) gets a session of the
// person, at /device/token; the page says so before it is approved.
//
// # Whoever guesses a user code
//
// would have somebody approve the wrong device. A code has 34 bits, lives half an
// hour, is kept as a keyed hash, and wrong ones are counted per person and per
// address (RFC 8628 §5.1). And whoever is sent a link with a code in it (§5.4)
// sees what asks, from which address and since when, and has to answer: a link
// only fills the field in.
//
// The package must not know how tokens are made: the provider hands in what
// happens when an approved code is used up.
package device

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Clients are the clients of the OAuth provider.
type Clients interface {
	// DeviceRequest proves the client of a request at the device authorization
	// endpoint (RFC 8628 §3.1) and returns its id, "" when no such client is
	// registered, the scopes that it may have and the APIs that they are for (RFC 8707).
	// Errors: *api.OAuthError.
	DeviceRequest(ctx context.Context, authorization string, form url.Values) (clientID string, scopes, resources []string, err error)
	// DeviceResources are the names of these APIs, for people.
	DeviceResources(ctx context.Context, identifiers []string) ([]string, error)
	// DeviceClient is what a person is told of a client; verified says that the
	// name was looked at by whoever runs the server.
	DeviceClient(ctx context.Context, id string) (name, uri string, verified bool, err error)
}

// Service is the capability. Build it with [New].
type Service struct {
	core    *core.Core
	cfg     config.DeviceAuthorization
	clients Clients
	codes   *userCodes
}

// New connects the capability.
func New(c *core.Core, clients Clients) (*Service, error) {
	codes, err := newUserCodes(c.Keys)
	if err != nil {
		return nil, err
	}
	s := &Service{core: c, cfg: c.Config.DeviceAuthorization, clients: clients, codes: codes}
	// What was approved and not yet fetched ends with all other access.
	c.AccessEnded.On(func(ctx context.Context, tx *store.Tx, e core.AccessEnded) error {
		return deleteRequestsOf(ctx, tx, e.UserID)
	})
	// So does what a session approved that is signed out, perhaps because it was
	// not the person's.
	c.SessionEnded.On(func(ctx context.Context, tx *store.Tx, e core.SessionEnded) error {
		return deleteRequestsOfSession(ctx, tx, e.UserID, e.SessionID)
	})
	return s, nil
}

// EndClient takes back what a person has approved for a client that is registered
// and has not fetched it.
func (s *Service) EndClient(ctx context.Context, tx *store.Tx, userID, clientID string) error {
	return deleteRequestsFor(ctx, tx, userID, clientID)
}

// The states of a request.
const (
	statusPending  = "pending"
	statusApproved = "approved"
	statusDenied   = "denied"
)

// Request is a device that waits for a person's answer.
type Request struct {
	ClientID  string
	Scope     string // as it was asked for
	Resources []string
	Status    string
	IPAddress string // of the device
	CreatedAt time.Time
	// OAuth tells that a registered client asks for tokens; else somebody asks
	// for a whole session.
	OAuth bool

	id        string
	userID    string // who claimed it
	sessionID string // that approved it
	authTime  time.Time
	amr       []string
	expiresAt time.Time
	polledAt  *time.Time
	interval  time.Duration
}

// Pending tells whether nobody has answered yet.
func (r *Request) Pending() bool { return r.Status == statusPending }

// Asked is a request as the device is told of it (RFC 8628 §3.2).
type Asked struct {
	DeviceCode              string `json:"device_code"`
	UserCode                string `json:"user_code"`
	VerificationURI         string `json:"verification_uri"`
	VerificationURIComplete string `json:"verification_uri_complete"`
	ExpiresIn               int64  `json:"expires_in"`
	Interval                int64  `json:"interval"`
}

// maxText bounds what an unregistered client says of itself.
const maxText = 200

// Start takes a request for codes. authorization is the header, form the body;
// ip is the device's. Errors: *api.OAuthError.
func (s *Service) Start(ctx context.Context, authorization string, form url.Values, ip string) (*Asked, error) {
	for _, name := range []string{"client_id", "scope", "user_id"} {
		if len(form[name]) > 1 {
			return nil, bad(invalidRequest, name+" must not be repeated")
		}
	}
	r := &Request{ClientID: form.Get("client_id"), Scope: form.Get("scope"), Status: statusPending, IPAddress: ip, userID: form.Get("user_id")}
	clientID, scopes, resources, err := s.clients.DeviceRequest(ctx, authorization, form)
	switch {
	case err != nil:
		return nil, err
	case clientID != "":
		r.OAuth, r.ClientID, r.Scope, r.Resources = true, clientID, strings.Join(scopes, " "), resources
	case r.ClientID == "":
		return nil, bad(invalidRequest, "client_id is required")
	case !s.cfg.AllowUnregistered:
		return nil, bad(invalidClient, "Invalid client ID")
	case !printable(r.ClientID) || !printable(r.Scope):
		return nil, bad(invalidRequest, fmt.Sprintf("client_id and scope have at most %d characters and no control characters", maxText))
	}
	if !printable(r.userID) {
		return nil, bad(invalidRequest, "user_id is not an id")
	}
	r.CreatedAt = s.now(ctx)
	r.expiresAt, r.interval = r.CreatedAt.Add(s.cfg.ExpiresIn), s.cfg.Interval
	return s.keep(ctx, r)
}

func printable(text string) bool {
	return len(text) <= maxText && utf8.ValidString(text) && !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f })
}

// attempts is how often new codes are drawn when the first are taken.
const attempts = 3

// keep stores a request under codes that nobody has.
func (s *Service) keep(ctx context.Context, r *Request) (*Asked, error) {
	for range attempts {
		r.id = core.NewID()
		deviceCode, userCode := core.NewToken(40), newUserCode()
		err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
			return insertRequest(ctx, tx, r, core.HashToken(deviceCode), s.codes.hash(userCode))
		})
		if store.IsUnique(err, "device_code.user_code") {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("keep a device's request: %w", err)
		}
		page := s.cfg.VerificationURI
		return &Asked{
			DeviceCode: deviceCode, UserCode: userCode, VerificationURI: page, VerificationURIComplete: withCode(page, userCode),
			ExpiresIn: int64(s.cfg.ExpiresIn / time.Second), Interval: int64(s.cfg.Interval / time.Second),
		}, nil
	}
	return nil, errors.New("no free user code was found")
}

func withCode(page, code string) string {
	separator := "?"
	if strings.Contains(page, "?") {
		separator = "&"
	}
	return page + separator + "user_code=" + url.QueryEscape(code)
}

// sweepBatch bounds how long a sweep holds the writer.
const sweepBatch = 200

// Sweep deletes requests that ended a while ago: until then the device is told why.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.now(ctx)
	for n := int64(sweepBatch); n == sweepBatch; {
		err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
			requests, err := deleteExpiredRequests(ctx, tx, now.Add(-10*time.Minute), sweepBatch)
			if err != nil {
				return err
			}
			guesses, err := deleteExpiredGuesses(ctx, tx, now, sweepBatch)
			n = max(requests, guesses)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) now(ctx context.Context) time.Time {
	return s.core.Now(ctx).UTC().Truncate(time.Millisecond)
}

// auth is who approved a request: the person, and how and when they had proven
// who they are.
func (r *Request) auth(u *core.User) *core.Auth {
	return &core.Auth{User: u, Session: &core.Session{ID: r.sessionID, UserID: u.ID, CreatedAt: r.authTime, AMR: slices.Clone(r.amr)}}
}
