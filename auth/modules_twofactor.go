package auth

import (
	"context"

	"authd/auth/internal/core"
)

// connectTwoFactor hands the second factor what goes on after it, and lets second
// factors of another server be taken over.
func connectTwoFactor(m *Services) {
	m.TwoFactor.UseFlows(socialFlows{flows{m.OIDC}})
	if !m.Core.Config.TwoFactor.Enabled {
		return
	}
	m.Importer.UseFactors(m.TwoFactor)
	m.OIDC.UseFactors(m.TwoFactor)
	// An app that waits for two factors gets them, wherever one would do otherwise.
	m.Core.SignInChecks = append(m.Core.SignInChecks, func(ctx context.Context, s *core.SignIn) (err error) {
		if m.TwoFactor.Overlooks(s) && m.TwoFactor.Asks(s.User) {
			s.StepUp, err = m.OIDC.WantsTwoFactors(ctx, s)
		}
		return err
	})
}
