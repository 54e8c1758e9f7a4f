package pages

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/static"
)

// guess is the limit of every form where a password can be guessed, mailing that
// of every form that sends a mail: those of the JSON endpoints (NOTES §8).
func guess() api.Rule   { return api.Rule{Window: 10 * time.Second, Max: 3, ByAddress: true} }
func mailing() api.Rule { return api.Rule{Window: time.Minute, Max: 3, ByAddress: true} }

// handler serves a page, or what its form posts to.
type handler = func(*api.Request, *api.None) (api.Responder, error)

// mostUpload is a picture of a phone's camera, and the form around it.
const mostUpload = 8<<20 + 4096

// Endpoints are the pages and what their forms post to.
func (s *Service) Endpoints() []api.Endpoint {
	var list []api.Endpoint
	get := func(path, id string, fn handler) {
		list = append(list, api.Handle(api.Endpoint{Mount: api.Root, Method: http.MethodGet, Path: path, ID: id, Tag: "pages", CORS: api.CORSNone, Page: true}, fn))
	}
	post := func(path, id string, limit api.Rule, fn handler) {
		list = append(list, api.Handle(api.Endpoint{
			Mount: api.Root, Method: http.MethodPost, Path: path, ID: id, Tag: "pages", Media: []string{api.MediaForm},
			Origin: api.OriginPage, CORS: api.CORSNone, Limit: limit, Page: true,
		}, fn))
	}
	usual := api.Rule{}

	get("/{$}", "pageHome", s.home)
	get("/login", "pageLogin", s.loginPage)
	post("/login", "pageLoginPost", guess(), s.login)
	if s.Elsewhere != nil {
		post("/login/{provider}", "pageLoginElsewhere", guess(), s.beginElsewhere)
	}
	get("/signup", "pageSignUp", s.signUpPage)
	post("/signup", "pageSignUpPost", guess(), s.signUp)
	get("/setup", "pageSetup", s.setupPage)
	post("/setup", "pageSetupPost", guess(), s.setUp)
	get("/forgot-password", "pageForgotPassword", s.forgotPage)
	post("/forgot-password", "pageForgotPasswordPost", mailing(), s.forgot)
	get("/reset-password", "pageResetPassword", s.resetPage)
	post("/reset-password", "pageResetPasswordPost", guess(), s.reset)
	get("/verify-email", "pageVerifyEmail", s.verifyPage)
	post("/verify-email", "pageVerifyEmailPost", usual, s.verify)
	post("/verify-email/send", "pageVerifyEmailSend", mailing(), s.sendVerification)
	get(recoverPath, "pageRecover", s.recoverPage)
	post(recoverPath, "pageRecoverPost", guess(), s.recover)
	s.mailEndpoints(get, post)
	s.phoneEndpoints(get, post)
	s.guestEndpoints(post)
	s.accountEndpoints(get, post)
	list = append(list, api.Handle(api.Endpoint{
		Mount: api.Root, Method: http.MethodPost, Path: "/account/avatar", ID: "pageAccountAvatar", Tag: "pages", Media: []string{api.MediaUpload},
		Origin: api.OriginPage, CORS: api.CORSNone, Limit: guess(), Page: true, MaxBody: mostUpload,
	}, s.uploadAvatar))
	post("/sign-out", "pageSignOut", usual, s.signOut)
	get(choosePath, "pageSelectAccountForm", s.selectAccountPage)
	post(choosePath, "pageSelectAccount", usual, s.selectAccount)
	get("/consent", "pageConsent", s.consentPage)
	post("/consent", "pageConsentPost", usual, s.consent)
	get("/continue", "pageContinue", s.continuePage)
	if s.Devices != nil {
		get("/device", "pageDevice", s.devicePage)
		post("/device", "pageDevicePost", api.Rule{Window: time.Minute, Max: 10, ByAddress: true}, s.device)
		post("/device/answer", "pageDeviceAnswer", usual, s.answerDevice)
	}
	post("/language", "pageLanguage", usual, s.language)
	get("/error", "pageError", s.errorPage)
	waysBack(list, get)
	return append(list, s.others()...)
}

