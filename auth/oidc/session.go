package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/core"
	"authd/auth/internal/outbox"
	"authd/auth/internal/store"
)

// clientSession is a person's session at a client: it begins with an ID token
// and ends, at the latest, with the session of ours in which that was given.
type clientSession struct {
	id        string
	sessionID string
	userID    string
	clientID  string
	sid       string

	createdAt   time.Time
	lastTokenAt time.Time
	expiresAt   time.Time // when the sweep looks at it
	endedAt     *time.Time
	told        string
	job         string // that tells the client of the end
}

// What a client knows of the end of a session.
const (
	toldNothing = "" // there is no way to tell it, or nothing to tell
	toldWaiting = "waiting"
	toldDone    = "told"
	toldFailed  = "failed" // it did not answer as it should; tried again for a day
)

// endedSessionsKept is how long a row says that its client was told.
const endedSessionsKept = 30 * 24 * time.Hour

// sidOf names a session to one client (Back-Channel Logout §2.1): the same name
// each time, and another one to every client, so that they cannot compare; "" for
// what belongs to no session.
func sidOf(sessionID, clientID string) string {
	if sessionID == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("oauth sid\x00" + sessionID + "\x00" + clientID))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

// knowsSessions tells whether a client can make use of sid: it ends sessions or
// is told of their end (NOTES §13).
func (c *Client) knowsSessions() bool {
	return c.mayEndSession() || c.BackchannelLogoutURI != "" || c.FrontchannelLogoutURI != ""
}

// mayEndSession: a client that registered where people return to after signing
// out means to sign them out (RP-Initiated Logout §3.1), as does one of which
// whoever runs the server says so.
func (c *Client) mayEndSession() bool { return c.EnableEndSession || len(c.PostLogoutRedirectURIs) > 0 }

// originOf is the origin of a web address, "" for all that would not do in a
// Content-Security-Policy.
func originOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsFunc(u.Host, notInHosts) {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func notInHosts(r rune) bool { return !isBase64URL(r) && !strings.ContainsRune(".:[]", r) }

// keepSession writes down that a client gets an ID token, with the grant it comes of.
func (s *Service) keepSession(ctx context.Context, tx *store.Tx, g *grant, now time.Time) error {
	if g.sessionID == "" || !g.has(scopeOpenID) {
		return nil
	}
	return keepClientSession(ctx, tx, &clientSession{
		sessionID: g.sessionID, userID: g.userID, clientID: g.clientID, sid: sidOf(g.sessionID, g.clientID),
		lastTokenAt: now, expiresAt: now.Add(s.core.Config.Session.ExpiresIn),
	})
}

// listen has the provider act when people's sessions and access end.
func (s *Service) listen() {
	s.core.AccessEnded.On(func(ctx context.Context, tx *store.Tx, e core.AccessEnded) error {
		return s.EndUserGrants(ctx, tx, e.UserID)
	})
	s.core.SessionEnded.On(func(ctx context.Context, tx *store.Tx, e core.SessionEnded) error {
		if err := endSessionGrants(ctx, tx, e.UserID, e.SessionID, s.now(ctx)); err != nil {
			return err
		}
		sessions, err := clientSessionsOf(ctx, tx, e.SessionID)
		if err != nil {
			return err
		}
		return s.endClientSessions(ctx, tx, sessions)
	})
	s.core.Jobs.HandleApart(jobLogout, outbox.Terms{}, s.deliverLogout) // an app that is slow holds up no mail
}

// endClientSessions ends sessions at clients and has those clients told that can be.
func (s *Service) endClientSessions(ctx context.Context, tx *store.Tx, sessions []*clientSession) error {
	now := s.now(ctx)
	for _, one := range sessions {
		if one.endedAt != nil {
			continue
		}
		c, err := s.client(ctx, tx, one.clientID)
		if errors.Is(err, ErrClientNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if c.BackchannelLogoutURI != "" && !c.Disabled {
			one.told = toldWaiting
			if one.job, err = s.queueLogout(ctx, tx, one); err != nil {
				return err
			}
		}
		if err := endClientSession(ctx, tx, one, now, now.Add(endedSessionsKept)); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}

// sweepClientSessions forgets sessions at clients whose own session has ended by
// its age, and those that ended long ago.
func (s *Service) sweepClientSessions(ctx context.Context, now time.Time) error {
	return walk(ctx, func(after string) (n int, last string, worked bool, err error) {
		rows, err := clientSessionsAfter(ctx, s.core.DB, after, sweepBatch)
		if err != nil || len(rows) == 0 {
			return 0, "", false, err
		}
		n, last = len(rows), rows[len(rows)-1].id
		due := slices.DeleteFunc(rows, func(one *clientSession) bool { return one.expiresAt.After(now) })
		if len(due) > 0 {
			err = s.forgetClientSessions(ctx, due, now)
		}
		return n, last, len(due) > 0, err
	})
}

// forgetClientSessions deletes those that are due, and puts off those whose own
// session goes on.
func (s *Service) forgetClientSessions(ctx context.Context, due []*clientSession, now time.Time) error {
	alive := map[string]time.Time{}
	for _, one := range due {
		end, err := s.core.SessionEnd(ctx, s.core.DB, one.sessionID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if one.endedAt == nil && end.After(now) {
			alive[one.id] = end
		}
	}
	return s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		for _, one := range due {
			if end, ok := alive[one.id]; ok {
				err = keepClientSessionUntil(ctx, tx, one.id, end)
			} else {
				err = deleteClientSession(ctx, tx, one.id, now)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
