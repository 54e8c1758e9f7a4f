package anonymous

import (
	"context"
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// signingIn remembers whom the browser was, before the session is made: a second
// factor may come in between.
func (s *Service) signingIn(ctx context.Context, tx *store.Tx, in *core.SignIn) error {
	if in.Renews || in.Anonymous != "" {
		return nil
	}
	former, err := s.core.Former(ctx, tx, in)
	if err != nil || former == nil || !s.Is(former.User) {
		return err
	}
	in.Anonymous = former.User.ID
	return nil
}

// signedIn has an anonymous user become the one who signed in.
func (s *Service) signedIn(ctx context.Context, tx *store.Tx, e core.SessionCreated) error {
	if e.SignIn.Anonymous == "" || e.SignIn.Anonymous == e.User.ID || s.Is(e.User) {
		return nil
	}
	from, err := s.core.User(ctx, tx, e.SignIn.Anonymous)
	if errors.Is(err, store.ErrNotFound) || err == nil && !s.Is(from) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.handOver(ctx, tx, from, e.User); err != nil {
		return err
	}
	kept := s.cfg.DisableDeleteAnonymousUser
	if err := s.core.UserLinked.Emit(ctx, tx, &core.UserLinked{Anonymous: from, User: e.User, Method: e.Method, Kept: kept}); err != nil || kept {
		return err
	}
	return s.core.DeleteLinked(ctx, tx, from.ID, e.User.ID)
}

// handOver gives a user what an anonymous one said of themselves. What the user says
// goes first; a default says something only of a user who was there before.
func (s *Service) handOver(ctx context.Context, tx *store.Tx, from, to *core.User) error {
	older := to.CreatedAt.Before(from.CreatedAt)
	values := core.Values{}
	for _, f := range s.core.UserFields.Configured() {
		given, has := from.Extra.Value(f.Name), to.Extra.Value(f.Name)
		byDefault := "null"
		if f.Default != nil {
			set, err := s.core.UserFields.Set(f.Name, f.Default)
			if err != nil {
				return err
			}
			byDefault = set[f.Name]
		}
		free := has == "null" || has == byDefault && !older
		if f.Input && !f.Unique && given != "null" && given != byDefault && free {
			values[f.Name] = given
		}
	}
	image := to.Image == nil && from.Image != nil
	if image {
		to.Image = from.Image
	}
	if len(values) == 0 && !image {
		return nil
	}
	to.Extra = to.Extra.With(values)
	return s.core.SaveUser(ctx, tx, to)
}

// Become makes an anonymous user somebody who stays the same user: an identity at a
// provider is their way in now. Errors: core.ErrLinkTaken when its address is somebody else's.
func (s *Service) Become(ctx context.Context, tx *store.Tx, u *core.User, id *core.Identity) error {
	before := *u
	if email := core.NormalizeEmail(id.Email); api.ValidEmail(email) && !s.core.IsPlaceholder(email) {
		u.Email, u.EmailVerified = email, id.EmailVerified
	}
	if id.Name != "" {
		u.Name = id.Name
	}
	if u.Image == nil && id.Image != nil && *id.Image != "" {
		u.Image = id.Image
	}
	err := s.become(ctx, tx, &before, u, id.ProviderID)
	if errors.Is(err, core.ErrEmailTaken) {
		return core.ErrLinkTaken
	}
	return err
}

// emailChanged: who proved a mailbox can come back by it.
func (s *Service) emailChanged(ctx context.Context, tx *store.Tx, e *core.EmailChanged) error {
	if !s.Is(e.User) || !e.User.EmailVerified {
		return nil
	}
	before := *e.User
	before.Email, before.EmailVerified = e.Before, false
	return s.become(ctx, tx, &before, e.User, "email")
}

// The contract's names of what makes a password, or a code, a way in.
const (
	fieldUsername = "username"
	fieldVerified = "phoneNumberVerified"
)

// updated: who proved a phone number, or has a name and a password, can come back.
func (s *Service) updated(ctx context.Context, tx *store.Tx, e core.UserUpdated) error {
	if !s.Is(e.After) || !s.Is(e.Before) {
		return nil
	}
	if e.After.Extra.Value(fieldVerified) == "true" {
		return s.become(ctx, tx, e.Before, e.After, "phone-number")
	}
	if e.After.Extra.Text(fieldUsername) == "" {
		return nil
	}
	hash, err := s.core.PasswordHash(ctx, tx, e.After.ID)
	if err != nil || hash == "" {
		return err
	}
	return s.become(ctx, tx, e.Before, e.After, "username")
}

// passwordSet: a password alone opens nothing, for the address is nobody's to know.
func (s *Service) passwordSet(ctx context.Context, tx *store.Tx, e core.PasswordSet) error {
	u, err := s.core.User(ctx, tx, e.UserID)
	if err != nil || !s.Is(u) || u.Extra.Text(fieldUsername) == "" {
		return err
	}
	before := *u
	return s.become(ctx, tx, &before, u, "username")
}

func (s *Service) passkeyAdded(ctx context.Context, tx *store.Tx, e *core.PasskeyEvent) error {
	u, err := s.core.User(ctx, tx, e.User.ID)
	if err != nil || !s.Is(u) {
		return err
	}
	before := *u
	return s.become(ctx, tx, &before, u, "passkey")
}

func (s *Service) become(ctx context.Context, tx *store.Tx, before, u *core.User, by string) error {
	values, err := s.core.UserFields.Set(field, false)
	if err != nil {
		return err
	}
	u.Extra = u.Extra.With(values)
	if err := s.core.SaveUser(ctx, tx, u); err != nil {
		return err
	}
	if err := forgetAnonymous(ctx, tx, u.ID); err != nil {
		return err
	}
	return s.core.UserLinked.Emit(ctx, tx, &core.UserLinked{Anonymous: before, User: u, Method: by, Kept: true})
}
