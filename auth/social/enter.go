package social

import (
	"context"
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/upstream"
)

// proven is somebody whom a provider has just answered for.
type proven struct {
	provider  *upstream.Provider
	identity  *core.Identity
	requested bool   // an account was asked for in so many words
	back      string // where the link of a mail leads that proves the address
	method    string // for logs and events; "" is the provider's id
	closed    bool   // who has no account gets none
	anonymous string // the anonymous user who becomes this one
	noMail    bool   // the address leads nowhere: the provider has none
	onward    core.Onward
}

func identityOf(p *upstream.Provider, profile *upstream.Profile, t *upstream.Tokens) *core.Identity {
	id := &core.Identity{
		ProviderID: p.ID, AccountID: profile.ID, Email: profile.Email, EmailVerified: profile.EmailVerified, Name: profile.Name,
		Tokens: core.Tokens{
			AccessToken: t.AccessToken, RefreshToken: t.RefreshToken, IDToken: t.IDToken,
			AccessExpires: t.AccessExpires, RefreshExpires: t.RefreshExpires, Scopes: t.Scopes,
		},
	}
	if profile.Image != "" {
		id.Image = &profile.Image
	}
	return id
}

// enter signs somebody in. The checks of a sign-up and a sign-in run before the
// transaction, everything else in it, so that a refusal leaves nothing behind;
// only somebody new who has to wait (for a mail, for an administrator) is kept.
func (s *Service) enter(r *api.Request, who proven) (a *core.Auth, isNew bool, err error) {
	ctx := r.Context()
	owner, err := s.owner(ctx, who.identity)
	if err != nil {
		return nil, false, err
	}
	var told []string
	rules := core.LinkRules{OverrideUserInfo: who.provider.OverrideUserInfo, Languages: r.Languages(), Mails: &told}
	var newcomer *core.SignUp
	if owner == nil {
		if newcomer, err = s.newcomer(r, who); err != nil {
			return nil, false, err
		}
		rules.SignUp = func(ctx context.Context, tx *store.Tx) (*core.User, error) { return s.core.SignUp(ctx, tx, newcomer) }
	}
	signIn := who.signIn(r, owner)
	if err := s.core.CheckSignIn(ctx, signIn); err != nil {
		return nil, false, err
	}
	var waits error
	var mails []string
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		mails = nil
		if signIn.User, isNew, err = s.accounts.Link(ctx, tx, who.identity, rules); err != nil {
			return err
		}
		if waits = s.barred(ctx, who.provider, signIn.User); waits == nil {
			a, err = s.core.BeginIn(ctx, tx, signIn)
			return err
		}
		if !isNew && !errors.Is(waits, core.ErrNotVerified) { // nothing that they could wait for: nothing is linked
			return waits
		}
		if isNew {
			mails = newcomer.Mails
		}
		return s.sendProof(r, tx, who, signIn.User, isNew, &mails)
	})
	if err != nil {
		return nil, false, err
	}
	if isNew && waits == nil {
		mails = newcomer.Mails
	}
	s.core.Mail.Sent(ctx, append(mails, told...)...)
	if isNew {
		r.Security("sign-up", "user", signIn.User.ID, "method", signIn.Method)
	}
	if waits != nil {
		return nil, false, waits
	}
	if signIn.Held != nil {
		return nil, isNew, signIn.Held
	}
	s.core.Adopt(r, a)
	r.Security("sign-in", "user", a.User.ID, "method", a.Method)
	return a, isNew, nil
}

func (who proven) signIn(r *api.Request, owner *core.User) *core.SignIn {
	method := who.method
	if method == "" {
		method = who.provider.ID
	}
	s := core.NewSignIn(r, owner, method, true)
	s.Onward, s.Anonymous, s.Federated = who.onward, who.anonymous, true
	return s
}

// newcomer asks everybody who may refuse a new user.
func (s *Service) newcomer(r *api.Request, who proven) (*core.SignUp, error) {
	p, id := who.provider, who.identity
	if who.closed || p.DisableSignUp || p.DisableImplicitSignUp && !who.requested {
		return nil, core.ErrSignUpRefused
	}
	in := s.core.NewSignUp(r, p.ID)
	in.Name, in.Email, in.EmailVerified, in.Image = id.Name, id.Email, id.EmailVerified, id.Image
	in.Requested = who.requested
	return in, s.core.CheckSignUp(r.Context(), in)
}

// barred tells why somebody who is proven gets no session yet.
func (s *Service) barred(ctx context.Context, p *upstream.Provider, u *core.User) error {
	if p.RequireEmailVerification && !u.EmailVerified {
		return core.ErrNotVerified
	}
	return s.core.Barred(ctx, u)
}

// sendProof queues the mail that proves an address, where that is what somebody waits for.
func (s *Service) sendProof(r *api.Request, tx *store.Tx, who proven, u *core.User, isNew bool, mails *[]string) error {
	cfg := s.core.Config.EmailVerification
	if u.EmailVerified || who.noMail || !isNew && !cfg.SendOnSignIn {
		return nil
	}
	job, err := s.verify.QueueVerification(r.Context(), tx, u.Email, who.back, r.Languages())
	*mails = append(*mails, job)
	return err
}

// owner is the user whom the rules may find: whose identity it is, or whose
// address. It only tells which checks are to be run before the transaction.
func (s *Service) owner(ctx context.Context, id *core.Identity) (*core.User, error) {
	account, err := s.core.AccountOf(ctx, s.core.DB, id.ProviderID, id.AccountID)
	if err == nil {
		return s.core.User(ctx, s.core.DB, account.UserID)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	user, err := s.core.UserByEmail(ctx, s.core.DB, id.Email)
	return user, notFoundIs(err, nil)
}
