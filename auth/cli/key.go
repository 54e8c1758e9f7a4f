package cli

import (
	"context"
	"time"

	"authd/auth"
	"authd/auth/oidc"
)

type keyCommands struct {
	List   keyList   `cmd:"" help:"List the keys that sign tokens."`
	Rotate keyRotate `cmd:"" help:"Let new keys sign; the old ones stay published until their last token has ended."`
}

type keyList struct{}

// Run lists the keys, never their private halves.
func (keyList) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error { return printKeys(ctx, p, s) })
}

type keyRotate struct {
	Alg   string         `help:"Only the key for this signature; default: all." placeholder:"ALG"`
	Delay *time.Duration `help:"How long the new key is published before it signs, so that nobody meets it unprepared; default: 1m." placeholder:"TIME" xor:"when"`
	// Stolen is for the worst day: better that people sign in again than that somebody else signs.
	Stolen bool `help:"The new keys sign at once and the old ones are taken out of the key set: what they signed counts no more." xor:"when"`
}

// Run makes the next keys. A server that runs notices by itself.
func (c *keyRotate) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		delay := time.Minute
		if c.Delay != nil {
			delay = max(*c.Delay, 0)
		}
		rotate := func() error { return s.OIDC.RotateKey(ctx, c.Alg, delay) }
		if c.Stolen {
			rotate = func() error { return s.OIDC.ReplaceStolenKey(ctx, c.Alg) }
		}
		if err := rotate(); err != nil {
			return err
		}
		return printKeys(ctx, p, s)
	})
}

func printKeys(ctx context.Context, p *program, s *auth.Server) error {
	keys, err := s.OIDC.Keys(ctx)
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(append([]oidc.KeyInfo{}, keys...))
	}
	rows := make([][]string, len(keys))
	for i, key := range keys {
		until := "-"
		if key.Until != nil {
			until = date(*key.Until)
		}
		rows[i] = []string{key.ID, key.Alg, key.State, date(key.SignsFrom), until}
	}
	return table(p.out, []string{"KID", "ALG", "STATE", "SIGNS FROM", "PUBLISHED UNTIL"}, rows)
}
