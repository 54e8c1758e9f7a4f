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
		if v.page.Alert, err = v.connected(); err != nil {
			return nil, err
		}
	}
	page, err := v.account()
	if err != nil {
		return nil, err
	}
	return show(http.StatusOK, views.Account(v.page, page))
}

// account is everything the page shows.
func (v *visit) account() (views.AccountPage, error) {
	ctx, user := v.r.Context(), v.auth.User
	v.page.Carry = nil
	v.page.Self = "/account"
	page := views.AccountPage{
		User:     v.person(user),
		Profile:  views.ProfileForm{Name: user.Name, Fields: v.ownFields()},
		Email:    views.EmailForm{Enabled: v.Core.Config.User.ChangeEmail.Enabled},
		Password: views.PasswordForm{MinPasswordLength: v.Core.Config.EmailAndPassword.MinPasswordLength},
	}
	hash, err := v.Core.PasswordHash(ctx, v.Core.DB, user.ID)
	if err != nil {
		return page, err
	}
	page.Password.Exists = hash != ""
	page.Password.Settable = v.Core.Config.EmailAndPassword.Enabled
	page.Deletable = v.Core.Config.User.DeleteUser.Enabled
	sessions, err := v.Core.Sessions(ctx, v.Core.DB, user.ID)
	if err != nil {
		return page, err
	}
	for _, one := range sessions {
		shown := views.Session{
			ID: one.Handle(), Current: one.ID == v.auth.Session.ID, UserAgent: one.UserAgent, IPAddress: one.IPAddress,
			SignedIn: one.CreatedAt, LastSeen: one.UpdatedAt,
		}
		if shown.Current {
			shown.LastSeen = v.r.Now()
			page.Sessions = append([]views.Session{shown}, page.Sessions...)
			continue
		}
		page.Sessions = append(page.Sessions, shown)
	}
	return page, v.connections(&page)
}

// act does something to the account of whoever is signed in, and shows the account.
func (s *Service) act(r *api.Request, do func(v *visit) (api.Responder, error)) (api.Responder, error) {
	v, err := s.visit(r, "/account")
	if err != nil {
		return nil, err
	}
	if v.auth == nil {
		return v.signInFirst("/account")
	}
	return do(v)
}

// done says what was done, on the account page.
func (v *visit) done(key string) (api.Responder, error) {
	v.leave(v.r, views.Success, key)
	return to("/account")
}

func (s *Service) changePassword(r *api.Request, _ *api.None) (api.Responder, error) {
	return s.act(r, func(v *visit) (api.Responder, error) {
		_, err := s.Passwords.Change(r, v.auth, field(r, "current_password"), field(r, "new_password"), field(r, "revoke_others") != "")
		if err == nil {
			return v.done("change.done")
		}
		errs := views.Errors{}
		if codeOf(err) == codeInvalidPassword {
			errs["current_password"] = views.Msg("field.password_wrong")
		} else if !s.blames(err, errs, "new_password") {
			return nil, err
		}
		page, err := v.account()
		if err != nil {
			return nil, err
		}
		page.Password.Errors = errs
		return wrong(views.Account(v.page, page))
	})
}

func (s *Service) endSession(r *api.Request, _ *api.None) (api.Responder, error) {
	return s.act(r, func(v *visit) (api.Responder, error) {
		if err := s.Sessions.Revoke(r, v.auth, field(r, "session")); err != nil {
			return nil, err
		}
		return v.done("sessions.ended")
	})
}

func (s *Service) endOthers(r *api.Request, _ *api.None) (api.Responder, error) {
	return s.act(r, func(v *visit) (api.Responder, error) {
		if err := s.Sessions.RevokeAll(r, v.auth, true); err != nil {
			return nil, err
		}
		return v.done("sessions.others_ended")
	})
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
		case s.mailInFiles():
			return v.done("profile.link_in_outbox")
		default:
			return v.done("profile.link_sent")
		}
	})
}

// changePasswordURL is where password managers ask for (W3C "A Well-Known URL for
// Changing Passwords").
func (s *Service) changePasswordURL(*api.Request, *api.None) (api.Redirect, error) {
	return api.Redirect{URL: "/account#password"}, nil
}
