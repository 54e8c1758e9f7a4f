package pages

import (
	"net/http"
	"net/url"

	"authd/auth/internal/api"
	"authd/views"
)

// The two links of a change of address, and deleting the account. As with every
// link of a mail only the POST acts.

func (s *Service) changeEmailPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/change-email")
	if err != nil {
		return nil, err
	}
	token := r.Query("token")
	v.page.Self = "" // it would hold the token
	change, err := s.Acts.PendingChange(r.Context(), token)
	if err != nil {
		return v.notChanged(err)
	}
	switch {
	case v.auth == nil && !change.Confirm:
		return v.signInFirst(r.HTTP.URL.RequestURI())
	case v.auth != nil && v.auth.User.ID != change.UserID:
		return show(http.StatusConflict, views.ChangeEmailFailed(v.page, true))
	}
	v.carryCallback()
	return show(http.StatusOK, views.ChangeEmailAsk(v.page, token, change.From, change.To, change.Confirm))
}

func (s *Service) changeEmail(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/change-email")
	if err != nil {
		return nil, err
	}
	v.page.Self = ""
	callback := v.trusted(field(r, "callbackURL"))
	confirmed, email, err := s.Acts.ReplaceEmail(r, field(r, "token"))
	switch {
	case err != nil && (callback == "" || api.SafePath(callback) || codeOf(err) == ""):
		return v.notChanged(err)
	case err != nil: // an app's own page explains it, as the contract has it
		return v.goTo(withError(callback, codeOf(err)))
	case callback != "" && !api.SafePath(callback):
		return v.goTo(callback)
	case callback == "":
		callback = "/account"
	}
	if confirmed {
		return show(http.StatusOK, views.ChangeEmailConfirmed(v.page, callback))
	}
	return show(http.StatusOK, views.ChangeEmailDone(v.page, email, callback))
}

func (v *visit) notChanged(err error) (api.Responder, error) {
	switch codeOf(err) {
	case codeInvalidUser:
		return show(http.StatusConflict, views.ChangeEmailFailed(v.page, true))
	case codeInvalidToken, codeTokenExpired, codeUserNotFound, codeEmailTaken:
		return show(http.StatusGone, views.ChangeEmailFailed(v.page, false))
	default:
		return nil, err
	}
}

// carryCallback takes a mail's callbackURL along to the form, if it may be used.
func (v *visit) carryCallback() {
	if to := v.trusted(v.r.Query("callbackURL")); to != "" {
		v.page.Carry.Set("callbackURL", to)
	}
}

// trusted is a callback that may be followed, "" else.
func (v *visit) trusted(to string) string {
	if to == "" || !v.r.Origins().TrustsURL(to) {
		return ""
	}
	return to
}

// deletePage asks: with the token of a mail, or where the account page leads here.
func (s *Service) deletePage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/delete-account")
	if err != nil {
		return nil, err
	}
	if v.auth == nil {
		return v.signInFirst(r.HTTP.URL.RequestURI())
	}
	v.page.Self = "" // it may hold the token
	form, err := v.deleteForm(r.Query("token"))
	if err != nil {
		return v.notDeleted(views.DeleteForm{}, err)
	}
	if !form.Password && form.Token == "" && !form.ByMail {
		if ask, err := v.confirmFirst(); ask != nil || err != nil {
			return ask, err
		}
	}
	v.carryCallback()
	return show(http.StatusOK, views.DeleteAccount(v.page, form))
}

func (v *visit) deleteForm(token string) (views.DeleteForm, error) {
	ctx, user := v.r.Context(), v.auth.User
	form := views.DeleteForm{User: v.person(user), Token: token, Errors: views.Errors{}}
	if token != "" {
		return form, v.Acts.DeletionPending(ctx, user.ID, token)
	}
	hash, err := v.Core.PasswordHash(ctx, v.Core.DB, user.ID)
	form.Password, form.ByMail = hash != "", v.Core.Config.User.DeleteUser.SendVerification && !v.Core.IsPlaceholder(user.Email)
	if err == nil && form.Password {
		form.Passkey, err = v.hasPasskey()
	}
	return form, err
}

func (s *Service) deleteAccount(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/delete-account")
	if err != nil {
		return nil, err
	}
	if v.auth == nil {
		return v.signInFirst("/account")
	}
	v.page.Self = ""
	form, err := v.deleteForm(field(r, "token"))
	if err != nil {
		return v.notDeleted(form, err)
	}
	password := field(r, "password")
	switch {
	case form.Passkey && password == "" && field(r, "credential") != "":
		problem, status, err := v.provenByPasskey()
		if err != nil {
			return nil, err
		}
		if status != 0 {
			v.page.Alert = views.Alert{Kind: views.Problem, Text: problem}
			return show(status, views.DeleteAccount(v.page, form))
		}
	case form.Password && password == "":
		form.Errors["password"] = views.Msg("field.password_wrong")
		return wrong(views.DeleteAccount(v.page, form))
	}
	sent, err := s.Acts.Delete(r, v.auth, password, form.Token, field(r, "callbackURL"))
	switch {
	case err != nil:
		return v.notDeleted(form, err)
	case sent:
		return show(http.StatusOK, views.DeleteSent(v.page, views.CheckMail{Email: v.auth.User.Email, InFiles: s.mailInFiles()}))
	}
	if to := v.trusted(field(r, "callbackURL")); to != "" {
		if !api.SafePath(to) {
			return v.goTo(to)
		}
		return show(http.StatusOK, views.Deleted(v.page, to))
	}
	return show(http.StatusOK, views.Deleted(v.page, "/"))
}

func (v *visit) notDeleted(form views.DeleteForm, err error) (api.Responder, error) {
	switch codeOf(err) {
	case codeInvalidPassword, codeTooLong:
		form.Errors["password"] = views.Msg("field.password_wrong")
		return wrong(views.DeleteAccount(v.page, form))
	case codeSignInLocked:
		form.Errors["password"] = views.Msg(keyLocked, "time", v.waits(err))
		return show(http.StatusTooManyRequests, views.DeleteAccount(v.page, form))
	case codeInvalidToken:
		return show(http.StatusGone, views.DeleteFailed(v.page))
	case codeSessionExpired:
		return to(confirmPath + "?" + paramReturn + "=" + url.QueryEscape("/delete-account"))
	default:
		return nil, err
	}
}
