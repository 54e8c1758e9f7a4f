package oidc

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"authd/auth/internal/store"
)

// App is an application as its person sees it on the page of apps.
type App struct {
	ID, Name, URI string
	Scopes        []string
	Since         time.Time
	Used          time.Time
	Offline       bool
	Until         time.Time // when its access ends by itself; zero for none
	SignedIn      bool      // it holds a session of the person's
	LoginLink     string    // see [Service.LoginLink]
}

// Apps lists the applications that have access to a person's account, or were
// allowed to ask for it again, by name.
func (s *Service) Apps(ctx context.Context, userID string) ([]*App, error) {
	consents, err := consentsOf(ctx, s.core.DB, userID)
	if err != nil {
		return nil, err
	}
	grants, err := grantsOf(ctx, s.core.DB, userID, s.now(ctx))
	if err != nil {
		return nil, err
	}
	sessions, err := userClientSessions(ctx, s.core.DB, userID)
	if err != nil {
		return nil, err
	}
	found := map[string]*App{}
	for _, one := range append(consents, grants...) {
		app := found[one.clientID]
		if app == nil {
			app = &App{ID: one.clientID, Since: one.since}
			found[one.clientID] = app
		}
		app.add(one)
	}
	for _, one := range sessions {
		if app := found[one.clientID]; app != nil && one.endedAt == nil {
			app.SignedIn = true
			app.Used = later(app.Used, one.lastTokenAt)
		}
	}
	apps := make([]*App, 0, len(found))
	for id, app := range found {
		c, err := s.Client(ctx, id)
		if errors.Is(err, ErrClientNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		app.Name, app.URI, app.LoginLink = c.Name, c.place(), s.LoginLink(c)
		setDefault(&app.Name, id)
		apps = append(apps, app)
	}
	slices.SortFunc(apps, byName)
	return apps, nil
}

func (a *App) add(one *appAccess) {
	for _, scope := range one.scopes {
		if !slices.Contains(a.Scopes, scope) {
			a.Scopes = append(a.Scopes, scope)
		}
	}
	if one.since.Before(a.Since) {
		a.Since = one.since
	}
	a.Used, a.Until = later(a.Used, one.used), later(a.Until, one.until)
	a.Offline = a.Offline || !one.until.IsZero() && slices.Contains(one.scopes, scopeOffline)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func byName(a, b *App) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) }

// RevokeApp takes from an application all that a person allowed it, and tells it.
func (s *Service) RevokeApp(ctx context.Context, userID, clientID string) error {
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if err := forgetConsent(ctx, tx, userID, clientID); err != nil {
			return err
		}
		return s.endApp(ctx, tx, userID, clientID)
	})
}

// endApp ends what an application holds of a person's: grants and sessions.
func (s *Service) endApp(ctx context.Context, tx *store.Tx, userID, clientID string) error {
	if err := revokeGrantsFor(ctx, tx, userID, clientID, s.now(ctx)); err != nil {
		return err
	}
	if s.devices != nil {
		if err := s.devices.EndClient(ctx, tx, userID, clientID); err != nil {
			return err
		}
	}
	all, err := userClientSessions(ctx, tx, userID)
	if err != nil {
		return err
	}
	theirs := slices.DeleteFunc(all, func(one *clientSession) bool { return one.clientID != clientID })
	return s.endClientSessions(ctx, tx, theirs)
}
