package pages

import (
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/views"
)

// The panel of two-step sign-in on /account/security, and what its forms do.

func (v *visit) twoStepPanel() (templ.Component, error) {
	if v.SecondFactors == nil {
		return nil, nil
	}
	state, err := v.SecondFactors.State(v.r, v.auth.User)
	if err != nil || !state.On && !state.Apps && !state.Codes {
		return nil, err
	}
	return views.TwoStepPanel(v.page, state), nil
}

const setupPath = "/account/two-factor/app"

func (v *visit) beginApp() (api.Responder, error) {
	s, err := v.SecondFactors.Begin(v.r, v.auth.User)
	switch {
	case codeOf(err) == codeAppThere:
		return v.refused("two_step.is_on")
	case err != nil:
		return nil, err
	}
	v.page.Carry = nil
	return v.showSetup(v.auth.User, s, setupPath+"/code", securityPath)
}

// provenApp is the first code of an app: from then on it counts.
func (v *visit) provenApp() (api.Responder, error) {
	v.page.Carry = nil
	s := v.posted(v.auth.User)
	if s == nil {
		return to(securityPath)
	}
	a, _, err := v.SecondFactors.Prove(v.r, views.ByApp, strings.TrimSpace(field(v.r, "code")), false)
	switch codeOf(err) {
	case "":
		if err != nil {
			return nil, err
		}
		return v.showCodes(a.User, s.BackupCodes, true, securityPath)
	case codeBadCode:
		page := views.AppSetup{Sealed: field(v.r, "setup"), Action: setupPath + "/code", Back: securityPath}
		page.Errors = views.Errors{"code": views.Msg("two_factor.wrong_code")}
		return v.setupPage(http.StatusUnprocessableEntity, s, page)
	case codeLocked:
		return v.refused("two_factor.locked_while")
	default:
		return nil, err
	}
}

func (v *visit) useCodes() (api.Responder, error) {
	if err := v.SecondFactors.UseCodes(v.r, v.auth); err != nil {
		return nil, err
	}
	return v.done("two_step.turned_on")
}

func (v *visit) newBackupCodes() (api.Responder, error) {
	codes, err := v.SecondFactors.NewBackupCodes(v.r, v.auth.User)
	if err != nil {
		return nil, err
	}
	v.page.Carry = nil
	return v.showCodes(v.auth.User, codes, false, securityPath)
}

func (v *visit) turnOff() (api.Responder, error) {
	err := v.SecondFactors.Disable(v.r, v.auth)
	switch {
	case codeOf(err) == "TWO_FACTOR_REQUIRED":
		return v.refused("two_step.required")
	case err != nil:
		return nil, err
	}
	return v.done("two_step.turned_off")
}

func (v *visit) forgetDevice() (api.Responder, error) {
	if err := v.SecondFactors.Forget(v.r, v.auth.User.ID, field(v.r, "device")); err != nil {
		return nil, err
	}
	return v.done("trusted.forgotten")
}

// secondFactorEndpoints are there when second factors are on.
func (s *Service) secondFactorEndpoints(get func(path, id string, fn handler), post func(path, id string, limit api.Rule, fn handler)) {
	get(twoFactorPath, "pageTwoFactor", s.second((*visit).twoFactorPage))
	post(twoFactorPath, "pageTwoFactorPost", guess(), s.second((*visit).prove))
	post(twoFactorPath+"/send", "pageTwoFactorSend", mailing(), s.second((*visit).sendSecond))
	post(twoFactorPath+"/again", "pageTwoFactorAgain", guess(), s.startAgain)
	post(twoFactorPath+"/enrol", "pageTwoFactorEnrol", guess(), s.second((*visit).beginEnrol))
	post(twoFactorPath+"/enrolled", "pageTwoFactorEnrolled", guess(), s.second((*visit).enrolled))
	post(setupPath, "pageTwoStepApp", guess(), s.adding((*visit).beginApp))
	post(setupPath+"/code", "pageTwoStepAppCode", guess(), s.adding((*visit).provenApp))
	post("/account/two-factor/codes", "pageTwoStepCodes", guess(), s.adding((*visit).useCodes))
	post("/account/two-factor/backup-codes", "pageTwoStepBackupCodes", guess(), s.confirmed((*visit).newBackupCodes))
	post("/account/two-factor/off", "pageTwoStepOff", guess(), s.confirmed((*visit).turnOff))
	post("/account/two-factor/forget", "pageTwoStepForget", api.Rule{}, s.confirmed((*visit).forgetDevice))
}
