package passkey

import (
	"context"
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Passkeys lists a user's passkeys, oldest first.
func (s *Service) Passkeys(ctx context.Context, userID string) ([]*Passkey, error) {
	return listPasskeys(ctx, s.core.DB, userID)
}

// own reads a passkey of the caller's. Errors: ErrNotFound, ErrForeign.
func (s *Service) own(ctx context.Context, q store.Querier, u *core.User, id string, foreign error) (*Passkey, error) {
	p, err := findPasskey(ctx, q, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, ErrNotFound
	case err != nil:
		return nil, err
	case p.UserID != u.ID:
		return nil, foreign
	}
	return p, nil
}

// Rename gives a passkey another name. Errors: ErrNotFound, ErrNotYours.
func (s *Service) Rename(r *api.Request, u *core.User, id, name string) (*Passkey, error) {
	ctx := r.Context()
	p, err := s.own(ctx, s.core.DB, u, id, ErrNotYours)
	if err != nil {
		return nil, err
	}
	renamed := *p
	renamed.Name = tidy(name)
	event := s.event(r, u, &renamed)
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		event.Mails = nil // of a run that was taken back
		done, err := renamePasskey(ctx, tx, id, u.ID, renamed.Name)
		if err != nil {
			return err
		}
		if !done {
			return ErrNotFound
		}
		return s.core.PasskeyRenamed.Emit(ctx, tx, event)
	})
	if err != nil {
		return nil, err
	}
	s.core.Mail.Sent(ctx, event.Mails...)
	return &renamed, nil
}

// Remove takes a passkey away, unless it is all that a person can sign in with.
// Errors: ErrNotFound, ErrForeign, ErrLast.
func (s *Service) Remove(r *api.Request, u *core.User, id string) error {
	ctx := r.Context()
	p, err := s.own(ctx, s.core.DB, u, id, ErrForeign)
	if err != nil {
		return err
	}
	event := s.event(r, u, p)
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		event.Mails = nil // of a run that was taken back
		// Read again: another way in may have gone since the session was read.
		now, err := s.core.User(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		last, err := s.isLast(ctx, tx, now, p)
		if err != nil {
			return err
		}
		if last {
			return ErrLast
		}
		gone, err := deletePasskey(ctx, tx, id, u.ID)
		if err != nil {
			return err
		}
		if !gone {
			return ErrNotFound
		}
		return s.core.PasskeyRemoved.Emit(ctx, tx, event)
	})
	if err != nil {
		return err
	}
	r.Security("passkey-removed", "user", u.ID, "passkey", id)
	s.core.Mail.Sent(ctx, event.Mails...)
	return nil
}

// Signals are what a page tells authenticators with the Signal API (WebAuthn L3
// §5.1.10): which passkeys count still, and what the account is called now.
type Signals struct {
	RPID     string     `json:"rpId"`
	Accepted []accepted `json:"accepted"`
	Details  []details  `json:"details"`
}

// accepted is the argument of signalAllAcceptedCredentials, but for rpId.
type accepted struct {
	UserID        string   `json:"userId"`
	CredentialIDs []string `json:"allAcceptedCredentialIds"`
}

// details is the argument of signalCurrentUserDetails, but for rpId.
type details struct {
	UserID      string `json:"userId"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

// Signals are those about a user. A person may have several user handles, for
// imported passkeys have each their own. also is the handle of a passkey that was
// just removed, "" for none: nothing of it may be left that counts.
func (s *Service) Signals(ctx context.Context, u *core.User, also string) (*Signals, error) {
	keys, err := listPasskeys(ctx, s.core.DB, u.ID)
	if err != nil {
		return nil, err
	}
	out, at := &Signals{RPID: s.cfg.RPID, Accepted: []accepted{}, Details: []details{}}, map[string]int{}
	handle := func(h string) int {
		i, known := at[h]
		if !known {
			i = len(out.Accepted)
			at[h] = i
			out.Accepted = append(out.Accepted, accepted{UserID: h, CredentialIDs: []string{}})
			out.Details = append(out.Details, details{h, u.Email, u.Email})
		}
		return i
	}
	for _, p := range keys {
		if p.UserHandle != "" {
			i := handle(p.UserHandle)
			out.Accepted[i].CredentialIDs = append(out.Accepted[i].CredentialIDs, p.CredentialID)
		}
	}
	if also != "" {
		handle(also)
	}
	return out, nil
}
