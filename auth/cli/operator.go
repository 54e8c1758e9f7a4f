package cli

import (
	"context"
	"errors"
	"fmt"

	"authd/auth"
	"authd/auth/internal/store"
	"authd/auth/operator"
)

type operatorCommands struct {
	Token operatorTokens `cmd:"" help:"Look after the tokens of the operator API."`
}

type operatorTokens struct {
	Create operatorTokenCreate `cmd:"" help:"Make a token and print it, this once."`
	List   operatorTokenList   `cmd:"" help:"List the tokens."`
	Revoke operatorTokenRevoke `cmd:"" help:"End a token."`
}

type operatorTokenCreate struct {
	Name string `arg:"" help:"What it is for."`
}

// Run prints the token alone, so that it can be piped to where it belongs.
func (c *operatorTokenCreate) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		token, secret, err := s.Operators.Create(ctx, c.Name)
		if err != nil {
			return err
		}
		if p.json {
			return p.printJSON(struct {
				*operator.Token
				Secret string `json:"token"`
			}{token, secret})
		}
		_, _ = fmt.Fprintf(p.errOut, "Made the operator token %s. It is shown this once:\n", token.ID)
		_, err = fmt.Fprintln(p.out, secret)
		return err
	})
}

type operatorTokenList struct{}

// Run lists the tokens, never the secrets.
func (operatorTokenList) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		tokens, err := s.Operators.List(ctx)
		if err != nil {
			return err
		}
		if p.json {
			return p.printJSON(append([]*operator.Token{}, tokens...))
		}
		rows := make([][]string, len(tokens))
		for i, token := range tokens {
			rows[i] = []string{token.ID, token.Name, date(token.CreatedAt)}
		}
		return table(p.out, []string{"ID", "NAME", "CREATED"}, rows)
	})
}

type operatorTokenRevoke struct {
	ID string `arg:"" help:"Id of the token."`
}

// Run ends a token at once.
func (c *operatorTokenRevoke) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		err := s.Operators.Revoke(ctx, c.ID)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("no operator token has the id %s", clean(c.ID))
		}
		if err != nil {
			return err
		}
		return p.print(map[string]any{"id": c.ID, "revoked": true}, "Revoked %s.", clean(c.ID))
	})
}
