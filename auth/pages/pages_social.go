package pages

import (
	"strings"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/views"
)

// Journey is what a sign-in at another server is begun for.
type Journey struct {
	Flow   string // the flow that waits for it, "" when none does
	Leads  string // where it leads otherwise
	Fails  string // the page that tells when it fails
	SignUp bool   // an account was asked for
	Hint   string // whom an app expects to sign in
}

// Elsewhere is signing in at other servers.
type Elsewhere interface {
	// Providers are those that people can sign in with, as this browser is shown them.
	Providers(r *api.Request) []views.Provider
	// Begin returns where the browser goes to sign in.
	Begin(r *api.Request, provider string, j Journey) (string, error)
}

// otherMethods are the buttons of other ways than a password, a passkey and a mailbox.
func (v *visit) otherMethods(signUp bool) []templ.Component {
	var all []templ.Component
	if v.Phones != nil && (!signUp || v.Phones.SignsUp()) {
		all = append(all, views.PhoneButton(v.page, signUp, v.LastUsed(v.r) == "phone-number"))
	}
	if v.Elsewhere == nil {
		return all
	}
	for _, provider := range v.Elsewhere.Providers(v.r) {
		provider.SignUp = signUp
		all = append(all, views.ProviderButton(v.page, provider))
	}
	return all
}

// beginElsewhere sends somebody to another server to sign in there. The browser
// gets there by a page that moves on: the form's policy allows only this origin.
func (s *Service) beginElsewhere(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/login")
	if err != nil {
		return nil, err
	}
	j := Journey{Flow: v.flowID, Leads: "/account", Fails: v.page.Link("/login"), SignUp: field(r, "sign_up") != ""}
	if j.SignUp {
		j.Fails = v.page.Link("/signup")
	}
	if v.returnTo != "" {
		j.Leads = v.returnTo
	}
	if v.flow != nil {
		j.Hint = v.flow.LoginHint
	}
	next, err := s.Elsewhere.Begin(r, r.HTTP.PathValue("provider"), j)
	if err != nil {
		return nil, err
	}
	v.flow = nil // the page that moves on names the provider, not the app
	return v.goTo(next)
}

// cameBack tells why a sign-in elsewhere failed that began on this page.
func (v *visit) cameBack() views.Alert {
	code := v.r.Query("error")
	if code == "" || len(code) > 64 || strings.ContainsFunc(code, notInCodes) {
		return views.Alert{}
	}
	return views.Alert{Kind: views.Problem, Text: views.Explain(code)}
}
