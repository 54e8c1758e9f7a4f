package pages

import (
	"net/http"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/views"
)

// The panel of one's phone number on /account/security, and what its forms do.

func (v *visit) phonePanel() (templ.Component, error) {
	if v.Phones == nil {
		return nil, nil
	}
	shown, err := v.Phones.Of(v.r, v.auth.User)
	if err != nil {
		return nil, err
	}
	return views.PhonePanel(v.page, shown), nil
}

// toPhonePanel is for whoever comes back to the page of the code by GET.
func (s *Service) toPhonePanel(*api.Request, *api.None) (api.Responder, error) {
	return to(securityPath + "#phone")
}

func (v *visit) sendOwnPhone() (api.Responder, error) {
	form := v.phoneCode(views.PhoneProof)
	err := v.Phones.SendCode(v.r, form.Number)
	if err == nil {
		return show(http.StatusOK, views.EnterPhoneCode(v.page, form))
	}
	key, status := noCodeTo(err)
	if key == "" {
		return nil, err
	}
	shown, err := v.Phones.Of(v.r, v.auth.User)
	if err != nil {
		return nil, err
	}
	shown.Typed, shown.Errors = form.Number, views.Errors{"number": views.Msg(key)}
	return v.showSecurity(status, views.Msg(key), "phone", views.PhonePanel(v.page, shown))
}

func (v *visit) proveOwnPhone() (api.Responder, error) {
	form, bad := v.takePhoneCode(views.PhoneProof)
	if bad {
		return wrong(views.EnterPhoneCode(v.page, form))
	}
	err := v.Phones.Change(v.r, v.auth, form.Number, typedCode(v.r))
	switch {
	case err == nil:
		return v.done("phone.saved")
	case codeOf(err) == codeNumberTaken:
		return v.refused("phone.taken")
	case blamesPhoneCode(err, form.Errors):
		return wrong(views.EnterPhoneCode(v.page, form))
	default:
		return nil, err
	}
}

func (v *visit) removePhone() (api.Responder, error) {
	err := v.Phones.Remove(v.r, v.auth)
	switch {
	case codeOf(err) == codeLast:
		return v.refused("phone.last")
	case err != nil:
		return nil, err
	}
	return v.done("phone.removed")
}
