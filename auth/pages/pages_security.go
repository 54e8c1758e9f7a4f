package pages

import (
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

const securityPath = "/account/security"

// panel is one part of /account/security: one way to come in, or where one is
// signed in. show returns nil where there is nothing to show. A form of a panel posts to a
// handler made by [Service.secure], which comes back to the page by [visit.done] or
// [visit.refused], or shows it again with what is wrong, by [visit.wrongIn].
type panel struct {
	name string // also the id of its section
	show func(v *visit) (templ.Component, error)
}

// panels are the parts in the order in which they stand: what is safest first. A
// capability that is off adds none.
func (s *Service) panels() []panel {
	return []panel{
		{"passkeys", (*visit).passkeysPanel},
		{"password", (*visit).passwordPanel},
		{"phone", (*visit).phonePanel},
		{"two-step", (*visit).twoStepPanel},
		{"connections", (*visit).connectionsPanel},
		{"sessions", (*visit).sessionsPanel},
	}
}

func (s *Service) securityPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, securityPath)
	if err != nil {
		return nil, err
	}
	if v.auth == nil {
		return v.signInFirst(r.HTTP.URL.RequestURI())
	}
	n := s.takeNote(r)
	v.gone = n.Gone
	if v.page.Alert = n.alert(); v.page.Alert.Kind == "" {
		if v.page.Alert, err = v.connected(); err != nil {
			return nil, err
		}
	}
	return v.showSecurity(http.StatusOK, views.Message{}, "", nil)
}

// showSecurity is the page; instead stands in the place of the panel of that name.
func (v *visit) showSecurity(status int, problem views.Message, name string, instead templ.Component) (api.Responder, error) {
	v.page.Carry, v.page.Self = nil, securityPath
	page := views.SecurityPage{Problem: problem}
	for _, one := range v.panels() {
		part := instead
		if one.name != name {
			var err error
			if part, err = one.show(v); err != nil {
				return nil, err
			}
		}
		if part != nil {
			page.Panels = append(page.Panels, part)
		}
	}
	return show(status, views.Security(v.page, page))
}

// wrongIn is the page with what is wrong in a form of one of its panels.
func (v *visit) wrongIn(name string, problem views.Message, instead templ.Component) (api.Responder, error) {
	return v.showSecurity(http.StatusUnprocessableEntity, problem, name, instead)
}

// secure does something that a panel asks for, and comes back to the page.
func (s *Service) secure(do func(v *visit) (api.Responder, error)) handler {
	return func(r *api.Request, _ *api.None) (api.Responder, error) { return s.actAt(r, securityPath, do) }
}

func (v *visit) passwordForm() (views.PasswordForm, error) {
	form := views.PasswordForm{Email: v.signsInAs(v.auth.User), MinPasswordLength: v.Core.Config.EmailAndPassword.MinPasswordLength}
	hash, err := v.Core.PasswordHash(v.r.Context(), v.Core.DB, v.auth.User.ID)
	form.Exists, form.Settable = hash != "", v.Core.Config.EmailAndPassword.Enabled
	if err == nil && form.Exists && form.Settable {
		form.Passkey, err = v.hasPasskey()
	}
	return form, err
}

func (v *visit) passwordPanel() (templ.Component, error) {
	form, err := v.passwordForm()
	if err != nil || !form.Exists && (!form.Settable || !v.named()) {
		return nil, err
	}
	return views.PasswordPanel(v.page, form), nil
}

// named tells whether a password would be of use: whether its owner has something to
// type beside it.
func (v *visit) named() bool { return v.signsInAs(v.auth.User) != "" }

// signsInAs is what somebody types beside a password: their address, or what they have
// in place of one, "" for nothing.
func (v *visit) signsInAs(u *core.User) string {
	if !v.Core.IsPlaceholder(u.Email) {
		return u.Email
	}
	if v.Usernames != nil {
		if name := v.Usernames.Written(u); name != "" {
			return name
		}
	}
	if v.Phones == nil {
		return ""
	}
	shown, err := v.Phones.Of(v.r, u)
	if err != nil { // the page says less
		v.r.Log().Warn("a phone number was not read", "error", err)
	}
	return shown.Number
}

// keyLocked is said of passwords that are to wait.
const keyLocked = "field.password_locked"

// wrongPassword shows the panel with what is wrong in it.
func (v *visit) wrongPassword(errs views.Errors) (api.Responder, error) {
	form, err := v.passwordForm()
	if err != nil {
		return nil, err
	}
	form.Errors = errs
	problem := errs["new_password"]
	if first, bad := errs["current_password"]; bad {
		problem = first
	}
	if problem.Key == keyLocked {
		return v.showSecurity(http.StatusTooManyRequests, problem, "password", views.PasswordPanel(v.page, form))
	}
	return v.wrongIn("password", problem, views.PasswordPanel(v.page, form))
}

func (v *visit) changePassword() (api.Responder, error) {
	_, err := v.Passwords.Change(v.r, v.auth, field(v.r, "current_password"), field(v.r, "new_password"), field(v.r, "revoke_others") != "")
	if err == nil {
		return v.done("change.done")
	}
	errs := views.Errors{}
	switch codeOf(err) {
	case codeInvalidPassword:
		errs["current_password"] = views.Msg("field.password_wrong")
	case codeSignInLocked:
		errs["current_password"] = views.Msg(keyLocked, "time", v.waits(err))
	default:
		if !v.blames(err, errs, "new_password") {
			return nil, err
		}
	}
	return v.wrongPassword(errs)
}

// setPassword is for people who sign in by other means.
func (v *visit) setPassword() (api.Responder, error) {
	err := v.Passwords.SetFirst(v.r, v.auth, field(v.r, "new_password"))
	errs := views.Errors{}
	switch {
	case err == nil:
		return v.done("set.done")
	case codeOf(err) == core.ErrNotFresh.Code: // who has nothing to prove it by
		return v.refused("confirm.stale")
	case codeOf(err) == "PASSWORD_ALREADY_SET":
		return to(securityPath + "#password")
	case !v.blames(err, errs, "new_password"):
		return nil, err
	}
	return v.wrongPassword(errs)
}

// changePasswordURL is where password managers ask for (W3C "A Well-Known URL for
// Changing Passwords").
func (s *Service) changePasswordURL(*api.Request, *api.None) (api.Redirect, error) {
	return api.Redirect{URL: securityPath + "#password"}, nil
}

func (v *visit) sessionsPanel() (templ.Component, error) {
	sessions, err := v.Core.Sessions(v.r.Context(), v.Core.DB, v.auth.User.ID)
	if err != nil {
		return nil, err
	}
	var all []views.Session
	for _, one := range sessions {
		shown := views.Session{
			ID: one.Handle(), Current: one.ID == v.auth.Session.ID, UserAgent: one.UserAgent, IPAddress: one.IPAddress,
			SignedIn: one.CreatedAt, LastSeen: one.UpdatedAt,
		}
		if shown.Current {
			shown.LastSeen = v.r.Now()
			all = slices.Insert(all, 0, shown)
			continue
		}
		all = append(all, shown)
	}
	return views.SessionsPanel(v.page, all), nil
}

func (v *visit) endSession() (api.Responder, error) {
	if err := v.Sessions.Revoke(v.r, v.auth, field(v.r, "session")); err != nil {
		return nil, err
	}
	return v.done("sessions.ended")
}

func (v *visit) endOthers() (api.Responder, error) {
	if err := v.Sessions.RevokeAll(v.r, v.auth, true); err != nil {
		return nil, err
	}
	return v.done("sessions.others_ended")
}
