package views

import (
	"net/url"
	"testing"
	"time"

	"github.com/a-h/templ"
)

var now = time.Date(2026, 11, 21, 14, 5, 0, 0, time.UTC)

func catalogue(t *testing.T) *Catalogue {
	t.Helper()
	c, err := LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func samplePage(c *Catalogue, l *Locale) Page {
	return Page{
		Locale: l, Languages: c.Languages(), App: "Example Home", Host: "id.example.org", Self: "/login", Now: now,
		Assets: Assets{CSS: "authd.css", Icon: "favicon.svg", TouchIcon: "icon.png", Submit: "submit.js", Passkey: "passkey.js", Code: "code.js", Wallet: "wallet.js", Captcha: "captcha.js"},
	}
}

// samples are all pages in all their states, by name: the tests read them, and so does
// whoever looks at them (see TestGallery).
func samples(c *Catalogue, l *Locale) map[string]templ.Component {
	p := samplePage(c, l)
	all := map[string]templ.Component{}
	for _, some := range []map[string]templ.Component{entrySamples(p), mailSamples(p), byMailSamples(p), accountSamples(p), captchaSamples(p), securitySamples(p), passkeySamples(p), phoneSamples(p), consentSamples(p), noticeSamples(p)} {
		for name, page := range some {
			all[name] = page
		}
	}
	return all
}

func entrySamples(p Page) map[string]templ.Component {
	wrong, carrying, elsewhere := p, p, p
	wrong.Alert = Alert{Problem, Msg("error.unknown")}
	carrying.Carry = url.Values{"flow": {"4f1c"}, "return_to": {"/account?x=1&y=2"}}
	elsewhere.Origin = Origin{Here: "http://192.168.1.20:8080", Configured: "https://id.example.org", URL: "https://id.example.org/login"}
	ada := User{Name: "Ada Lovelace", Email: "ada@example.org"}
	method := templ.Raw(`<a class="button" href="/other">Continue with a passkey</a>`)
	return map[string]templ.Component{
		"login":             Login(p, LoginForm{SignUp: true, Reset: true, Remember: true}),
		"login-client":      Login(carrying, LoginForm{SignUp: true, Reset: true, Client: "Grafana & Söhne", Methods: []templ.Component{method}}),
		"login-last":        Login(p, LoginForm{SignUp: true, Reset: true, Last: true, Methods: []templ.Component{method}}),
		"login-providers":   Login(p, LoginForm{SignUp: true, Reset: true, Methods: providerButtons(p)}),
		"login-by-mail":     Login(p, LoginForm{SignUp: true, Reset: true, ByMail: ByMail{Link: true, Code: true, LastCode: true}, Methods: []templ.Component{method}}),
		"login-mail-only":   Login(p, LoginForm{SignUp: true, Only: true, ByMail: ByMail{Link: true, Code: true, LastLink: true}}),
		"signup-by-mail":    SignUp(p, SignUpForm{MinPasswordLength: 8, ByMail: ByMail{Link: true, Code: true}}),
		"signup-mail-only":  SignUp(p, SignUpForm{Only: true, ByMail: ByMail{Code: true}}),
		"login-wrong":       Login(wrong, LoginForm{SignUp: true, Reset: true, Email: "ada@example.org"}),
		"login-missing":     Login(p, LoginForm{Errors: Errors{"email": Msg("error.unknown")}}),
		"login-elsewhere":   Login(elsewhere, LoginForm{Reset: true}),
		"choose":            ChooseAccount(carrying, ChoosePage{Client: "Grafana", Accounts: []Choice{{User: ada, Ref: "session_1", Current: true}}}),
		"verify-needed":     VerifyNeeded(carrying, CheckMail{Email: "ada@example.org", Resend: "/verify-email/send"}),
		"signup":            SignUp(p, SignUpForm{MinPasswordLength: 8}),
		"signup-providers":  SignUp(p, SignUpForm{MinPasswordLength: 8, Methods: providerButtons(p)}),
		"signup-short":      SignUp(carrying, SignUpForm{Name: "Ada", Email: "ada@example.org", MinPasswordLength: 8, Client: "Grafana", Errors: Errors{"password": Msg("field.password_hint", "n", 8)}}),
		"signup-closed":     SignUpClosed(p),
		"signup-never":      SignUpNever(p),
		"signup-approval":   SignUp(p, SignUpForm{MinPasswordLength: 8, Approval: true}),
		"signup-invited":    SignUp(p, SignUpForm{Email: "ada@example.org", MinPasswordLength: 8, Invitation: &Invitation{Secret: "s", Email: "ada@example.org", Inviter: "Grace Hopper & Co", Note: "For the reading group: see you on Thursday."}}),
		"signup-invitee":    SignUp(p, SignUpForm{MinPasswordLength: 8, Invitation: &Invitation{Secret: "s"}}),
		"invitation-failed": InvitationFailed(p),
		"approval":          ApprovalPending(p),
		"no-way-in":         NoWayIn(p),
		"setup":             Setup(p, SetupForm{Token: "t", SignUp: "invited", MinPasswordLength: 8}),
		"setup-fixed":       Setup(p, SetupForm{Token: "t", SignUp: "approval", Fixed: true, MinPasswordLength: 8}),
		"setup-done":        SetupDone(p),
		"setup-wrong":       SetupLinkWrong(p),
		"choose-several": ChooseAccount(p, ChoosePage{Accounts: []Choice{
			{User: User{Email: "somebody.with.a.long.address@department.example.org"}, Ref: "session_2"}, {User: ada, Ref: "session_1", Current: true},
		}}),
	}
}

// providerButtons are the buttons of one server of each kind of drawing.
func providerButtons(p Page) []templ.Component {
	var all []templ.Component
	for i, id := range []string{"github", "discord", "spotify", "facebook", "paypal", "google", "figma", ""} {
		all = append(all, ProviderButton(p, Provider{ID: "p-" + id, Name: "A server with quite a name " + id, Icon: id, Last: i == 0, SignUp: i > 3}))
	}
	return all
}

func mailSamples(p Page) map[string]templ.Component {
	return map[string]templ.Component{
		"forgot":          ForgotPassword(p, ForgotForm{}),
		"forgot-wrong":    ForgotPassword(p, ForgotForm{Email: "ada@", Errors: Errors{"email": Msg("error.unknown")}}),
		"reset-sent":      ResetSent(p, CheckMail{Email: "ada@example.org", Resend: "/forgot-password"}),
		"verify-sent":     VerifySent(p, CheckMail{Email: "ada@example.org", Resend: "/verify-email/send", InFiles: true}),
		"reset":           ResetPassword(p, ResetForm{Token: "t", Email: "ada@example.org", MinPasswordLength: 8}),
		"reset-unknown":   ResetPassword(p, ResetForm{Token: "t", MinPasswordLength: 1}),
		"recover":         Recover(p, RecoverForm{Token: "t", Email: "ada@example.org", MinPasswordLength: 8, Password: true, Passkey: true}),
		"recover-passkey": Recover(p, RecoverForm{Token: "t", Email: "ada@example.org", Passkey: true}),
		"recover-failed":  RecoverFailed(p),
		"reset-done":      ResetDone(p),
		"reset-failed":    ResetFailed(p),
		"verify":          VerifyEmail(p, VerifyForm{Token: "t"}),
		"verify-for":      VerifyEmail(p, VerifyForm{Token: "t", Email: "ada@example.org"}),
		"verify-whose":    VerifyEmail(p, VerifyForm{Token: "t", Email: "ada@example.org", Since: time.Date(2026, 11, 22, 5, 30, 0, 0, time.UTC)}),
		"disowned":        Disowned(p),
		"verify-done":     VerifyDone(p, "/account"),
		"verify-failed":   VerifyFailed(p, ForgotForm{}),
		"email-confirm":   ChangeEmailAsk(p, "t", "ada@example.org", "ada.lovelace@example.com", true),
		"email-replace":   ChangeEmailAsk(p, "t", "ada@example.org", "ada.lovelace@example.com", false),
		"email-confirmed": ChangeEmailConfirmed(p, "/account"),
		"email-done":      ChangeEmailDone(p, "ada.lovelace@example.com", "/account"),
		"email-failed":    ChangeEmailFailed(p, false),
		"email-other":     ChangeEmailFailed(p, true),
		"delete":          DeleteAccount(p, DeleteForm{User: User{Email: "ada@example.org"}, Password: true}),
		"delete-wrong":    DeleteAccount(p, DeleteForm{User: User{Email: "ada@example.org"}, Password: true, Errors: Errors{"password": Msg("field.password_wrong")}}),
		"delete-passkey":  DeleteAccount(p, DeleteForm{User: User{Email: "ada@example.org"}, Password: true, Passkey: true}),
		"delete-mail":     DeleteAccount(p, DeleteForm{User: User{Email: "ada@example.org"}, ByMail: true}),
		"delete-link":     DeleteAccount(p, DeleteForm{User: User{Email: "ada@example.org"}, Token: "t"}),
		"delete-sent":     DeleteSent(p, CheckMail{Email: "ada@example.org"}),
		"deleted":         Deleted(p, "/"),
		"delete-failed":   DeleteFailed(p),
	}
}

func securitySamples(p Page) map[string]templ.Component {
	const (
		firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
		iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
	)
	sessions := []Session{
		{ID: "1", Current: true, UserAgent: firefox, IPAddress: "203.0.113.7", SignedIn: now.Add(-50 * time.Hour), LastSeen: now.Add(-10 * time.Second)},
		{ID: "2", UserAgent: iphone, IPAddress: "2001:db8:85a3:8d3:1319:8a2e:370:7348", SignedIn: now.Add(-70 * 24 * time.Hour), LastSeen: now.Add(-90 * time.Minute)},
		{ID: "3", UserAgent: "curl/8.14.1", SignedIn: now.Add(-3 * time.Minute), LastSeen: now.Add(-time.Minute)},
		{ID: "4", SignedIn: now.Add(-3 * time.Hour), LastSeen: now.Add(-2 * time.Hour)},
	}
	connections := ConnectionsPanel(p, Connections{
		All: []Connection{
			{ID: "a", Provider: Provider{ID: "github", Name: "GitHub", Icon: "github"}, Since: now.Add(-40 * 24 * time.Hour)},
			{ID: "b", Provider: Provider{ID: "corp", Name: "corp"}, Since: now.Add(-400 * 24 * time.Hour), Gone: true},
		},
		Offers: []Provider{{ID: "google", Name: "Google", Icon: "google"}, {ID: "acme", Name: "Acme Account with a rather long name"}},
	})
	only := ConnectionsPanel(p, Connections{
		All: []Connection{{ID: "a", Provider: Provider{ID: "google", Name: "Google", Icon: "google"}, Since: now.Add(-3 * time.Minute), Last: true}},
	})
	missing, email := Errors{"current_password": Msg("field.password_wrong")}, "ada@example.org"
	gone, slow := p, p
	slow.Alert = Alert{Problem, Msg("confirm.wait", "time", 40*time.Minute)}
	gone.Alert = Alert{Success, Msg("sessions.ended")}
	locked := p
	locked.Alert = Alert{Problem, Msg("two_factor.locked", "time", 14*time.Minute)}
	codes := []string{"k3x9a-7tq2m", "p8w4z-n6c1r", "h5y2d-v9b3f", "q7m1s-j4x8t", "w2c6n-r5k9p"}
	setup := AppSetup{
		QR: "data:image/gif;base64,R0lGODdhAQABAIAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==", URI: "otpauth://totp/id.example.org:ada?secret=JBSWY3DPEHPK3PXP",
		Key: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPABCD", Sealed: "s", Action: "/two-factor/enrolled", Back: "/login", Digits: 6,
	}
	wrong := setup
	wrong.Errors = Errors{"code": Msg("two_factor.wrong_code")}
	return map[string]templ.Component{
		"security": Security(p, SecurityPage{Panels: []templ.Component{
			PasswordPanel(p, PasswordForm{Email: email, Exists: true, MinPasswordLength: 8}), connections, SessionsPanel(p, sessions),
		}}),
		"security-alone": Security(gone, SecurityPage{Panels: []templ.Component{
			PasswordPanel(p, PasswordForm{Email: email, Settable: true, MinPasswordLength: 8}), only, SessionsPanel(p, sessions[:1]),
		}}),
		"confirm":       Confirm(p, ConfirmPage{User: User{Name: "Ada", Email: email}, Ways: []string{"password"}, Back: "/account/security", Again: "/login", Pending: "p"}),
		"confirm-wrong": Confirm(p, ConfirmPage{User: User{Email: email}, Ways: []string{"password", "code"}, Back: "/account", Again: "/login", Errors: Errors{"code": Msg("confirm.wrong_code")}}),
		"confirm-mail":  Confirm(p, ConfirmPage{User: User{Email: email}, Ways: []string{"mail"}, Back: "/account", Again: "/login"}),
		"confirm-sent":  Confirm(p, ConfirmPage{User: User{Email: email}, Ways: []string{"mail"}, Back: "/account", Again: "/login", Sent: "mail", InFiles: true}),
		"confirm-text":  Confirm(p, ConfirmPage{User: User{Name: "+49 170 1234567"}, Ways: []string{"mail", "text"}, Back: "/account", Again: "/login", Sent: "text", TextsInFiles: true}),
		"confirm-none":  Confirm(slow, ConfirmPage{User: User{Email: email}, Back: "/account", Again: "/login"}),
		"two-step": Security(p, SecurityPage{Panels: []templ.Component{TwoStepPanel(p, TwoStep{On: true, App: true, Apps: true, Codes: true, Backup: 2, Days: 30, Trusted: []TrustedDevice{
			{ID: "1", UserAgent: firefox, Here: true, Used: now.Add(-time.Hour), Until: now.Add(29 * 24 * time.Hour)}, {ID: "2", UserAgent: iphone, Until: now.Add(24 * time.Hour)},
		}})}}),
		"two-step-off":      Security(p, SecurityPage{Panels: []templ.Component{TwoStepPanel(p, TwoStep{Apps: true, Codes: true})}}),
		"two-step-codes":    Security(p, SecurityPage{Panels: []templ.Component{TwoStepPanel(p, TwoStep{On: true, Apps: true, Codes: true, Required: true})}}),
		"two-factor":        TwoFactor(p, TwoFactorForm{User: User{Name: "Ada Lovelace", Email: email}, Method: ByApp, Others: []string{BySent, ByBackup}, Digits: 6, Days: 30}),
		"two-factor-wrong":  TwoFactor(p, TwoFactorForm{User: User{Email: email}, Method: ByApp, Digits: 6, Days: 30, Trust: true, Client: "Grafana", Errors: Errors{"code": Msg("two_factor.wrong", "n", 1)}}),
		"two-factor-send":   TwoFactor(p, TwoFactorForm{User: User{Email: email}, Method: BySent, Others: []string{ByBackup}, Texts: true, Digits: 6, Days: 30}),
		"two-factor-sent":   TwoFactor(p, TwoFactorForm{User: User{Email: email}, Method: BySent, Sent: true, InFile: true, Digits: 6, Days: 30}),
		"two-factor-text":   TwoFactor(p, TwoFactorForm{User: User{Email: email}, Method: BySent, Sent: true, ByText: true, Texts: true, Digits: 6, Days: 30}),
		"two-factor-backup": TwoFactor(locked, TwoFactorForm{User: User{Email: email}, Method: ByBackup, Others: []string{ByApp}, Days: 30}),
		"two-factor-late":   TwoFactorExpired(p, false),
		"two-factor-many":   TwoFactorExpired(p, true),
		"enrol":             Enrol(p, EnrolPage{User: User{Email: email}, Apps: true, Codes: true, Client: "Grafana"}),
		"enrol-codes":       Enrol(p, EnrolPage{User: User{Email: email}, Codes: true}),
		"set-up-app":        SetUpApp(p, setup),
		"set-up-app-wrong":  SetUpApp(p, wrong),
		"backup-codes":      ShowBackupCodes(p, BackupCodes{Codes: codes, Host: "id.example.org", Email: email, New: true, Next: "/account/security"}),
		"backup-codes-new":  ShowBackupCodes(p, BackupCodes{Codes: codes[:3], Host: "id.example.org", Email: email, Next: "/account/security"}),
		"security-wrong": Security(p, SecurityPage{Problem: missing["current_password"], Panels: []templ.Component{
			PasswordPanel(p, PasswordForm{Email: email, Exists: true, MinPasswordLength: 8, Errors: missing}), SessionsPanel(p, sessions),
		}}),
	}
}

func accountSamples(p Page) map[string]templ.Component {
	changed := p
	changed.Alert = Alert{Success, Msg("reset.done_title")}
	page := AccountPage{
		User:    User{Name: "Ada Lovelace", Email: "ada@example.org", EmailVerified: true},
		Profile: ProfileForm{Name: "Ada Lovelace"},
	}
	page.Email.Enabled, page.Deletable = true, true
	full := page
	full.Profile.Fields = []ProfileField{
		{Name: "companyName", Type: "string", Value: "Analytical Engines", Required: true},
		{Name: "birthday", Type: "date", Value: "1815-12-10"},
		{Name: "desk", Type: "number", Value: "4.5"},
		{Name: "news_letter", Type: "boolean", Value: "true"},
		{Name: "tags", Type: "string[]", Value: "maths\npoetry"},
	}
	full.User.Image = "data:image/gif;base64,R0lGODdhAQABAIAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
	missing := full
	missing.Profile.Errors = Errors{"field-companyName": Msg("field.value_missing"), "field-tags": Msg("field.value_wrong"), "picture": Msg("avatar.unreadable")}
	alone := page
	alone.Email.Errors = Errors{"new_email": Msg("field.email_invalid")}
	alone.User.EmailVerified, alone.User.Name = false, ""
	return map[string]templ.Component{
		"account":         Account(p, page),
		"account-changed": Account(changed, page),
		"account-fields":  Account(p, full),
		"account-missing": Account(p, missing),
		"account-alone":   Account(p, alone),
		"apps-none":       Apps(p, AppsPage{}),
		"apps": Apps(changed, AppsPage{Apps: []AppAccess{
			{ID: "a", Name: "Grafana", Host: "grafana.example.org", Scopes: []string{"openid", "profile", "email", "offline_access"}, Since: now.Add(-40 * 24 * time.Hour), Used: now.Add(-3 * time.Hour), Until: now.Add(time.Hour), Offline: true, SignedIn: true},
			{ID: "b", Name: "A notebook with a rather long name that somebody chose", Scopes: []string{"openid", "tickets:write"}, Since: now.Add(-4 * time.Hour), Used: now.Add(-2 * time.Minute), Until: now.Add(time.Hour)},
			{ID: "c", Name: "Wiki", Scopes: []string{"openid"}, Since: now.Add(-90 * 24 * time.Hour), Used: now.Add(-80 * 24 * time.Hour), OpenURL: "https://wiki.example.org/login"},
		}, Recent: []LeftApp{{Name: "Blog", State: AppUntold, Until: now.Add(time.Hour)}, {Name: "Shop", State: AppTold}}}),
		"app-open": OpenApp(p, OpenAppPage{Name: "Wiki & Söhne", Host: "wiki.example.org", URL: "https://wiki.example.org/login?iss=x", SelfNamed: true}),
	}
}

func consentSamples(p Page) map[string]templ.Component {
	p.Carry = url.Values{"flow": {"4f1c"}}
	user := User{Name: "Ada Lovelace", Email: "ada@example.org"}
	scopes := []Scope{{Name: "openid"}, {Name: "profile"}, {Name: "email", New: true}, {Name: "offline_access"}, {Name: "tickets:write"}}
	return map[string]templ.Component{
		"consent": Consent(p, ConsentPage{
			User: user, Client: "Grafana", ClientURL: "https://grafana.example.org", Scopes: scopes, SwitchUser: true,
			Leads: Destination{Web, "grafana.example.org"}, Offline: true, Resources: []string{"Tickets", "https://api.example.org/a/rather/long/path/to/it"},
		}),
		"consent-cli": Consent(p, ConsentPage{
			User: user, Client: "authd-cli", Scopes: scopes[:3], SwitchUser: true, Leads: Destination{Loopback, "127.0.0.1"}, Lasts: time.Hour,
		}),
		"consent-self-named": Consent(p, ConsentPage{
			User: User{Email: "ada@example.org"}, Client: "Your bank", SelfNamed: true, Scopes: scopes[:1],
			Logo: "data:image/gif;base64,R0lGODdhAQABAIAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==", Policy: "https://bank.example/privacy", Terms: "https://bank.example/terms", Leads: Destination{App, "com.example.bank"}, Lasts: 20 * 24 * time.Hour,
		}),
		"device-code":    DeviceCode(p, DeviceForm{Code: "BCDF-GHJK", User: user, SwitchURL: "/login?switch=1"}),
		"device-wrong":   DeviceCode(p, DeviceForm{Code: "BCDF-GHJK", User: user, SwitchURL: "/login?switch=1", Errors: Errors{"user_code": Msg("device_login.wrong")}}),
		"device-ask":     DeviceAsk(p, DevicePage{User: user, Code: "BCDF-GHJK", Client: "authd command line", Scopes: scopes[:4], IPAddress: "203.0.113.7", Asked: p.Now.Add(-40 * time.Second)}),
		"device-plain":   DeviceAsk(p, DevicePage{User: user, Code: "BCDF-GHJK", Client: "Television", SelfNamed: true, Session: true, IPAddress: "2001:db8:85a3:8d3:1319:8a2e:370:7348", Asked: p.Now.Add(-20 * time.Minute)}),
		"device-in":      DeviceAnswered(p, true),
		"device-out":     DeviceAnswered(p, false),
		"handoff":        Handoff(p, HandoffPage{Client: "Grafana", URL: "https://grafana.example.org/login?code=1&state=2"}),
		"handoff-native": Handoff(p, HandoffPage{Client: "Tickets", URL: "com.example.app:/callback?code=1", Native: true}),
		"request-failed": RequestFailed(p, "invalid_redirect", RequestProblem{Client: "Grafana", ClientID: "grafana", Wrong: []WrongParameter{
			{Parameter: "redirect_uri", Received: "https://grafana.example.org/a-rather-long-address/that-has-to-break/somewhere/login/generic_oauth/", Expected: "redirect", Number: 2, Hint: "slash"},
			{Parameter: "scope", Received: "groups", Expected: "values", Values: []string{"openid", "email"}},
			{Parameter: "code_challenge", Expected: "pkce"},
			{Reason: "the request object has expired"},
		}}),
		"request-unknown": RequestFailed(p, "invalid_client", RequestProblem{Wrong: []WrongParameter{{Parameter: "client_id", Received: "grafanna", Expected: "client"}}}),
		"form-post":       FormPost(p, FormPostPage{Client: "Grafana", URL: "https://grafana.example.org/cb", Fields: []FormValue{{"code", "1"}}}),
	}
}

func noticeSamples(p Page) map[string]templ.Component {
	all := map[string]templ.Component{
		"not-found":   NotFound(p),
		"too-many":    TooManyRequests(p, 40*time.Second, "/login"),
		"busy":        Busy(p, time.Second, "/login"),
		"unavailable": Unavailable(p, "/login"),

		"policy-refused":     PolicyRefused(p, "Accounts are for members of the club.", "/signup"),
		"policy-silent":      PolicyRefused(p, "", "/signup"),
		"policy-unavailable": PolicyUnavailable(p, "/login"),
		"signed-out":         SignedOut(p, SignedOutPage{}),
		"signed-out-apps": SignedOut(p, SignedOutPage{Apps: []LeftApp{
			{Name: "Grafana", State: AppTold},
			{Name: "Wiki & Söhne", State: AppTelling},
			{Name: "Notes", State: AppKept},
			{Name: "Old thing", State: AppEnded},
			{Name: "Blog", State: AppUntold, Until: now.Add(time.Hour)},
		}}),
		"signed-out-onward": SignedOut(p, SignedOutPage{
			Apps: []LeftApp{{Name: "Grafana", State: AppTold}}, Frames: []string{"about:blank"}, Next: "https://grafana.example.org/bye", Client: "Grafana",
		}),
		"sign-out-confirm": ConfirmSignOut(p, ConfirmSignOutPage{Client: "Grafana", User: User{Name: "Ada Lovelace", Email: "ada@example.org"}, Action: "/confirm"}),
		"sign-out-nobody":  ConfirmSignOut(p, ConfirmSignOutPage{User: User{Email: "ada@example.org"}, Action: "/confirm"}),
		"sign-out-refused": SignOutRefused(p, "invalid_request", "post_logout_redirect_uri is not one that the client registered"),
		"refused":          Refused(p, "/login"),
		"flow-expired":     FlowExpired(p),
	}
	for _, code := range []string{
		"access_denied", "invalid_client", "invalid_redirect_uri", "invalid_request", "INVALID_TOKEN", "state_mismatch",
		"signup_disabled", "BANNED_USER", "server_error", "something_else",
	} {
		all["error-"+code] = Failed(p, code)
	}
	return all
}

// letters are all mails, by name.
func letters(t *testing.T, l *Locale) map[string]Mail {
	t.Helper()
	from := Sender{Locale: l, App: "Example Home", Host: "id.example.org"}
	all := map[string]Mail{}
	add := func(name string, mail Mail, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = mail
	}
	const link = "https://id.example.org/x?token=Zm9v&a=1"
	mail, err := VerifyEmailMail(t.Context(), from, link, time.Hour)
	add("verify-email", mail, err)
	mail, err = ResetPasswordMail(t.Context(), from, link, time.Hour)
	add("reset-password", mail, err)
	mail, err = InvitationMail(t.Context(), from, link, 7*24*time.Hour, "Grace Hopper", "For the reading group: see you on Thursday.")
	add("sign-up-invitation", mail, err)
	mail, err = InvitationMail(t.Context(), from, link, time.Hour, "", "")
	add("sign-up-invitation-plain", mail, err)
	mail, err = ApprovalRequestMail(t.Context(), from, link, "ada@example.org")
	add("approval-request", mail, err)
	mail, err = ApprovalGrantedMail(t.Context(), from, link)
	add("approval-granted", mail, err)
	mail, err = PasswordChangedMail(t.Context(), from, PasswordChanged{At: now, UserAgent: "Firefox/1 Linux", IPAddress: "203.0.113.7", ForgotURL: link})
	add("password-changed", mail, err)
	happened := Happened{At: now, UserAgent: "Firefox/1 Linux", IPAddress: "203.0.113.7", URL: link}
	mail, err = ChangeEmailMail(t.Context(), from, link, "ada@example.com", time.Hour)
	add("change-email", mail, err)
	mail, err = DeleteAccountMail(t.Context(), from, link, time.Hour)
	add("delete-account", mail, err)
	mail, err = EmailChangedMail(t.Context(), from, "ada@example.com", happened)
	add("email-changed", mail, err)
	mail, err = SignInLockedMail(t.Context(), from, happened)
	add("sign-in-locked", mail, err)
	mail, err = NewDeviceMail(t.Context(), from, happened)
	add("new-device", mail, err)
	mail, err = RecoveredMail(t.Context(), from, happened)
	add("account-recovery", mail, err)
	mail, err = TwoFactorCodeMail(t.Context(), from, "042137", 3*time.Minute)
	add("two-factor-otp", mail, err)
	for _, kind := range []string{"two-factor-on", "two-factor-off", "two-factor-reset", "backup-code-used"} {
		mail, err = TwoFactorMail(t.Context(), from, kind, "9", happened)
		add(kind, mail, err)
	}
	mail, err = AddressClaimedMail(t.Context(), from, link)
	add("address-claimed", mail, err)
	mail, err = PasskeyAddedMail(t.Context(), from, "Blue key", happened)
	add("passkey-added", mail, err)
	for _, kind := range []string{"phone-added", "phone-changed", "phone-removed"} {
		mail, err = PhoneMail(t.Context(), from, kind, "567", happened)
		add(kind, mail, err)
	}
	mail, err = PasskeyRemovedMail(t.Context(), from, "", happened)
	add("passkey-removed", mail, err)
	mail, err = ExistingUserMail(t.Context(), from, link)
	add("existing-user-sign-up", mail, err)
	mail, err = ConfirmCodeMail(t.Context(), from, "042137", 10*time.Minute)
	add("confirm-code", mail, err)
	return all
}

func byMailSamples(p Page) map[string]templ.Component {
	carrying, worn := p, p
	carrying.Carry = url.Values{"return_to": {"/account/apps"}}
	worn.Alert = Alert{Problem, Msg("by_mail.code_worn")}
	ada := "ada@example.org"
	return map[string]templ.Component{
		"link-sent":          LinkSent(carrying, CheckMail{Email: ada, Resend: "/login/link"}),
		"link-follow":        FollowLink(carrying, LinkForm{Token: "t", Email: ada, Client: "Grafana & Söhne"}),
		"link-elsewhere":     FollowLink(p, LinkForm{Token: "t", Email: ada, Client: "Grafana", Elsewhere: true}),
		"link-elsewhere-own": FollowLink(p, LinkForm{Token: "t", Email: ada, Elsewhere: true}),
		"link-failed":        LinkFailed(p),
		"code":               EnterCode(carrying, CodeForm{Email: ada, Name: "Ada"}),
		"code-wrong":         EnterCode(p, CodeForm{Email: ada, InFiles: true, Errors: Errors{"code": Msg("by_mail.code_wrong")}}),
		"code-worn":          EnterCode(worn, CodeForm{Email: ada}),
		"code-verify":        VerifyByCode(p, CodeForm{Email: ada}),
		"code-reset":         ResetByCode(p, CodeForm{Email: ada, MinPasswordLength: 8}),
		"forgot-code":        ForgotPassword(p, ForgotForm{Code: true}),
	}
}
