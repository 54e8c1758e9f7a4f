// Package captcha keeps robots away: endpoints and forms that are named in authd.toml ask for
// a solved captcha first.
//
// The captcha is a third party's (Cloudflare Turnstile, Google reCAPTCHA, hCaptcha, CaptchaFox),
// which is then asked whether the solution is right, or authd's own proof of work, which asks
// nobody. Apps send the solution in the header of the contract, x-captcha-response, pages in
// the field that the provider's script fills: one function checks both.
//
// Where no answer can be had nobody passes. The package must not know what stands behind it,
// nor log a solution.
package captcha

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/views"
)

// header is where apps send a solution.
const header = "x-captcha-response"

// maxResponse is more than any provider's solution has.
const maxResponse = 16 << 10

// verifier tells whether a solution is right, for one of the purposes. Errors: ErrFailed, ErrUnknown.
type verifier interface {
	verify(r *api.Request, response string, purposes []string) error
}

// Networks tells which networks are to wait for what was done from there.
type Networks interface {
	NetworkWaits(ctx context.Context, r *api.Request) (bool, error)
}

// Service is this capability.
type Service struct {
	core     *core.Core
	cfg      config.Captcha
	verifier verifier
	work     *work // nil unless the captcha is authd's own
	networks Networks
}

// New connects the capability when it is on.
func New(c *core.Core, n Networks) (*Service, error) {
	s := &Service{core: c, cfg: c.Config.Captcha, networks: n}
	switch {
	case !s.cfg.Enabled:
	case s.cfg.BuiltIn():
		var err error
		if s.work, err = newWork(c); err != nil {
			return nil, err
		}
		s.verifier = s.work
	default:
		s.verifier = newSite(c)
	}
	return s, nil
}

// Enabled tells whether anything asks for a captcha.
func (s *Service) Enabled() bool { return s.cfg.Enabled }

// Guard has the endpoints ask that are named in authd.toml. A name of the operator's that is
// nobody's stops the start: they would believe something guarded that is not.
func (s *Service) Guard(all []api.Endpoint) error {
	if !s.cfg.Enabled {
		return nil
	}
	found := map[string]bool{}
	for i := range all {
		e := &all[i]
		if e.Mount != api.Auth || e.Page || e.ID == challengeID {
			continue
		}
		pattern := s.pattern(e.Path)
		if pattern == "" {
			continue
		}
		found[pattern] = true
		e.First, e.Errors = s.first, append(slices.Clip(e.Errors), ErrMissing, ErrFailed, ErrUnknown)
	}
	for _, pattern := range s.cfg.Endpoints {
		if !found[pattern] && s.core.Config.IsSet("captcha.endpoints") {
			return fmt.Errorf("captcha.endpoints (%s) has %q, where nothing is; allowed: paths below /api/auth of what is turned on, such as /sign-up/email or /sign-in/*",
				s.core.Config.Source("captcha.endpoints"), pattern)
		}
	}
	return nil
}

// pattern is what names a path in authd.toml, "" when nothing does.
func (s *Service) pattern(at string) string {
	for _, pattern := range s.cfg.Endpoints {
		if matches(strings.Split(pattern, "/"), strings.Split(at, "/")) {
			return pattern
		}
	}
	return ""
}

// matches compares the parts of a path: * stands for a part, ** for any number of them.
func matches(pattern, at []string) bool {
	switch {
	case len(pattern) == 0:
		return len(at) == 0
	case pattern[0] == "**":
		return matches(pattern[1:], at) || len(at) > 0 && matches(pattern, at[1:])
	case len(at) == 0:
		return false
	}
	ok, err := path.Match(pattern[0], at[0])
	return err == nil && ok && matches(pattern[1:], at[1:])
}

// first is what a guarded endpoint asks before anything else.
func (s *Service) first(r *api.Request) error {
	return s.check(r, r.HTTP.Header.Get(header), []string{r.Endpoint().Path})
}

// Guards tells whether one of the endpoints that a form stands for is guarded.
func (s *Service) Guards(paths ...string) bool {
	return s.cfg.Enabled && slices.ContainsFunc(paths, func(at string) bool { return s.pattern(at) != "" })
}

// CheckForm is for a form that was posted, which is one of several when its end does not tell.
// Errors: ErrMissing, ErrFailed, ErrUnknown.
func (s *Service) CheckForm(r *api.Request, forms ...string) error {
	response, _ := r.Body[s.field()].(string)
	return s.check(r, response, forms)
}

func (s *Service) check(r *api.Request, response string, purposes []string) error {
	switch {
	case response == "":
		return ErrMissing
	case len(response) > maxResponse:
		return ErrFailed
	default:
		return s.verifier.verify(r, response, purposes)
	}
}

// Widget is what a form shows.
func (s *Service) Widget(form string) views.Captcha {
	if s.work != nil {
		return views.Captcha{Kind: views.CaptchaWork, Field: s.field(), Form: form}
	}
	return widget(&s.cfg)
}

// field is the name of the solution among those of a form.
func (s *Service) field() string {
	if s.work != nil {
		return "captcha-response"
	}
	return fields[s.cfg.Provider]
}
