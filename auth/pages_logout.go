package auth

import (
	"errors"
	"net/url"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/oidc"
	"authd/auth/pages"
	"authd/views"
)

// apps shows the provider's applications to the pages.
type apps struct{ provider *oidc.Service }

func (a apps) List(r *api.Request, caller *core.Auth) ([]views.AppAccess, error) {
	list, err := a.provider.Apps(r.Context(), caller.User.ID)
	if err != nil {
		return nil, err
	}
	shown := make([]views.AppAccess, 0, len(list))
	for _, one := range list {
		app := views.AppAccess{
			ID: one.ID, Name: one.Name, Scopes: one.Scopes, Since: one.Since, Used: one.Used, Until: one.Until,
			Offline: one.Offline, SignedIn: one.SignedIn, OpenURL: one.LoginLink,
		}
		if u, err := url.Parse(one.URI); err == nil {
			app.Host = u.Host
		}
		shown = append(shown, app)
	}
	return shown, nil
}

func (a apps) Revoke(r *api.Request, caller *core.Auth, id string) error {
	err := a.provider.RevokeApp(r.Context(), caller.User.ID, id)
	if err == nil {
		r.Security("app-revoked", "user", caller.User.ID, "client", id)
	}
	return err
}

func (a apps) Open(r *api.Request, id string) (views.OpenAppPage, bool, error) {
	c, err := a.provider.Client(r.Context(), id)
	if errors.Is(err, oidc.ErrClientNotFound) {
		return views.OpenAppPage{}, false, nil
	}
	if err != nil {
		return views.OpenAppPage{}, false, err
	}
	page := views.OpenAppPage{Name: c.Title(), URL: a.provider.LoginLink(c), SelfNamed: c.Unverified}
	u, err := url.Parse(page.URL)
	if err != nil {
		return views.OpenAppPage{}, false, err
	}
	page.Host = u.Host
	return page, page.URL != "", nil
}

func (a apps) Recent(r *api.Request, caller *core.Auth) ([]views.LeftApp, error) {
	list, err := a.provider.LeftLately(r.Context(), caller.User.ID)
	if err != nil {
		return nil, err
	}
	return leftApps(list), nil
}

func (a apps) Left(r *api.Request, caller *core.Auth) (views.SignedOutPage, error) {
	f, err := a.provider.Farewell(r.Context(), caller)
	if err != nil {
		return views.SignedOutPage{}, err
	}
	return leftPage(f), nil
}

func leftPage(f *oidc.Farewell) views.SignedOutPage {
	return views.SignedOutPage{Frames: f.Frames, Apps: leftApps(f.Apps)}
}

func leftApps(list []oidc.FarewellApp) []views.LeftApp {
	var shown []views.LeftApp
	for _, app := range list {
		shown = append(shown, views.LeftApp{Name: app.Name, State: views.LeftAppState(app.State), Until: app.Until})
	}
	return shown
}

// logoutPages are the pages by which the provider signs people out.
type logoutPages struct{ pages *pages.Service }

func (l logoutPages) Confirm(r *api.Request, q oidc.LogoutQuestion) (api.Responder, error) {
	return l.pages.ConfirmSignOut(r, q.UILocales, q.User, q.Client, q.Action), nil
}

func (l logoutPages) SignedOut(r *api.Request, uiLocales string, f *oidc.Farewell, next, client string) (api.Responder, error) {
	page := leftPage(f)
	page.Next, page.Client = next, client
	return l.pages.SignedOut(r, uiLocales, page), nil
}

func (l logoutPages) Refused(r *api.Request, uiLocales, code, reason string) (api.Responder, error) {
	return l.pages.SignOutRefused(r, uiLocales, code, reason), nil
}
