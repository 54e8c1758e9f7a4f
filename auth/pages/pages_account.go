package pages

import (
	"net/http"

	"authd/auth/internal/api"
	"authd/views"
)

func (s *Service) accountPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/account")
	if err != nil {
		return nil, err
	}
	if v.auth == nil {
		return v.signInFirst(r.HTTP.URL.RequestURI())
	}
	if v.page.Alert = s.take(r); v.page.Alert.Kind == "" {
		v.page.Alert = v.cameBack()
	}
	return show(http.StatusOK, views.Account(v.page, v.account()))
}

// account is everything the page shows.
func (v *visit) account() views.AccountPage {
	user := v.auth.User
	v.page.Carry = nil
	v.page.Self = "/account"
	return views.AccountPage{
		User:      v.person(user),
		Profile:   views.ProfileForm{Name: user.Name, Username: v.ownUsername(), Fields: v.ownFields()},
		Email:     views.EmailForm{Enabled: v.Core.Config.User.ChangeEmail.Enabled},
		Guest:     v.guest(),
		Deletable: v.Core.Config.User.DeleteUser.Enabled,
	}
}

// act does something to the account of whoever is signed in, and shows the account.
func (s *Service) act(r *api.Request, do func(v *visit) (api.Responder, error)) (api.Responder, error) {
	return s.actAt(r, "/account", do)
}

// actAt is act for another page of the account.
func (s *Service) actAt(r *api.Request, page string, do func(v *visit) (api.Responder, error)) (api.Responder, error) {
	v, err := s.visit(r, page)
	if err != nil {
		return nil, err
	}
	if v.back = page; v.auth == nil {
		return v.signInFirst(page)
	}
	return do(v)
}

// done says what was done, on the page that the form was on.
func (v *visit) done(key string) (api.Responder, error) {
	v.leave(v.r, views.Success, key)
	return to(v.back)
}

// refused says there why something was not done.
func (v *visit) refused(key string) (api.Responder, error) {
	v.leave(v.r, views.Problem, key)
	return to(v.back)
}

// sendOwn has the link sent that proves one's own address.
func (s *Service) sendOwn(r *api.Request, _ *api.None) (api.Responder, error) {
	return s.act(r, func(v *visit) (api.Responder, error) {
		err := s.Addresses.RequestVerification(r, v.auth.User.Email, "")
		switch {
		case codeOf(err) == codeAlreadyVerified:
			return to("/account")
		case err != nil:
			return nil, err
		case s.Codes != nil && s.Codes.Everywhere():
			return v.verifySent(http.StatusOK, v.auth.User.Email)
		case s.mailInFiles():
			return v.done("profile.link_in_outbox")
		default:
			return v.done("profile.link_sent")
		}
	})
}
