package oidc

import (
	"slices"

	"authd/auth/internal/config"
)

// How sure a sign-in was, in the words that the operator chose for it (OpenID
// Connect Core §2, acr). Only what really happened counts: the amr of the session.

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

// reachable tells whether any sign-in at this server could be sure enough.
func (s *Service) reachable(r *Request) bool {
	return s.sure(r, []string{"mfa"})
}
