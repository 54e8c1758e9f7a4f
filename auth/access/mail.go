package access

import (
	"context"
	"encoding/json"
	"errors"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// The mails of this capability, and the job that finds out who the administrators are.
const (
	kindInvitation = "sign-up-invitation"
	kindRequest    = "approval-request"
	kindGranted    = "approval-granted"
	jobTell        = "tell-administrators"
)

// invited is the payload of an invitation's mail; it is sealed at rest.
type invited struct {
	ID        string `json:"id"`
	Link      string `json:"link"`
	Languages string `json:"languages,omitempty"`
}

// applicant is somebody who waits; Admin is the id of who is told.
type applicant struct {
	Email string `json:"email"`
	Admin string `json:"admin,omitempty"`
}

// Told is what the mails show besides their link.
type Told struct {
	Inviter string          `json:"inviter,omitempty"`
	Note    string          `json:"note,omitempty"`
	Email   string          `json:"email,omitempty"` // of who waits
	URL     string          `json:"url,omitempty"`
	User    json.RawMessage `json:"user,omitempty"`
}

func (s *Service) registerMail() {
	s.core.Jobs.Handle(jobTell, s.tell)
	s.core.Mail.Handle(kindInvitation, s.invitationMail)
	s.core.Mail.Handle(kindRequest, s.requestMail)
	s.core.Mail.Handle(kindGranted, s.grantedMail)
}

// invitationMail sends nothing for an invitation that was withdrawn or used since.
func (s *Service) invitationMail(ctx context.Context, payload []byte) (*core.Letter, error) {
	to, err := core.MailJob[invited](payload)
	if err != nil {
		return nil, err
	}
	now := s.core.Now(ctx)
	invitation, err := findInvitationByID(ctx, s.core.DB, to.ID, now)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &core.Letter{
		Kind: kindInvitation, To: invitation.Email, Link: to.Link, Locale: to.Languages, Valid: invitation.ExpiresAt.Sub(now),
		Payload: Told{Inviter: invitation.Inviter, Note: invitation.Note, URL: to.Link},
	}, nil
}

// tell queues a mail for every administrator, outside the transaction of the
// sign-up: looking for them reads all users.
func (s *Service) tell(ctx context.Context, payload []byte) error {
	who, err := core.MailJob[applicant](payload)
	if err != nil {
		return err
	}
	admins, err := s.core.Administrators(ctx, s.core.DB)
	if err != nil {
		return err
	}
	var mails []string
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		mails = nil
		for _, admin := range admins {
			id, err := s.core.Mail.Queue(ctx, tx, kindRequest, applicant{Email: who.Email, Admin: admin.ID})
			if err != nil {
				return err
			}
			mails = append(mails, id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.core.Mail.Sent(ctx, mails...)
	return nil
}

func (s *Service) requestMail(ctx context.Context, payload []byte) (*core.Letter, error) {
	job, err := core.MailJob[applicant](payload)
	if err != nil {
		return nil, err
	}
	who, err := s.core.UserByEmail(ctx, s.core.DB, job.Email)
	if errors.Is(err, store.ErrNotFound) || err == nil && !who.Pending {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	admin, err := s.core.User(ctx, s.core.DB, job.Admin)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &core.Letter{
		Kind: kindRequest, To: admin.Email, Name: admin.Name, Link: s.core.Config.URL + "/",
		Payload: Told{Email: who.Email, User: core.UserJSON(who)},
	}, nil
}

func (s *Service) grantedMail(ctx context.Context, payload []byte) (*core.Letter, error) {
	job, err := core.MailJob[applicant](payload)
	if err != nil {
		return nil, err
	}
	user, err := s.core.UserByEmail(ctx, s.core.DB, job.Email)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	link := s.core.Config.URL + "/login"
	return &core.Letter{Kind: kindGranted, To: user.Email, Name: user.Name, Link: link, Payload: Told{URL: link, User: core.UserJSON(user)}}, nil
}
