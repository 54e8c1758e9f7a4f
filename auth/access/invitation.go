package access

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Invitation lets one person sign up, once.
type Invitation struct {
	ID        string
	Email     string // "": whoever has the link; else only this address
	Role      string // of the user who is made; "" is "user"
	Inviter   string // whom the page names, "" for nobody
	Note      string // what for, "" for nothing
	CreatedAt time.Time
	ExpiresAt time.Time
}

// NewInvitation is what an administrator says of an invitation.
type NewInvitation struct {
	Email, Role, Inviter, Note string
	Life                       time.Duration // 0: as configured
	NoMail                     bool          // the administrator brings the link to the address themselves
	Languages                  string        // of the mail
}

// The bounds of an invitation.
const (
	minLife, maxLife    = time.Minute, 400 * 24 * time.Hour
	maxInviter, maxNote = 100, 500
	sweepBatch          = 200
)

var rolePattern = regexp.MustCompile(`^[A-Za-z0-9_-]+(,[A-Za-z0-9_-]+)*$`)

// Invite makes an invitation and returns its link, which nobody can read again.
// With an address a mail brings it there. Errors: ErrNobody, ErrInvalidEmail,
// ErrInvalidRole, ErrInvalidExpiry, ErrTooLong.
func (s *Service) Invite(ctx context.Context, n NewInvitation) (*Invitation, string, error) {
	if n.Life == 0 {
		n.Life = s.core.Config.SignUp.InvitationExpiresIn
	}
	if err := s.checkInvitation(ctx, n); err != nil {
		return nil, "", err
	}
	now, token := s.core.Now(ctx).UTC().Truncate(time.Millisecond), core.NewToken(32)
	invitation := &Invitation{
		ID: core.NewID(), Email: core.NormalizeEmail(n.Email), Role: n.Role, Inviter: n.Inviter, Note: n.Note,
		CreatedAt: now, ExpiresAt: now.Add(n.Life),
	}
	link := s.core.Config.URL + "/signup?invitation=" + token
	var mails []string
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		mails = nil
		if err := insertInvitation(ctx, tx, invitation, core.HashToken(token)); err != nil {
			return err
		}
		if invitation.Email == "" || n.NoMail {
			return nil
		}
		id, err := s.core.Mail.Queue(ctx, tx, kindInvitation, invited{ID: invitation.ID, Link: link, Languages: n.Languages})
		mails = append(mails, id)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	s.core.Mail.Sent(ctx, mails...)
	return invitation, link, nil
}

func (s *Service) checkInvitation(ctx context.Context, n NewInvitation) error {
	mode, _, err := s.Mode(ctx)
	switch {
	case err != nil:
		return err
	case mode == Nobody:
		return ErrNobody
	case n.Email != "" && !api.ValidEmail(core.NormalizeEmail(n.Email)):
		return ErrInvalidEmail
	case n.Role != "" && !rolePattern.MatchString(n.Role):
		return ErrInvalidRole
	case n.Life < minLife || n.Life > maxLife:
		return ErrInvalidExpiry
	case utf8.RuneCountInString(n.Inviter) > maxInviter || utf8.RuneCountInString(n.Note) > maxNote || strings.ContainsFunc(n.Inviter+n.Note, unicode.IsControl):
		return ErrTooLong
	}
	return nil
}

// Invitations lists those that still work, in the order of their making.
func (s *Service) Invitations(ctx context.Context) ([]*Invitation, error) {
	return listInvitations(ctx, s.core.DB, s.core.Now(ctx))
}

// Uninvite withdraws an invitation. Errors: ErrInvitationNotFound.
func (s *Service) Uninvite(ctx context.Context, id string) error {
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		found, err := deleteInvitation(ctx, tx, id)
		if err == nil && !found {
			return ErrInvitationNotFound
		}
		return err
	})
}

// Invitation is what the secret of a link is good for, without using it up.
// Errors: ErrInvitation.
func (s *Service) Invitation(ctx context.Context, secret string) (*Invitation, error) {
	invitation, err := findInvitation(ctx, s.core.DB, core.HashToken(secret), s.core.Now(ctx))
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrInvitation
	}
	return invitation, err
}

// fitting is the invitation that a sign-up came by, nil when there is none that is
// good for its address.
func (s *Service) fitting(ctx context.Context, mode string, in *core.SignUp) (*Invitation, error) {
	if in.Invitation == "" || mode == Nobody {
		return nil, nil
	}
	invitation, err := s.Invitation(ctx, in.Invitation)
	if errors.Is(err, ErrInvitation) || err == nil && invitation.Email != "" && invitation.Email != in.Email {
		return nil, nil
	}
	return invitation, err
}

// use consumes an invitation: the first caller gets its role, every other one ErrInvitation.
func (s *Service) use(ctx context.Context, tx *store.Tx, secret, email string) (role string, err error) {
	role, err = useInvitation(ctx, tx, core.HashToken(secret), email, s.core.Now(ctx))
	if errors.Is(err, store.ErrNotFound) {
		return "", ErrInvitation
	}
	return role, err
}

// Sweep deletes invitations that have expired, a little at a time.
func (s *Service) Sweep(ctx context.Context) error {
	for more := true; more; {
		err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
			n, err := deleteExpired(ctx, tx, s.core.Now(ctx), sweepBatch)
			more = n == sweepBatch
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
