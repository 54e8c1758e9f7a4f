package auth

// connectTwoFactor hands the second factor what goes on after it, and lets second
// factors of another server be taken over.
func connectTwoFactor(m *Services) {
	m.TwoFactor.UseFlows(socialFlows{flows{m.OIDC}})
	if m.Core.Config.TwoFactor.Enabled {
		m.Importer.UseFactors(m.TwoFactor)
	}
}
