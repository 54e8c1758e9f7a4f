package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/egress"
	"authd/auth/internal/outbox"
	"authd/auth/internal/store"
)

// jobLogout is the work of telling a client that a session has ended.
const jobLogout = "oauth-logout"

// logoutJob says all that is told, for the person may be gone when it is.
type logoutJob struct {
	Session  string `json:"session"` // the row of oauth_session
	ClientID string `json:"client"`
	UserID   string `json:"user"`
	SID      string `json:"sid"`
}

func (s *Service) queueLogout(ctx context.Context, tx *store.Tx, one *clientSession) (string, error) {
	return s.core.Jobs.Add(ctx, tx, jobLogout, logoutJob{Session: one.id, ClientID: one.clientID, UserID: one.userID, SID: one.sid})
}

// typLogout keeps a logout token from passing for anything else (Back-Channel Logout §2.4).
const typLogout = "logout+jwt"

// logoutTokenLife is the two minutes that Back-Channel Logout §2.4 recommends at most.
const logoutTokenLife = 2 * time.Minute

// logoutClaims is a logout token (Back-Channel Logout §2.4). It never has a nonce.
type logoutClaims struct {
	Issuer   string              `json:"iss"`
	Subject  string              `json:"sub"`
	Audience string              `json:"aud"`
	IssuedAt int64               `json:"iat"`
	Expires  int64               `json:"exp"`
	ID       string              `json:"jti"`
	SID      string              `json:"sid"`
	Events   map[string]struct{} `json:"events"`
}

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// deliverLogout is the handler of jobLogout. Each attempt has a token of its own:
// a client that did the work and whose answer was lost may refuse the old one as used.
func (s *Service) deliverLogout(ctx context.Context, payload []byte) error {
	var job logoutJob
	if err := json.Unmarshal(payload, &job); err != nil {
		return fmt.Errorf("%w: %w", outbox.ErrPermanent, err)
	}
	c, err := s.Client(ctx, job.ClientID)
	if errors.Is(err, ErrClientNotFound) || err == nil && c.BackchannelLogoutURI == "" {
		return nil // nobody is there to be told any more
	}
	if err != nil {
		return err
	}
	switch one, err := findClientSession(ctx, s.core.DB, job.Session); {
	case err == nil && one.endedAt == nil:
		return nil // the person has come back to the client since
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	}
	told := toldDone
	failure := s.tellLogout(ctx, c, &job)
	if failure != nil {
		told = toldFailed
	}
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error { return markTold(ctx, tx, job.Session, told) })
	return errors.Join(failure, err)
}

// tellLogout posts a logout token to the client (Back-Channel Logout §2.5).
func (s *Service) tellLogout(ctx context.Context, c *Client, job *logoutJob) error {
	now := s.now(ctx)
	token, err := s.keys.signTyped(ctx, c.IDTokenSignedResponseAlg, typLogout, &logoutClaims{
		Issuer: s.issuer, Subject: s.subject(c, job.UserID), Audience: c.ID, IssuedAt: now.Unix(), Expires: now.Add(logoutTokenLife).Unix(),
		ID: core.NewToken(32), SID: job.SID, Events: map[string]struct{}{logoutEvent: {}},
	})
	if err != nil {
		return err
	}
	// Whoever runs the server may have an app behind the same firewall; a client
	// that registered itself must not reach there.
	status, err := s.core.Egress.PostForm(ctx, c.BackchannelLogoutURI, url.Values{"logout_token": {token}}, egress.Want{
		Trusted: c.Registration == madeByOperator, Timeout: backchannelTimeout,
	})
	switch {
	case errors.Is(err, egress.ErrForbidden):
		return fmt.Errorf("%w: %w", outbox.ErrPermanent, withoutAddress(err))
	case err != nil:
		return withoutAddress(err)
	case status < 200 || status > 299: // §2.8: 200, which some frameworks make 204
		return fmt.Errorf("the client %s answered %d", c.ID, status)
	}
	return nil
}

const backchannelTimeout = 5 * time.Second

// withoutAddress is what went wrong without the URL, which may hold what is nobody's business.
func withoutAddress(err error) error {
	var inURL *url.Error
	if errors.As(err, &inURL) {
		return inURL.Err
	}
	return err
}

// tellNow delivers what waits to be told, for as long as somebody may be kept
// waiting for it. What is not done by then is done later.
func (s *Service) tellNow(ctx context.Context, sessions []*clientSession, patience time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var telling sync.WaitGroup
	for _, one := range sessions {
		if one.job == "" || one.told != toldWaiting {
			continue
		}
		telling.Go(func() { _ = s.core.Jobs.Flush(ctx, one.job) }) // what fails is logged, and tried again
	}
	done := make(chan struct{})
	go func() {
		telling.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
