package captcha

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/egress"
	"authd/views"
)

// site is a third party that is asked whether a solution is right.
type site struct {
	out *egress.Client
	cfg config.Captcha
	url string
}

var verifyAt = map[string]string{
	config.Turnstile:  "https://challenges.cloudflare.com/turnstile/v0/siteverify",
	config.ReCAPTCHA:  "https://www.google.com/recaptcha/api/siteverify",
	config.HCaptcha:   "https://api.hcaptcha.com/siteverify",
	config.CaptchaFox: "https://api.captchafox.com/siteverify",
}

// fields are what the providers' scripts call the solution in a form.
var fields = map[string]string{
	config.Turnstile:  "cf-turnstile-response",
	config.ReCAPTCHA:  "g-recaptcha-response",
	config.HCaptcha:   "h-captcha-response",
	config.CaptchaFox: "cf-captcha-response",
}

func newSite(c *core.Core) *site {
	s := &site{out: c.Egress, cfg: c.Config.Captcha, url: c.Config.Captcha.SiteVerifyURL}
	if s.url == "" {
		s.url = verifyAt[s.cfg.Provider]
	}
	return s
}

// maxAnswer is more than any of them says.
const maxAnswer = 64 << 10

// answer is what they say.
type answer struct {
	Success  bool     `json:"success"`
	Score    *float64 `json:"score"` // of reCAPTCHA v3
	Action   string   `json:"action"`
	Hostname string   `json:"hostname"`
	Codes    []string `json:"error-codes"`
}

// verify implements [verifier]. Errors: ErrFailed, ErrUnknown.
func (s *site) verify(r *api.Request, response string, _ []string) error {
	a, err := s.ask(r, response)
	if err != nil {
		r.Log().Warn("a captcha could not be verified", "provider", s.cfg.Provider, "error", err)
		return ErrUnknown
	}
	if why := s.refusal(a); why != "" {
		r.Log().Warn("a captcha was refused", "provider", s.cfg.Provider, "why", why, "codes", clipped(a.Codes))
		return ErrFailed
	}
	return nil
}

// refusal says why an answer lets nobody pass, "" when it does.
func (s *site) refusal(a *answer) string {
	named := s.cfg.Provider == config.Turnstile || s.cfg.Provider == config.ReCAPTCHA
	switch {
	case !a.Success:
		return "not solved"
	case s.cfg.Provider == config.ReCAPTCHA && a.Score != nil && *a.Score < s.cfg.MinScore:
		return "score"
	case named && s.cfg.ExpectedAction != "" && a.Action != s.cfg.ExpectedAction:
		return "action"
	case named && len(s.cfg.AllowedHostnames) > 0 && !slices.Contains(s.cfg.AllowedHostnames, a.Hostname):
		return "hostname"
	default:
		return ""
	}
}

// clipped are codes of a third party's, short enough for a log.
func clipped(codes []string) []string {
	codes = slices.Clone(codes[:min(len(codes), 8)])
	for i, code := range codes {
		codes[i] = code[:min(len(code), 64)]
	}
	return codes
}

func (s *site) ask(r *api.Request, response string) (*answer, error) {
	kind, body, err := s.question(response, r.IP())
	if err != nil {
		return nil, err
	}
	got, err := s.out.Post(r.Context(), s.url, map[string]string{"Content-Type": kind, "Accept": "application/json"}, body,
		egress.Want{Trusted: true, MaxBody: maxAnswer, Timeout: s.cfg.Timeout})
	switch {
	case err != nil:
		return nil, err
	case got.Status < 200 || got.Status > 299:
		return nil, fmt.Errorf("answered %d", got.Status)
	case !got.Whole:
		return nil, fmt.Errorf("the answer is longer than %d bytes, or did not end in %s", maxAnswer, s.cfg.Timeout.Round(time.Millisecond))
	}
	var a *answer
	if err := json.Unmarshal(got.Body, &a); err != nil && len(got.Body) > 0 {
		return &answer{Codes: []string{"the answer cannot be read"}}, nil // the contract's refusal
	}
	if a == nil {
		return nil, errors.New("the answer is empty")
	}
	return a, nil
}

// question is what is asked, in the form that each of them wants.
func (s *site) question(response, ip string) (kind string, body []byte, err error) {
	if s.cfg.Provider == config.Turnstile {
		body, err = json.Marshal(struct {
			Secret   string `json:"secret"`
			Response string `json:"response"`
			RemoteIP string `json:"remoteip,omitempty"`
		}{s.cfg.SecretKey, response, ip})
		return "application/json", body, err
	}
	form := url.Values{"secret": {s.cfg.SecretKey}, "response": {response}}
	if s.cfg.Provider == config.HCaptcha || s.cfg.Provider == config.CaptchaFox {
		form.Set("sitekey", s.cfg.SiteKey)
	}
	remote := "remoteip"
	if s.cfg.Provider == config.CaptchaFox {
		remote = "remoteIp"
	}
	if ip != "" {
		form.Set(remote, ip)
	}
	return "application/x-www-form-urlencoded", []byte(form.Encode()), nil
}

// widget is what the provider wants in a form, and from where it may load what it needs.
func widget(cfg *config.Captcha) views.Captcha {
	w := views.Captcha{SiteKey: cfg.SiteKey, Action: cfg.ExpectedAction, Field: fields[cfg.Provider]}
	switch cfg.Provider {
	case config.Turnstile:
		w.Kind, w.Script = "cf-turnstile", "https://challenges.cloudflare.com/turnstile/v0/api.js"
		w.Hosts = []string{"https://challenges.cloudflare.com"}
	case config.HCaptcha:
		w.Kind, w.Script = "h-captcha", "https://js.hcaptcha.com/1/api.js"
		w.Hosts = []string{"https://hcaptcha.com", "https://*.hcaptcha.com"}
	case config.CaptchaFox:
		w.Kind, w.Script = "captchafox", "https://cdn.captchafox.com/api.js"
		w.Hosts = []string{"https://*.captchafox.com"}
	default:
		w.Kind, w.Script = "g-recaptcha", "https://www.google.com/recaptcha/api.js"
		w.Hosts = []string{"https://www.google.com/recaptcha/", "https://recaptcha.google.com/recaptcha/", "https://www.gstatic.com/recaptcha/"}
		if cfg.ReCAPTCHA == "score" {
			w.Kind, w.Script = views.CaptchaScore, w.Script+"?render="+url.QueryEscape(cfg.SiteKey)
		}
	}
	return w
}
