package views

import (
	"strings"
	"testing"

	"github.com/a-h/templ"
)

func captchaSamples(p Page) map[string]templ.Component {
	work, wrong, site, score := p, p, p, p
	work.Captcha = Captcha{Kind: CaptchaWork, Field: "captcha-response", Form: "/login"}
	wrong.Captcha, wrong.Alert = work.Captcha, Alert{Problem, Msg("captcha.wrong")}
	site.Captcha = Captcha{Kind: "cf-turnstile", SiteKey: "0x4AAA", Action: "sign-up", Field: "cf-turnstile-response", Script: "https://challenges.cloudflare.com/turnstile/v0/api.js"}
	score.Captcha = Captcha{Kind: CaptchaScore, SiteKey: "6Lc", Field: "g-recaptcha-response", Script: "https://www.google.com/recaptcha/api.js?render=6Lc"}
	mail := CheckMail{Email: "ada@example.org", Resend: "/login/link"}
	return map[string]templ.Component{
		"captcha-login":   Login(work, LoginForm{SignUp: true, Reset: true, Passkey: &PasskeyButton{}, ByMail: ByMail{Link: true}}),
		"captcha-wrong":   Login(wrong, LoginForm{SignUp: true, Reset: true, Email: "ada@example.org"}),
		"captcha-mail":    Login(work, LoginForm{SignUp: true, Only: true, ByMail: ByMail{Code: true}}),
		"captcha-signup":  SignUp(site, SignUpForm{MinPasswordLength: 8, Passkey: true}),
		"captcha-forgot":  ForgotPassword(score, ForgotForm{Code: true}),
		"captcha-resend":  LinkSent(work, mail),
		"captcha-verify":  VerifyFailed(work, ForgotForm{}),
		"captcha-needed":  VerifyNeeded(work, mail),
		"captcha-by-code": EnterCode(work, CodeForm{Email: "ada@example.org"}),
	}
}

// TestAPageLoadsOnlyItsOwnCaptcha: nothing without one, and no more than its scripts.
func TestAPageLoadsOnlyItsOwnCaptcha(t *testing.T) {
	c := catalogue(t)
	p := samplePage(c, c.locales[0])
	all := captchaSamples(p)
	for name, want := range map[string][]string{
		"captcha-wrong":  {"captcha.js"},
		"captcha-login":  {"passkey.js", "captcha.js"},
		"captcha-signup": {"passkey.js", "https://challenges.cloudflare.com/turnstile/v0/api.js"},
		"captcha-forgot": {"https://www.google.com/recaptcha/api.js?render=6Lc", "captcha.js"},
	} {
		html := render(t, all[name])
		for _, script := range want {
			if !strings.Contains(html, `<script src="`+script+`" defer>`) {
				t.Errorf("%s does not load %s", name, script)
			}
		}
		if n := strings.Count(html, "<script"); n != len(want) {
			t.Errorf("%s loads %d scripts", name, n)
		}
		if !strings.Contains(html, "<noscript>") {
			t.Errorf("%s does not say why it needs a script", name)
		}
	}
	if html := render(t, Login(p, LoginForm{})); strings.Contains(html, "<script") || strings.Contains(html, "captcha") {
		t.Error("a page without a captcha has something of it")
	}
}
