package oidc

import (
	"context"
	"errors"
	"slices"
	"time"
)

// FarewellApp is one application that the person was signed in to.
type FarewellApp struct {
	Name string
	// State is one of the words below.
	State string
	// Until is when an app that cannot be told has to ask again, at the latest as
	// far as its ID token goes.
	Until time.Time
}

// What an application knows when its person has signed out.
const (
	FarewellTold    = "told"    // it was told, or is being told by the page
	FarewellTelling = "telling" // it has not answered yet; it is told again
	FarewellKept    = "kept"    // it was given access that lasts (offline_access)
	FarewellEnded   = "ended"   // it cannot be told, but what it was given has ended
	FarewellUntold  = "untold"  // it cannot be told and may go by its ID token for a while
)

// left is what a client knows of the end of a session; kept tells that it has
// access that goes on.
func (s *Service) left(c *Client, one *clientSession, kept bool, now time.Time) FarewellApp {
	app := FarewellApp{Name: c.Title(), Until: one.lastTokenAt.Add(s.cfg.IDTokenExpiresIn)}
	switch {
	case one.told == toldDone:
		app.State = FarewellTold
	case one.told != toldNothing:
		app.State = FarewellTelling
	case kept:
		app.State = FarewellKept
	case app.Until.After(now):
		app.State = FarewellUntold
	default:
		app.State = FarewellEnded
	}
	return app
}

// lately is how long the page of apps says what became of a session.
const lately = 24 * time.Hour

// LeftLately are the applications that a person was signed out of, however that
// came about, and what they know of it: for a day, and for as long as one that
// could not be told may think that the person is there.
func (s *Service) LeftLately(ctx context.Context, userID string) ([]FarewellApp, error) {
	sessions, err := userClientSessions(ctx, s.core.DB, userID)
	if err != nil {
		return nil, err
	}
	now := s.now(ctx)
	grants, err := grantsOf(ctx, s.core.DB, userID, now)
	if err != nil {
		return nil, err
	}
	var apps []FarewellApp
	seen := map[string]bool{}
	for _, one := range slices.Backward(sessions) { // the latest of each
		if seen[one.clientID] || slices.ContainsFunc(sessions, func(other *clientSession) bool { return other.clientID == one.clientID && other.endedAt == nil }) {
			continue
		}
		seen[one.clientID] = true
		c, err := s.Client(ctx, one.clientID)
		if errors.Is(err, ErrClientNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		kept := slices.ContainsFunc(grants, func(g *appAccess) bool { return g.clientID == c.ID })
		app := s.left(c, one, kept, now)
		if now.Sub(*one.endedAt) < lately || app.State == FarewellUntold {
			apps = append(apps, app)
		}
	}
	return apps, nil
}
