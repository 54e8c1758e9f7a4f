package oidc

import (
	"context"
	"errors"
	"slices"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
)

// How sure a sign-in was, in the words that the operator chose for it (OpenID
// Connect Core §2, acr). Only what really happened counts: the amr of the session.

// Factors tells who has a second factor.
type Factors interface {
	// Asks tells whether a user can be asked for one.
	Asks(u *core.User) bool
}

// UseFactors tells who knows.
func (s *Service) UseFactors(f Factors) { s.factors = f }

// factors are the kinds of proof behind the values of amr (RFC 8176 §2): what
// somebody knows, has, or is.
func factors(amr []string) int {
	kinds := map[string]bool{}
	for _, method := range amr {
		switch method {
		case "mfa":
			return 2
		case "pwd", "pin", "kba":
			kinds["knows"] = true
		case "otp", "sms", "tel", "hwk", "swk", "sc", "pop":
			kinds["has"] = true
		case "face", "fpt", "iris", "retina", "vbm":
			kinds["is"] = true
		}
	}
	return len(kinds)
}

// levels are the acr values that a sign-in reaches, the surest first.
func levels(cfg config.OauthProvider, amr []string) []string {
	if factors(amr) > 1 {
		return []string{cfg.ACRMultiFactor, cfg.ACRSingleFactor}
	}
	return []string{cfg.ACRSingleFactor}
}

// acrOf is the first of the wished values that the sign-in reaches, else the
// surest that it does (OpenID Connect Core §3.1.2.1, acr_values).
func (s *Service) acrOf(r *Request, amr []string) string {
	reached := levels(s.cfg, amr)
	for _, wish := range slices.Concat(r.mustACR, r.wishACR) {
		if slices.Contains(reached, wish) {
			return wish
		}
	}
	return reached[0]
}

// sure tells whether the sign-in reaches one of the values that the client
// cannot do without (OpenID Connect Core §5.5.1.1).
func (s *Service) sure(r *Request, amr []string) bool {
	return len(r.mustACR) == 0 || slices.ContainsFunc(levels(s.cfg, amr), func(acr string) bool { return slices.Contains(r.mustACR, acr) })
}

// wantsMore tells whether the request would rather have two factors than what a
// sign-in with these methods was: by the first of its values that this server knows.
func (s *Service) wantsMore(r *Request, amr []string) bool {
	reached, most := levels(s.cfg, amr), levels(s.cfg, []string{"mfa"})
	for _, wish := range slices.Concat(r.mustACR, r.stepACR) {
		if slices.Contains(most, wish) {
			return !slices.Contains(reached, wish)
		}
	}
	return false
}

// couldBeSurer tells whether asking the person anew can bring what the request
// would rather have (RFC 9470 §4: a client sends acr_values after such a challenge).
func (s *Service) couldBeSurer(r *Request, a *core.Auth) bool {
	return s.wantsMore(r, a.Session.AMR) && !r.prompts(promptNone) && s.factors != nil && s.factors.Asks(a.User)
}

// settleACR has a wish be what the sign-in reached, once the person was asked: they
// would be asked for ever.
func (s *Service) settleACR(r *Request, amr []string) {
	if s.wantsMore(r, amr) {
		r.stepACR = levels(s.cfg, amr)[:1]
		r.params.Set("acr_values", r.stepACR[0])
	}
}

// WantsTwoFactors tells whether the app's request that a sign-in goes on with, if
// there is one, needs or wishes a sign-in with two factors.
func (s *Service) WantsTwoFactors(ctx context.Context, in *core.SignIn) (bool, error) {
	j, err := s.waits(ctx, in)
	if errors.Is(err, ErrFlowGone) || errors.As(err, new(*Refusal)) || errors.As(err, new(*api.OAuthError)) {
		return false, nil // what is wrong with it is told where it goes on
	}
	return err == nil && j != nil && s.wantsMore(j.request, nil), err
}

// waits is the request that a sign-in goes on with, nil for none.
func (s *Service) waits(ctx context.Context, in *core.SignIn) (*journey, error) {
	r := in.Request
	id, query, held := in.Onward.Flow, in.Onward.Query, in.Onward.At
	if id == "" && query == "" {
		id, _ = r.Body["flow"].(string)
		if id == "" {
			id = r.Query("flow")
		}
		query, _ = r.Body["oauth_query"].(string)
		held = s.now(ctx)
	}
	switch {
	case id != "":
		return s.journey(ctx, id, s.Browser(r), nil)
	case query != "":
		return s.heldJourney(ctx, query, held, nil, "")
	default:
		return nil, nil
	}
}

// reachable tells whether any sign-in at this server could be sure enough.
func (s *Service) reachable(r *Request) bool {
	return s.sure(r, []string{"mfa"})
}
