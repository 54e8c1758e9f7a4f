package auth

import (
	"context"
	"errors"

	"authd/auth/access"
	"authd/views"
)

// admission shows the pages who may sign up.
type admission struct{ *access.Service }

func (a admission) Mode(ctx context.Context) (string, error) {
	mode, _, err := a.Service.Mode(ctx)
	return mode, err
}

func (a admission) Invitation(ctx context.Context, secret string) (*views.Invitation, error) {
	i, err := a.Service.Invitation(ctx, secret)
	if errors.Is(err, access.ErrInvitation) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &views.Invitation{Secret: secret, Email: i.Email, Inviter: i.Inviter, Note: i.Note}, nil
}
