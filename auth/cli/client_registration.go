package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"authd/auth"
	"authd/auth/internal/store"
	"authd/auth/oidc"
)

type registrationTokens struct {
	Create registrationTokenCreate `cmd:"" help:"Make a token and print it, this once. Clients that are registered with it count as looked at."`
	List   registrationTokenList   `cmd:"" help:"List the tokens."`
	Revoke registrationTokenRevoke `cmd:"" help:"End a token. What it registered stays."`
}

type registrationTokenCreate struct {
	Name      string `arg:"" help:"What it is for."`
	Uses      int64  `help:"How many clients it may register; 0 for any number." default:"1" placeholder:"N"`
	ExpiresIn string `help:"How long it works, such as 7d; never ends without." placeholder:"DURATION"`
}

// Run prints the token alone, so that it can be piped to where it belongs.
func (c *registrationTokenCreate) Run(ctx context.Context, p *program) error {
	life, err := duration("--expires-in", c.ExpiresIn)
	if err != nil {
		return err
	}
	if c.Uses < 0 {
		return &usageError{"--uses must not be negative"}
	}
	return p.with(ctx, func(s *auth.Server) error {
		token, secret, err := s.OIDC.CreateRegistrationToken(ctx, c.Name, c.Uses, life)
		if err != nil {
			return err
		}
		if p.json {
			return p.printJSON(struct {
				*oidc.RegistrationToken
				Secret string `json:"token"`
			}{token, secret})
		}
		_, _ = fmt.Fprintf(p.errOut, "Made the registration token %s. It is shown this once:\n", token.ID)
		_, err = fmt.Fprintln(p.out, secret)
		return err
	})
}

type registrationTokenList struct{}

// Run lists the tokens, never the secrets.
func (registrationTokenList) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		tokens, err := s.OIDC.RegistrationTokens(ctx)
		if err != nil {
			return err
		}
		if p.json {
			return p.printJSON(append([]oidc.RegistrationToken{}, tokens...))
		}
		rows := make([][]string, len(tokens))
		for i, token := range tokens {
			left, ends := "any number", "never"
			if token.UsesLeft != nil {
				left = strconv.FormatInt(*token.UsesLeft, 10)
			}
			if token.ExpiresAt != nil {
				ends = date(*token.ExpiresAt)
			}
			rows[i] = []string{token.ID, token.Name, left, ends, date(token.CreatedAt)}
		}
		return table(p.out, []string{"ID", "NAME", "USES LEFT", "ENDS", "CREATED"}, rows)
	})
}

type registrationTokenRevoke struct {
	ID string `arg:"" help:"Id of the token."`
}

// Run ends a token at once.
func (c *registrationTokenRevoke) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		err := s.OIDC.RevokeRegistrationToken(ctx, c.ID)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("no registration token has the id %s", clean(c.ID))
		}
		if err != nil {
			return err
		}
		return p.print(map[string]any{"id": c.ID, "revoked": true}, "Revoked %s.", clean(c.ID))
	})
}
