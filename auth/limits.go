package auth

import (
	"authd/auth/internal/api"
	"authd/auth/internal/config"
)

// customLimits are the operator's own rules by path; a disabled one lifts the limit.
func customLimits(rules map[string]config.RateLimitRule) map[string]api.Rule {
	limits := make(map[string]api.Rule, len(rules))
	for path, rule := range rules {
		if rule.Disabled {
			limits[path] = api.Unlimited
			continue
		}
		limits[path] = api.Rule{Window: rule.Window, Max: rule.Max}
	}
	return limits
}
