package pages

import (
	"net/http"
	"net/url"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// Apps are the applications that have access to a person's account.
type Apps interface {
	List(r *api.Request, a *core.Auth) ([]views.AppAccess, error)
	Revoke(r *api.Request, a *core.Auth, id string) error
	// Open is the page that leads to an app, which signs the person in by itself.
	Open(r *api.Request, id string) (views.OpenAppPage, bool, error)
	// Recent are the apps that the person is signed out of since a short while.
	Recent(r *api.Request, a *core.Auth) ([]views.LeftApp, error)
	// Left is what became of a session that has just ended, at each application.
	Left(r *api.Request, a *core.Auth) (views.SignedOutPage, error)
}

func (s *Service) appsPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/account/apps")
	if err != nil {
		return nil, err
	}
	if v.auth == nil {
		return v.signInFirst(r.HTTP.URL.RequestURI())
	}
	v.page.Alert = s.take(r)
	v.page.Carry, v.page.Self = nil, "/account/apps"
	apps, err := s.Deps.Apps.List(r, v.auth)
	if err != nil {
		return nil, err
	}
	recent, err := s.Deps.Apps.Recent(r, v.auth)
	if err != nil {
		return nil, err
	}
	return show(http.StatusOK, views.Apps(v.page, views.AppsPage{Apps: apps, Recent: recent}))
}

// openApp leads to an app that signs people in from here (OpenID Connect Core §4). It
// is a page with a link, so that nobody is sent anywhere by an address of ours alone.
func (s *Service) openApp(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/account/apps/open")
	if err != nil {
		return nil, err
	}
	if v.auth == nil {
		return v.signInFirst(r.HTTP.URL.RequestURI())
	}
	app, found, err := s.Deps.Apps.Open(r, r.Query("client_id"))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, api.ErrNotFound
	}
	v.page.Carry, v.page.Self = nil, r.HTTP.URL.RequestURI()
	return show(http.StatusOK, views.OpenApp(v.page, app))
}

func (s *Service) revokeApp(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/account/apps")
	if err != nil {
		return nil, err
	}
	if v.auth == nil {
		return v.signInFirst("/account/apps")
	}
	if err := s.Deps.Apps.Revoke(r, v.auth, field(r, "client_id")); err != nil {
		return nil, err
	}
	v.leave(r, views.Success, "apps.revoked")
	return to("/account/apps")
}

// signOut ends the session from a page of ours, and says what became of the
// applications that it was used for.
func (s *Service) signOut(r *api.Request, _ *api.None) (api.Responder, error) {
	a, err := s.Core.Authenticate(r)
	if err != nil {
		return nil, err
	}
	if err := s.Sessions.SignOut(r); err != nil {
		return nil, err
	}
	left := views.SignedOutPage{}
	if a != nil {
		if left, err = s.Deps.Apps.Left(r, a); err != nil {
			return nil, err
		}
	}
	return s.SignedOut(r, "", left), nil
}

// SignedOut is the page after a session has ended. It may frame the origins of its
// frames, and no others.
func (s *Service) SignedOut(r *api.Request, uiLocales string, left views.SignedOutPage) api.Page {
	self := "/login" // where another language shows
	if left.Next != "" {
		self = ""
	}
	answer := api.Page{Body: views.SignedOut(s.page(r, uiLocales, self), left)}
	for _, frame := range left.Frames {
		if u, err := url.Parse(frame); err == nil && u.Host != "" {
			answer.Frames = append(answer.Frames, u.Scheme+"://"+u.Host)
		}
	}
	return answer
}

// ConfirmSignOut asks whether to sign out.
func (s *Service) ConfirmSignOut(r *api.Request, uiLocales string, u *core.User, client, action string) api.Page {
	return api.Page{Body: views.ConfirmSignOut(s.page(r, uiLocales, ""), views.ConfirmSignOutPage{Client: client, User: s.person(u), Action: action})}
}

// SignOutRefused says why an application's wish was not followed.
func (s *Service) SignOutRefused(r *api.Request, uiLocales, code, reason string) api.Page {
	return api.Page{Status: http.StatusBadRequest, Body: views.SignOutRefused(s.page(r, uiLocales, ""), code, reason)}
}
