package pages

import (
	"net/http"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

const choosePath = "/select-account"

// accounts are those that are signed in in this browser.
func (v *visit) accounts() ([]*core.Auth, error) {
	switch {
	case v.Accounts != nil:
		return v.Accounts.Accounts(v.r)
	case v.auth != nil:
		return []*core.Auth{v.auth}, nil
	default:
		return nil, nil
	}
}

// choose sends the browser to where an account is chosen, unless something failed.
func (v *visit) choose(err error) (api.Responder, error) {
	if err != nil {
		return nil, err
	}
	return to(v.page.Link(choosePath))
}

// another goes to where somebody else is who they are: an account that is here,
// or a new sign-in.
func (v *visit) another() (api.Responder, error) {
	accounts, err := v.accounts()
	if err != nil || len(accounts) > 1 {
		return v.choose(err)
	}
	return to(v.switchUser())
}

// selectAccountPage offers the accounts of this browser. Without a flow it is
// where one changes over.
func (s *Service) selectAccountPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, choosePath)
	if err != nil {
		return nil, err
	}
	accounts, err := v.accounts()
	if err != nil {
		return nil, err
	}
	if len(accounts) == 0 {
		return to(v.page.Link("/login"))
	}
	page := views.ChoosePage{}
	if v.flow != nil {
		page.Client = v.flow.Client
	}
	for _, a := range accounts {
		page.Accounts = append(page.Accounts, views.Choice{
			User: v.person(a.User), Ref: a.Session.Handle(), Current: v.auth != nil && a.Session.ID == v.auth.Session.ID,
		})
	}
	v.page.Alert = s.take(r)
	return show(http.StatusOK, views.ChooseAccount(v.page, page))
}

func (s *Service) selectAccount(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, choosePath)
	if err != nil {
		return nil, err
	}
	if field(r, "decision") == "switch" {
		return to(v.switchUser())
	}
	if ref := field(r, "leave"); ref != "" {
		return v.choose(v.here(v.leaveAccount(ref)))
	}
	chosen, err := v.pick(field(r, "account"))
	if err != nil || chosen == nil {
		return v.choose(v.here(err))
	}
	if v.flow == nil {
		return v.onward(chosen)
	}
	next, err := s.Flows.Select(r, v.flowID, chosen)
	if err != nil {
		return nil, err
	}
	return v.goTo(next)
}

// pick makes the account that ref names the one that counts; nil when it is not here.
func (v *visit) pick(ref string) (*core.Auth, error) {
	if v.auth != nil && ref == v.auth.Session.Handle() {
		return v.auth, nil
	}
	if v.Accounts == nil {
		return nil, nil
	}
	return v.Accounts.SetActive(v.r, ref)
}

// leaveAccount signs one account out and leaves the others.
func (v *visit) leaveAccount(ref string) error {
	switch {
	case v.Accounts != nil:
		return v.Accounts.Revoke(v.r, ref)
	case v.auth != nil && ref == v.auth.Session.Handle():
		return v.Sessions.SignOut(v.r)
	default:
		return nil
	}
}

// here forgives that an account is not here any more: the page shows who is.
func (v *visit) here(err error) error {
	if codeOf(err) == codeInvalidSession {
		return nil
	}
	return err
}
