package auth

import (
	"context"
	"errors"
	"slices"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/oidc"
	"authd/auth/pages"
	"authd/auth/password"
	"authd/auth/setup"
	"authd/auth/user"
	"authd/views"
)

// newPages hands the pages what they show, in the types that they declare.
func newPages(m *Services) (*pages.Service, error) {
	deps := pages.Deps{
		Core: m.Core, Recovery: m.Recovery, LastUsed: m.Browser.LastLogin.Method, Passwords: m.Passwords, Sessions: m.Sessions, Addresses: m.Users, Avatars: m.Avatars, Setup: m.Setup, Access: admission{m.Access},
		Flows: flows{m.OIDC}, Apps: apps{m.OIDC}, Confirm: confirmations{m.Confirm},
		Acts: pages.Acts{
			SignUp: func(r *api.Request, n pages.Newcomer) (*core.User, *core.Auth, error) {
				fields, err := usernameOf(r, m, n)
				if err != nil {
					return nil, nil, err
				}
				return m.Passwords.SignUp(r, password.SignUp{
					Name: n.Name, Email: n.Email, Password: n.Password, CallbackURL: n.CallbackURL, Invitation: n.Invitation, Remember: true, Fields: fields,
				})
			},
			SetUp: func(r *api.Request, token string, n pages.Newcomer) (*core.Auth, error) {
				return m.Setup.Complete(r, token, setup.Admin{Name: n.Name, Email: n.Email, Password: n.Password, SignUp: n.SignUp})
			},
			VerifyEmail: func(r *api.Request, token string) (*core.Auth, error) {
				done, err := m.Users.Verify(r, token)
				if err != nil {
					return nil, err
				}
				return done.Auth, nil
			},
			UpdateProfile: func(r *api.Request, caller *core.Auth, name string, fields core.Values) error {
				return m.Users.Update(r, caller, user.Update{Name: &name, Fields: fields})
			},
			ChangeEmail: func(r *api.Request, caller *core.Auth, email string) error {
				return m.Users.ChangeEmail(r, caller, email, "")
			},
			PendingChange: func(ctx context.Context, token string) (pages.Change, error) {
				change, err := m.Users.PendingChange(ctx, token)
				if err != nil {
					return pages.Change{}, err
				}
				return pages.Change{Confirm: change.Step == user.StepConfirmed, From: change.From, To: change.To, UserID: change.UserID}, nil
			},
			ReplaceEmail: func(r *api.Request, token string) (bool, string, error) {
				done, err := m.Users.Verify(r, token)
				if err != nil {
					return false, "", err
				}
				return done.Step == user.StepConfirmed, done.User.Email, nil
			},
			Delete: func(r *api.Request, caller *core.Auth, password, token, callbackURL string) (bool, error) {
				return m.Users.Delete(r, caller, user.Deletion{Password: password, Token: token, CallbackURL: callbackURL})
			},
			DeletionPending: m.Users.DeletionPending,
		},
	}
	showOptional(m, &deps)
	return pages.New(deps)
}

// showOptional adds what may be off.
func showOptional(m *Services, deps *pages.Deps) {
	if m.Passkeys.Enabled() {
		deps.Passkeys = passkeys{m.Passkeys, m}
	}
	if m.Core.Config.TwoFactor.Enabled {
		deps.SecondFactors = secondFactors{m}
	}
	if m.Captcha.Enabled() {
		deps.Captcha = m.Captcha
	}
	if m.Usernames.Enabled() {
		deps.Usernames = m.Usernames
	}
	if m.Core.Config.Anonymous.Enabled {
		deps.Guests = m.Browser.Anonymous
	}
	if m.Wallets.OnPages() {
		deps.Wallets = wallets{m.Wallets}
	}
	if m.Phones.Enabled() {
		deps.Phones = phones{m.Phones}
	}
	if m.Core.Config.MultiSession.Enabled {
		deps.Accounts = m.Browser.Accounts
	}
	if m.Core.Config.DeviceAuthorization.Enabled {
		deps.Devices = devices{m.Devices}
	}
	if len(m.Social.Providers()) > 0 {
		deps.Elsewhere = elsewhere{m.Social, m.Browser.LastLogin.Method}
	}
	if len(m.Social.Providers()) > 0 || m.Core.Config.PATSignin.Enabled {
		deps.Connections = connections{m}
	}
	showByMail(m, deps)
}

// flows shows the provider's flows to the pages.
type flows struct{ provider *oidc.Service }

func (f flows) Flow(r *api.Request, id string, a *core.Auth) (*pages.Flow, error) {
	flow, err := f.provider.Flow(r.Context(), id, f.provider.Browser(r), a)
	if err != nil {
		return nil, flowError(err)
	}
	shown := &pages.Flow{
		Step: string(flow.Step), LoginHint: flow.LoginHint, UILocales: flow.UILocales, Client: flow.ClientName, ClientURL: flow.ClientURI, SelfNamed: flow.Unverified,
		Logo: flow.Logo, Policy: flow.Policy, Terms: flow.Terms,
		Leads: views.Destination{Kind: views.Web, Name: flow.RedirectHost}, Offline: flow.Offline, Lasts: flow.Lasts, Resources: flow.Resources,
	}
	switch {
	case flow.Loopback:
		shown.Leads.Kind = views.Loopback
	case flow.App:
		shown.Leads.Kind = views.App
	}
	some := len(flow.NewScopes) < len(flow.Scopes) // when all is new, nothing needs to be marked
	for _, scope := range flow.Scopes {
		shown.Scopes = append(shown.Scopes, views.Scope{Name: scope, New: some && slices.Contains(flow.NewScopes, scope)})
	}
	return shown, nil
}

func (f flows) Resume(r *api.Request, id string, a *core.Auth) (string, error) {
	return next(f.provider.Resume(r.Context(), id, f.provider.Browser(r), a))
}

func (f flows) Select(r *api.Request, id string, a *core.Auth) (string, error) {
	return next(f.provider.Select(r.Context(), id, f.provider.Browser(r), a))
}

func (f flows) Allow(r *api.Request, id string, a *core.Auth, scopes []string) (string, error) {
	return next(f.provider.Allow(r.Context(), id, f.provider.Browser(r), a, scopes))
}

func (f flows) Deny(r *api.Request, id string) (string, error) {
	return next(f.provider.Deny(r.Context(), id, f.provider.Browser(r)))
}

func (f flows) FormPost(r *api.Request, answer string) (views.FormPostPage, error) {
	form, err := f.provider.FormPost(r.Context(), answer)
	if err != nil {
		return views.FormPostPage{}, flowError(err)
	}
	shown := views.FormPostPage{Client: form.Client, URL: form.URL}
	for _, field := range form.Fields {
		shown.Fields = append(shown.Fields, views.FormValue{Name: field[0], Value: field[1]})
	}
	return shown, nil
}

func (f flows) Complaint(r *api.Request, sealed string) (views.RequestProblem, bool) {
	c := f.provider.Complaint(r.Context(), sealed)
	if c == nil {
		return views.RequestProblem{}, false
	}
	problem := views.RequestProblem{Client: c.Client, ClientID: c.ClientID}
	for _, w := range c.Wrong {
		problem.Wrong = append(problem.Wrong, views.WrongParameter(w))
	}
	return problem, true
}

// next is where a flow goes on. A flow that is at a page has its browser's cookie
// already, so the answer brings none.
func next(answer oidc.Answer, err error) (string, error) { return answer.URL, flowError(err) }

func flowError(err error) error {
	if errors.Is(err, oidc.ErrFlowGone) {
		return pages.ErrFlowGone
	}
	return err
}
