package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/store"
)

// Failure is a request of a client that was refused. It holds nothing secret.
type Failure struct {
	At          time.Time `json:"at"`
	Where       string    `json:"where"`
	Code        string    `json:"error"`
	Description string    `json:"error_description"`
}

// Places where a request fails.
const (
	failedAuthorize = "authorize"
	failedPush      = "par"
	failedToken     = "token"
)

// What is kept of failures: a few of each client, for a while, and no more in a
// minute than looking for a mistake needs. Who floods us fills no table.
const (
	keptFailures      = 20
	failureLife       = 30 * 24 * time.Hour
	failuresOfOne     = 20
	failuresAtAll     = 300
	failureTextLength = 400
)

// failureLimit counts what was kept in the current minute.
type failureLimit struct {
	mu    sync.Mutex
	since time.Time
	of    map[string]int
	all   int
}

// take tells whether one more may be kept.
func (l *failureLimit) take(now time.Time, clientID string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if age := now.Sub(l.since); l.of == nil || age >= time.Minute || age < 0 {
		l.since, l.of, l.all = now, map[string]int{}, 0
	}
	if l.all >= failuresAtAll || l.of[clientID] >= failuresOfOne {
		return false
	}
	l.all++
	l.of[clientID]++
	return true
}

// failed keeps a refused request for `authd client doctor`. description must hold
// no secret. Whether it is kept changes nothing for the request.
func (s *Service) failed(ctx context.Context, clientID, where, code, description string) {
	if _, err := s.Client(ctx, clientID); err != nil {
		return // of a client that is not there nothing is kept
	}
	now := s.now(ctx)
	if !s.failures.take(now, clientID) {
		return
	}
	f := &Failure{At: now, Where: where, Code: asciiOnly(clip(code)), Description: asciiOnly(description)}
	if len(f.Description) > failureTextLength {
		f.Description = f.Description[:failureTextLength]
	}
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return insertFailure(ctx, tx, clientID, f) })
	if err != nil && ctx.Err() == nil {
		s.core.Log.LogAttrs(ctx, slog.LevelDebug, "a refused request was not kept", slog.Any("error", err))
	}
}

// failedAt keeps the refusal of a client's own request, where err is one.
func (s *Service) failedAt(ctx context.Context, where, authorization string, form url.Values, err error) {
	var refused *api.OAuthError
	if !errors.As(err, &refused) || refused.Status >= 500 || refused.Code == "authorization_pending" || refused.Code == "slow_down" {
		return
	}
	clientID := form.Get("client_id")
	if id, _, ok := parseBasic(authorization); ok {
		clientID = id
	}
	if clientID != "" {
		s.failed(ctx, clientID, where, refused.Code, refused.Description)
	}
}

// notFault: answers of an authorization request that say nothing is wrong with it.
func notFault(code string) bool {
	switch code {
	case accessDenied, loginRequired, "consent_required", "temporarily_unavailable":
		return true
	}
	return false
}

// failedAuthorization keeps the refusal of an authorization request, with what
// was received where that is the fault.
func (s *Service) failedAuthorization(ctx context.Context, r *Refusal) {
	if r.client == nil || notFault(r.Code) {
		return
	}
	description := r.Description
	if c := r.complaint; c != nil && c.Received != "" {
		received, _, _ := strings.Cut(c.Received, "?") // a query may hold anything
		description += ": " + received
		if c.Hint != "" {
			description += " (a registered one differs only by " + c.Hint + ")"
		}
	}
	s.failed(ctx, r.client.ID, failedAuthorize, r.Code, description)
}

// Complaint is what the error page tells beyond the code: what was received, and
// what was expected.
type Complaint struct {
	Client     string    `json:"client,omitempty"`    // the name of the client
	ClientID   string    `json:"client_id,omitempty"` // "" when there is no such client
	Parameter  string    `json:"parameter"`           // the one that is wrong
	Received   string    `json:"received,omitempty"`
	Registered int       `json:"registered,omitempty"` // how many redirect URIs the client has
	Hint       string    `json:"hint,omitempty"`       // what a registered one differs by
	Until      time.Time `json:"until"`
}

const (
	complaintLife = time.Hour
	maxReceived   = 300
)

// complain seals a complaint for the way to the error page: nobody else can put
// words there.
func (s *Service) complain(ctx context.Context, c *Complaint) (string, error) {
	c.Until = s.now(ctx).Add(complaintLife)
	c.Received = strings.ToValidUTF8(c.Received, "?")
	if len(c.Received) > maxReceived {
		c.Received = strings.ToValidUTF8(c.Received[:maxReceived], "") + "…"
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	return s.complaints.Seal("", text)
}

// Complaint opens what complain sealed; nil for anything else.
func (s *Service) Complaint(ctx context.Context, sealed string) *Complaint {
	text, err := s.complaints.Open("", sealed)
	c := &Complaint{}
	if err != nil || json.Unmarshal(text, c) != nil || !s.now(ctx).Before(c.Until) {
		return nil
	}
	return c
}
