package views

// Captcha is what keeps robots away from a form. The zero value keeps nobody away.
type Captcha struct {
	// Kind is the class of the element that the provider's script fills, or one of the constants.
	Kind    string
	SiteKey string
	Action  string
	Field   string   // the name of the solution in the form
	Form    string   // what a proof of work is for
	Script  string   // the provider's
	Hosts   []string // where it loads from and speaks to
}

// Kinds of captcha that a script of ours fills.
const (
	CaptchaWork  = "work"  // authd's own
	CaptchaScore = "score" // reCAPTCHA v3
)

// captchaTurnstile is the class of the one that can be as wide as its page. It follows the
// page's light or dark by itself.
const captchaTurnstile = "cf-turnstile"

// captchaScripts are what a page with a captcha loads.
func (p Page) captchaScripts() []string {
	switch c := p.Captcha; c.Kind {
	case "":
		return nil
	case CaptchaWork:
		return []string{p.Assets.Captcha}
	case CaptchaScore:
		return []string{c.Script, p.Assets.Captcha}
	default:
		return []string{c.Script}
	}
}
