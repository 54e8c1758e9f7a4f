package cli

import (
	"context"
	"fmt"

	"authd/auth"
)

type clientDoctor struct{ clientArgument }

// Run shows what is noticed about a client, and its last failures, the newest first.
func (c *clientDoctor) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		found, err := s.OIDC.Doctor(ctx, c.Client)
		if err != nil {
			return err
		}
		if p.json {
			return p.printJSON(found)
		}
		for _, one := range found.Findings {
			if _, err := fmt.Fprintf(p.out, "%-8s %s\n", one.Level, clean(one.Text)); err != nil {
				return err
			}
		}
		if len(found.Findings) == 0 {
			_, _ = fmt.Fprintln(p.out, "Nothing is wrong with its configuration.")
		}
		if len(found.Failures) == 0 {
			_, err = fmt.Fprintln(p.out, "No request of its was refused lately.")
			return err
		}
		_, _ = fmt.Fprintln(p.out)
		rows := make([][]string, len(found.Failures))
		for i, f := range found.Failures {
			rows[i] = []string{date(f.At), f.Where, f.Code, f.Description}
		}
		return table(p.out, []string{"REFUSED AT", "WHERE", "ERROR", "WHY"}, rows)
	})
}
