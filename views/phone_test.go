package views

import (
	"net/url"

	"github.com/a-h/templ"
)

func phoneSamples(p Page) map[string]templ.Component {
	number := "+49 170 1234567"
	carrying := p
	carrying.Carry = url.Values{"flow": {"4f1c"}}
	wrongCode := Errors{"code": Msg("by_mail.code_wrong")}
	security := func(f Phone) templ.Component {
		return Security(p, SecurityPage{Panels: []templ.Component{PasswordPanel(p, PasswordForm{Email: "ada@example.org", Exists: true, MinPasswordLength: 8}), PhonePanel(p, f)}})
	}
	button := []templ.Component{PhoneButton(p, false, true)}
	named := Username{Value: "ada", Fewest: 3, Most: 30}
	account := AccountPage{User: User{Name: "Ada", Email: "ada@example.org"}, Profile: ProfileForm{Name: "Ada", Username: named}}
	taken, kept, shownOtherwise := account, account, account
	shownOtherwise.Profile.Username.Shown, shownOtherwise.Profile.Username.Showable = "The Countess", true
	taken.Profile.Errors, kept.Profile.Username.Kept = Errors{"username": Msg("field.username_taken")}, true
	guest := AccountPage{User: User{Name: "Guest 4f1c"}, Guest: true, Profile: ProfileForm{Name: "Guest 4f1c"}, Email: EmailForm{Enabled: true}}
	return map[string]templ.Component{
		"login-all":               Login(p, LoginForm{SignUp: true, Reset: true, Usernames: true, Phones: true, Methods: append(button, providerButtons(p)[:2]...), Passkey: &PasskeyButton{}, Wallet: &WalletButton{Last: true}, Guest: true, ByMail: ByMail{Link: true, Code: true}}),
		"login-guest-only":        Login(p, LoginForm{Only: true, Guest: true}),
		"login-wallet-only":       Login(p, LoginForm{Only: true, Wallet: &WalletButton{}}),
		"login-wallet":            Login(p, LoginForm{Reset: true, Wallet: &WalletButton{}}),
		"account-guest":           Account(p, guest),
		"signup-username":         SignUp(p, SignUpForm{MinPasswordLength: 8, Username: Username{Fewest: 3, Most: 30}}),
		"signup-username-taken":   SignUp(p, SignUpForm{Name: "Ada", Email: "a@example.org", MinPasswordLength: 8, Username: named, Errors: taken.Profile.Errors}),
		"signup-passkey-username": SignUp(p, SignUpForm{Only: true, Passkey: true, Username: named}),
		"account-username":        Account(p, account),
		"account-username-shown":  Account(p, shownOtherwise),
		"account-username-taken":  Account(p, taken),
		"account-username-kept":   Account(p, kept),
		"login-phone-ways":        Login(p, LoginForm{SignUp: true, Reset: true, Usernames: true, Phones: true, Methods: button}),
		"login-phone-only":        Login(p, LoginForm{SignUp: true, Only: true, Methods: button}),
		"login-identifier":        Login(p, LoginForm{Reset: true, Phones: true, Methods: button}),
		"signup-phone":            SignUp(p, SignUpForm{MinPasswordLength: 8, Methods: []templ.Component{PhoneButton(p, true, false)}}),
		"phone":                   AskPhone(p, PhoneForm{}),
		"phone-client":            AskPhone(carrying, PhoneForm{SignUp: true, Client: "Grafana & Söhne"}),
		"phone-wrong":             AskPhone(p, PhoneForm{Number: "0170", Errors: Errors{"number": Msg("phone.number_invalid")}}),
		"phone-reset":             AskPhone(p, PhoneForm{Reset: true}),
		"phone-code":              EnterPhoneCode(carrying, PhoneCode{Number: number, Use: PhoneSignIn, Digits: 6}),
		"phone-code-wrong":        EnterPhoneCode(p, PhoneCode{Number: number, Use: PhoneSignIn, Digits: 6, InFiles: true, Errors: wrongCode}),
		"phone-code-reset":        EnterPhoneCode(p, PhoneCode{Number: number, Use: PhoneReset, Digits: 6, MinPasswordLength: 8}),
		"phone-code-own":          EnterPhoneCode(p, PhoneCode{Number: number, Use: PhoneProof, Digits: 6}),
		"phone-unknown":           NoAccountWithPhone(p),
		"forgot-phone":            ForgotPassword(p, ForgotForm{Code: true, Phone: true}),
		"security-phone":          security(Phone{Number: number, Verified: true}),
		"security-phone-last":     security(Phone{Number: number, Verified: true, Last: true}),
		"security-phone-unproven": security(Phone{Number: number}),
		"security-phone-none":     security(Phone{Typed: "0170", Errors: Errors{"number": Msg("phone.number_invalid")}}),
	}
}
