package pages

import (
	"context"
	"net/http"
	"net/url"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// Recovery lets in who has lost every way in, by a link of whoever runs the server.
type Recovery interface {
	ByPassword() bool
	ByPasskey() bool
	Pending(ctx context.Context, token string) (*core.User, error)
	Recover(r *api.Request, token, password string) (*core.Auth, error)
}

const recoverPath = "/recover"

func (s *Service) recoverPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, recoverPath)
	if err != nil {
		return nil, err
	}
	v.page.Self = "" // it would hold the token
	form, err := s.recoverForm(r, r.Query("token"))
	if err != nil {
		return v.notRecovered(form, err)
	}
	return show(http.StatusOK, views.Recover(v.page, form))
}

func (s *Service) recoverForm(r *api.Request, token string) (views.RecoverForm, error) {
	form := views.RecoverForm{
		Token: token, MinPasswordLength: s.Core.Config.EmailAndPassword.MinPasswordLength,
		Password: s.Recovery.ByPassword(), Passkey: s.Recovery.ByPasskey(), Errors: views.Errors{},
	}
	u, err := s.Recovery.Pending(r.Context(), token)
	if err == nil {
		form.Email = u.Email
	}
	return form, err
}

// recover lets the person in. The first page they see offers the best new way in, the
// next one is that with all of them.
func (s *Service) recover(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, recoverPath)
	if err != nil {
		return nil, err
	}
	v.page.Self = ""
	form, err := s.recoverForm(r, field(r, "token"))
	if err != nil {
		return v.notRecovered(form, err)
	}
	password := field(r, "password")
	switch byPasskey := field(r, "passkey") != ""; {
	case byPasskey:
		password = ""
	case password == "":
		form.Errors["password"] = views.Msg("field.value_missing")
		return wrong(views.Recover(v.page, form))
	}
	next := securityPath
	if s.Passkeys != nil {
		next = offerPath + "?" + paramAfter + "=" + afterRecovery + "&" + paramReturn + "=" + url.QueryEscape(securityPath)
	}
	r.Body[paramReturn] = next // also for who must set up a second factor first
	if _, err := s.Recovery.Recover(r, form.Token, password); err != nil {
		return v.notRecovered(form, err)
	}
	if s.Passkeys == nil {
		v.leave(r, views.Info, "recover.done")
	}
	return to(next)
}

func (v *visit) notRecovered(form views.RecoverForm, err error) (api.Responder, error) {
	if v.blames(err, form.Errors, "password") {
		return wrong(views.Recover(v.page, form))
	}
	if codeOf(err) == codeInvalidToken {
		return show(http.StatusGone, views.RecoverFailed(v.page))
	}
	return nil, err
}
