package cli

import (
	"context"

	"authd/auth"
	"authd/auth/access"
)

type userInvite struct {
	Email   string `arg:"" optional:"" help:"The only address it is good for; the link is mailed there. Without one, whoever has the link may use it."`
	Expires string `help:"How long it works, such as 7d; default: sign_up.invitation_expires_in." placeholder:"DURATION"`
	Role    string `help:"Role of the new user, such as admin; several are joined by commas." placeholder:"ROLE"`
	From    string `help:"Who invites: the page and the mail say so." placeholder:"NAME"`
	Note    string `help:"What for: the page and the mail say so." placeholder:"TEXT"`
	NoMail  bool   `help:"Send no mail, only print the link."`
}

// Run makes an invitation and prints its link, this once.
func (c *userInvite) Run(ctx context.Context, p *program) error {
	n := access.NewInvitation{Email: c.Email, Role: c.Role, Inviter: c.From, Note: c.Note, NoMail: c.NoMail}
	if c.Expires != "" {
		var err error
		if n.Life, err = duration("--expires", c.Expires); err != nil {
			return err
		}
	}
	return p.with(ctx, func(s *auth.Server) error {
		invitation, link, err := s.Access.Invite(ctx, n)
		if err != nil {
			return err
		}
		if p.json {
			return p.printJSON(invitation.JSON(link))
		}
		who, mailed := "whoever has this link", ""
		if invitation.Email != "" {
			who = invitation.Email
			if !c.NoMail {
				mailed = " It is mailed there."
			}
		}
		return p.print(nil, "Invited %s, once, until %s (%s).%s\n%s", clean(who), date(invitation.ExpiresAt), invitation.ID, mailed, link)
	})
}

type userInvitations struct{}

// Run lists the invitations that still work; their links are not kept.
func (c *userInvitations) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		list, err := s.Access.Invitations(ctx)
		if err != nil {
			return err
		}
		if p.json {
			wire := make([]access.JSON, len(list))
			for i, invitation := range list {
				wire[i] = invitation.JSON("")
			}
			return p.printJSON(wire)
		}
		rows := make([][]string, len(list))
		for i, invitation := range list {
			shown := invitation.JSON("")
			rows[i] = []string{invitation.ID, invitation.Email, shown.Role, invitation.Inviter, invitation.Note, date(invitation.CreatedAt), date(invitation.ExpiresAt)}
		}
		return table(p.out, []string{"ID", "E-MAIL", "ROLE", "FROM", "NOTE", "CREATED", "EXPIRES"}, rows)
	})
}

type userUninvite struct {
	ID string `arg:"" help:"Id of the invitation."`
}

// Run withdraws an invitation.
func (c *userUninvite) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		if err := s.Access.Uninvite(ctx, c.ID); err != nil {
			return err
		}
		return p.print(map[string]string{"id": c.ID}, "Withdrew the invitation %s.", clean(c.ID))
	})
}

type userApprove struct{ userArgument }

// Run lets a user in who waits.
func (c *userApprove) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		user, err := s.Access.Approve(ctx, c.User)
		if err != nil {
			return err
		}
		return p.printUser(user, "Let in")
	})
}

type userRefuse struct{ userArgument }

// Run deletes a user who waits.
func (c *userRefuse) Run(ctx context.Context, p *program) error {
	return p.with(ctx, func(s *auth.Server) error {
		user, err := s.Access.Refuse(ctx, c.User)
		if err != nil {
			return err
		}
		return p.printUser(user, "Refused and deleted")
	})
}
