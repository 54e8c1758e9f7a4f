package access

import (
	"encoding/json"
	"net/http"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// Operations are this capability's part of the operator API.
func (s *Service) Operations(guard api.Guard) []api.Endpoint {
	op := func(name, doc string, errs ...*api.Error) api.Endpoint {
		return api.Endpoint{
			Mount: api.Operator, Method: http.MethodPost, Path: "/" + name, ID: "operator." + name, Tag: "operator",
			Doc: doc, Guards: []api.Guard{guard}, Origin: api.OriginNone, CORS: api.CORSNone, Errors: errs,
		}
	}
	return []api.Endpoint{
		api.Handle(op("inviteUser", "Make an invitation to sign up; with an address, mail it there.", ErrNobody, ErrInvalidEmail, ErrInvalidRole, ErrInvalidExpiry), s.inviteUser),
		api.Handle(op("listSignUpInvitations", "List the invitations that still work."), s.listInvitations),
		api.Handle(op("revokeSignUpInvitation", "Withdraw an invitation.", ErrInvitationNotFound), s.revokeInvitation),
		api.Handle(op("listPendingUsers", "List the users who wait to be let in."), s.listPending),
		api.Handle(op("approveUser", "Let in a user who waits.", ErrUserNotFound, ErrNotPending, ErrWhichUser), s.approveUser),
		api.Handle(op("refuseUser", "Delete a user who waits.", ErrUserNotFound, ErrNotPending, ErrWhichUser), s.refuseUser),
	}
}

// JSON is an invitation on the wire.
type JSON struct {
	ID        string    `json:"id"`
	Email     *string   `json:"email"`
	Role      string    `json:"role"`
	Inviter   string    `json:"inviter,omitempty"`
	Note      string    `json:"note,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	URL       string    `json:"url,omitempty"` // only in the answer that made it
}

// JSON is the invitation on the wire, with its link where that is at hand.
func (i *Invitation) JSON(link string) JSON {
	wire := JSON{ID: i.ID, Role: i.Role, Inviter: i.Inviter, Note: i.Note, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt, URL: link}
	if i.Email != "" {
		wire.Email = &i.Email
	}
	if wire.Role == "" {
		wire.Role = "user"
	}
	return wire
}

type invitationAnswer struct {
	Invitation JSON `json:"invitation"`
}

func (s *Service) inviteUser(r *api.Request, in *struct {
	Email     string `body:"email,optional"`
	Role      string `body:"role,optional"`
	Inviter   string `body:"inviter,optional"`
	Note      string `body:"note,optional"`
	ExpiresIn int64  `body:"expiresIn,optional"` // seconds
	NoMail    bool   `body:"noMail,optional"`
},
) (invitationAnswer, error) {
	if in.ExpiresIn < 0 || in.ExpiresIn > int64(maxLife/time.Second) {
		return invitationAnswer{}, ErrInvalidExpiry
	}
	invitation, link, err := s.Invite(r.Context(), NewInvitation{
		Email: in.Email, Role: in.Role, Inviter: in.Inviter, Note: in.Note, Life: time.Duration(in.ExpiresIn) * time.Second, NoMail: in.NoMail,
	})
	if err != nil {
		return invitationAnswer{}, err
	}
	r.Security("user-invited", "invitation", invitation.ID, "role", invitation.Role, "by", "operator")
	return invitationAnswer{invitation.JSON(link)}, nil
}

type invitationsAnswer struct {
	Invitations []JSON `json:"invitations"`
}

func (s *Service) listInvitations(r *api.Request, _ *api.None) (invitationsAnswer, error) {
	list, err := s.Invitations(r.Context())
	answer := invitationsAnswer{make([]JSON, len(list))}
	for i, invitation := range list {
		answer.Invitations[i] = invitation.JSON("")
	}
	return answer, err
}

type status struct {
	Status bool `json:"status"`
}

func (s *Service) revokeInvitation(r *api.Request, in *struct {
	ID string `body:"id,notempty"`
},
) (status, error) {
	if err := s.Uninvite(r.Context(), in.ID); err != nil {
		return status{}, err
	}
	r.Security("invitation-revoked", "invitation", in.ID, "by", "operator")
	return status{true}, nil
}

const mostListed = 500

type usersAnswer struct {
	Users []json.RawMessage `json:"users"`
}

func (s *Service) listPending(r *api.Request, in *struct {
	After string `body:"after,optional"` // the id of the last one of the page before
},
) (usersAnswer, error) {
	users, err := s.Waiting(r.Context(), in.After, mostListed)
	answer := usersAnswer{make([]json.RawMessage, len(users))}
	for i, user := range users {
		answer.Users[i] = core.UserJSON(user)
	}
	return answer, err
}

type whichUser struct {
	ID    string `body:"id,optional"`
	Email string `body:"email,optional"`
}

func (in *whichUser) ref() (string, error) {
	switch {
	case in.ID != "":
		return in.ID, nil
	case in.Email != "":
		return in.Email, nil
	default:
		return "", ErrWhichUser
	}
}

type userAnswer struct {
	User json.RawMessage `json:"user"`
}

func (s *Service) approveUser(r *api.Request, in *whichUser) (userAnswer, error) {
	ref, err := in.ref()
	if err != nil {
		return userAnswer{}, err
	}
	user, err := s.Approve(r.Context(), ref)
	if err != nil {
		return userAnswer{}, err
	}
	r.Security("user-approved", "user", user.ID, "by", "operator")
	return userAnswer{core.UserJSON(user)}, nil
}

func (s *Service) refuseUser(r *api.Request, in *whichUser) (status, error) {
	ref, err := in.ref()
	if err != nil {
		return status{}, err
	}
	user, err := s.Refuse(r.Context(), ref)
	if err != nil {
		return status{}, err
	}
	r.Security("user-refused", "user", user.ID, "by", "operator")
	return status{true}, nil
}
