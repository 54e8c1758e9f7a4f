package cli

import (
	"context"
	"time"

	"authd/auth"
	"authd/auth/internal/core"
)

type userRecover struct {
	userArgument
	Expires string `help:"How long the link works, such as 30m; default: 1h." placeholder:"DURATION"`
}

// Run makes a recovery link and prints it, this once.
func (c *userRecover) Run(ctx context.Context, p *program) error {
	var life time.Duration
	if c.Expires != "" {
		var err error
		if life, err = duration("--expires", c.Expires); err != nil {
			return err
		}
	}
	return p.with(ctx, func(s *auth.Server) error {
		link, err := s.Recovery.Issue(ctx, c.User, life)
		if err != nil {
			return err
		}
		return p.print(link.JSON(), "Whoever opens this link gets into the account of %s, once, until %s:\n%s", clean(link.User.Email), date(link.ExpiresAt), link.URL)
	})
}

type userResetTwoFactor struct {
	userArgument
}

// Run takes a user's second factors away.
func (c *userResetTwoFactor) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		u, err := s.Admin.Find(ctx, c.User)
		if err != nil {
			return err
		}
		had, err := s.TwoFactor.ResetTwoFactor(ctx, u.ID, "")
		if err != nil {
			return err
		}
		if !had {
			return p.print(core.UserJSON(u), "%s (%s) had no second factor.", clean(u.Email), u.ID)
		}
		return p.printUser(u, "Took every second factor and trusted browser from")
	})
}
