// Package account is the ways in that a person has beside the session in hand: the
// identities at providers linked to them, and the tokens those gave.
//
// Link is where it is decided whose an identity is, for every way of signing in
// that asks another server; no other package may link. The package must not talk
// to a provider inside a transaction, and gives tokens only to their own user.
package account

import (
	"authd/auth/internal/config"
	"authd/auth/internal/core"
)

// Service is this capability.
type Service struct {
	core  *core.Core
	rules config.AccountLinking
}

// New connects the capability.
func New(c *core.Core) *Service {
	return &Service{core: c, rules: c.Config.Account.AccountLinking}
}
