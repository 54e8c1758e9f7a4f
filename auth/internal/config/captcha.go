package config

import "time"

// The providers of captchas.
const (
	ProofOfWork = "proof-of-work"
	Turnstile   = "cloudflare-turnstile"
	ReCAPTCHA   = "google-recaptcha"
	HCaptcha    = "hcaptcha"
	CaptchaFox  = "captchafox"
)

// Captcha keeps robots away from forms and endpoints.
type Captcha struct {
	Enabled          bool          `toml:"enabled" default:"false" doc:"Forms and endpoints ask for a solved captcha."`
	Provider         string        `toml:"provider" default:"proof-of-work" allowed:"proof-of-work,cloudflare-turnstile,google-recaptcha,hcaptcha,captchafox" doc:"Whose captcha. proof-of-work is authd's own: the browser computes for a moment, and no third party is asked."`
	SiteKey          string        `toml:"site_key" doc:"The key that the provider gave you for pages."`
	SecretKey        string        `toml:"secret_key" secret:"true" doc:"The key that the provider gave you for this server."`
	Endpoints        []string      `toml:"endpoints" default:"/sign-up/email,/sign-in/email,/request-password-reset" doc:"Paths below /api/auth that ask for it, and the forms of the pages that do the same; * stands for one part of a path, ** for all that follow."`
	SiteVerifyURL    string        `toml:"site_verify_url_override" shown:"the provider's" doc:"Where solutions are verified. It may be a private address."`
	MinScore         float64       `toml:"min_score" default:"0.5" doc:"Lowest score of reCAPTCHA v3 that passes."`
	ExpectedAction   string        `toml:"expected_action" doc:"Turnstile and reCAPTCHA v3: the action that the solution must be for. authd's pages name it."`
	AllowedHostnames []string      `toml:"allowed_hostnames" doc:"Turnstile and reCAPTCHA: hosts that the captcha may have been solved at."`
	ReCAPTCHA        string        `toml:"recaptcha" default:"checkbox" allowed:"checkbox,score" doc:"Kind of reCAPTCHA site key that authd's pages use: checkbox (v2) or score (v3)."`
	Timeout          time.Duration `toml:"timeout" default:"10s" min:"50ms" max:"30s" doc:"How long people wait for the provider at most; without an answer nobody passes."`
	Difficulty       int           `toml:"difficulty" default:"18" min:"1" max:"26" doc:"proof-of-work: zero bits that a hash must begin with. Each further one doubles the work; 18 is about a second on a phone."`
	LockedDifficulty int           `toml:"locked_difficulty" default:"22" min:"0" max:"28" doc:"proof-of-work: what sign-ins cost from a network that waits ([lockout]); who pays goes on at once. 0: nobody does."`
	ExpiresIn        time.Duration `toml:"expires_in" default:"10m" min:"1m" max:"1h" doc:"proof-of-work: how long a task may take, and its solution be kept, until it is sent."`
}

// BuiltIn tells whether the captcha is authd's own.
func (c *Captcha) BuiltIn() bool { return c.Enabled && c.Provider == ProofOfWork }

// checkCaptcha: a third party's captcha needs both of its keys, for the pages show it.
func (c *Config) checkCaptcha() error {
	cfg := &c.Captcha
	if !cfg.Enabled {
		return nil
	}
	if cfg.SiteVerifyURL != "" && !webURL(cfg.SiteVerifyURL) {
		return c.refuse("captcha.site_verify_url_override", cfg.SiteVerifyURL, "an http or https URL, without user and password")
	}
	if len(cfg.Endpoints) == 0 {
		return c.refuse("captcha.endpoints", cfg.Endpoints, "at least one path below /api/auth, such as /sign-up/email")
	}
	if cfg.BuiltIn() {
		if cfg.LockedDifficulty != 0 && cfg.LockedDifficulty <= cfg.Difficulty {
			return c.refuse("captcha.locked_difficulty", cfg.LockedDifficulty, "0, or more than captcha.difficulty")
		}
		return nil
	}
	for _, key := range []struct{ name, value string }{{"site_key", cfg.SiteKey}, {"secret_key", cfg.SecretKey}} {
		if key.value == "" {
			return &complaint{"captcha." + key.name, c.Source("captcha." + key.name), "empty", "the key of " + cfg.Provider + ", or captcha.provider = \"" + ProofOfWork + "\", which needs none"}
		}
	}
	return nil
}