// waysBack lead whoever opens by its address what a form posts to, from the history or a
// tab that is restored, to the page that the form is on.
func waysBack(list []api.Endpoint, get func(path, id string, fn handler)) {
	shown := map[string]bool{}
	for _, e := range list {
		shown[e.Path] = shown[e.Path] || e.Method == http.MethodGet
	}
	for _, e := range list {
		if shown[e.Path] {
			continue
		}
		back := path.Dir(e.Path)
		for back != "/" && !shown[back] {
			back = path.Dir(back)
		}
		if part, _, _ := strings.Cut(strings.TrimPrefix(e.Path, "/account/"), "/"); slices.Contains([]string{"password", "set-password", "two-factor", "sessions", "connections"}, part) {
			back = securityPath
		}
		get(e.Path, e.ID+"Back", func(*api.Request, *api.None) (api.Responder, error) { return to(back) })
	}
}

// accountEndpoints are the pages of a person's own account.
func (s *Service) accountEndpoints(get func(path, id string, fn handler), post func(path, id string, limit api.Rule, fn handler)) {
	usual := api.Rule{}
	get("/account", "pageAccount", s.accountPage)
	post("/account/profile", "pageAccountProfile", usual, s.saveProfile)
	post("/account/avatar/remove", "pageAccountAvatarRemove", usual, s.removeAvatar)
	post("/account/email", "pageAccountEmail", guess(), s.askEmail)
	post("/account/verify-email", "pageAccountVerifyEmail", mailing(), s.sendOwn)
	get("/change-email", "pageChangeEmail", s.changeEmailPage)
	post("/change-email", "pageChangeEmailPost", usual, s.changeEmail)
	if s.Core.Config.User.DeleteUser.Enabled {
		get("/delete-account", "pageDeleteAccount", s.deletePage)
		post("/delete-account", "pageDeleteAccountPost", guess(), s.deleteAccount)
	}
	get("/account/apps", "pageApps", s.appsPage)
	get("/account/apps/open", "pageAppOpen", s.openApp)
	post("/account/apps/revoke", "pageAppRevoke", usual, s.revokeApp)
	s.securityEndpoints(get, post)
	s.passkeyEndpoints(get, post)
	if s.SecondFactors != nil {
		s.secondFactorEndpoints(get, post)
	}
}

// securityEndpoints are how a person comes in.
func (s *Service) securityEndpoints(get func(path, id string, fn handler), post func(path, id string, limit api.Rule, fn handler)) {
	usual := api.Rule{}
	get(securityPath, "pageSecurity", s.securityPage)
	get(confirmPath, "pageConfirm", s.confirmPage)
	post(confirmPath, "pageConfirmPost", guess(), s.confirm)
	post("/account/set-password", "pageAccountSetPassword", guess(), s.adding((*visit).setPassword))
	post("/account/password", "pageAccountPassword", guess(), s.secure((*visit).changePassword))
	if s.Passkeys != nil && s.Core.Config.EmailAndPassword.Enabled {
		get(newPasswordPath, "pageNewPassword", s.secure((*visit).newPasswordPage))
		post(newPasswordPath, "pageNewPasswordPost", guess(), s.secure((*visit).replacePassword))
	}
	if s.Connections != nil {
		post("/account/connections/connect", "pageAccountConnect", usual, s.adding((*visit).connect))
		post("/account/connections/disconnect", "pageAccountDisconnect", usual, s.confirmed((*visit).disconnect))
	}
	post("/account/sessions/end", "pageAccountSessionEnd", usual, s.secure((*visit).endSession))
	post("/account/sessions/end-others", "pageAccountSessionsEnd", usual, s.secure((*visit).endOthers))
}

// others are not pages of their own.
func (s *Service) others() []api.Endpoint {
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Mount: api.Auth, Method: http.MethodGet, Path: "/error", ID: "error", Tag: "pages", Page: true,
			Doc: "Where the contract's redirects end when something went wrong.",
		}, s.errorPage),
		api.Handle(api.Endpoint{
			Mount: api.Root, Method: http.MethodGet, Path: "/.well-known/change-password", ID: "changePasswordURL", Tag: "pages", Page: true,
			Doc: "Where passwords are changed.",
		}, s.changePasswordURL),
		api.Handle(api.Endpoint{
			// Unlimited: to answer costs less than to count.
			Mount: api.Root, Method: http.MethodGet, Path: static.Prefix + "{file}", ID: "static", Tag: "pages", Limit: api.Unlimited, CORS: api.CORSNone, Page: true,
			Doc: "Style and icons.",
		}, func(*api.Request, *api.None) (api.HandlerFunc, error) { return static.Handler().ServeHTTP, nil }),
	}
}
