// Package siwe signs people in with an Ethereum account (EIP-4361): they sign a
// message that names the app, a nonce of this server's and the time, and whose key
// it was says who they are.
//
// The package asks no chain: it verifies signatures of keys (ERC-191), so accounts
// that are contracts (ERC-1271) do not get in, and nobody is called by an ENS name.
// It must not take an address from anywhere but a message whose signature holds, and
// must not find a user by the address that fills the place of one.
package siwe

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// provider is the contract's name of this way in: of accounts, and of the sign-in.
const provider = "siwe"

const (
	purposeNonce = "siwe-nonce"
	nonceLength  = 32
	nonceLife    = 15 * time.Minute
	placeholder  = "siwe.placeholder.invalid" // RFC 2606: leads nowhere
)

// Addresses gives users another address, once it is proven.
type Addresses interface {
	ChangeEmail(r *api.Request, caller *core.Auth, email, callbackURL string) error
}

// Service is this capability.
type Service struct {
	core      *core.Core
	cfg       config.SIWE
	addresses Addresses
}

// New connects the capability.
func New(c *core.Core, a Addresses) *Service {
	s := &Service{core: c, cfg: c.Config.SIWE, addresses: a}
	if !s.cfg.Enabled {
		return s
	}
	c.ReservePlaceholders(s.made)
	c.AccountUnlinked.On(s.unlinked)
	return s
}

// Nonce makes one. What is stored is its hash.
func (s *Service) Nonce(ctx context.Context) (value string, err error) {
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		value = core.NewToken(nonceLength)
		return s.core.KeepVerification(ctx, tx, purposeNonce, "", value, nil, nonceLife)
	})
	return value, err
}

// Verify signs in whose key signed a message of ours. The nonce is used up before
// anything else is looked at, whatever comes of it. email is what a new user gives
// where one is asked for. brief is a session that ends with the browser.
// Errors: those of this package, *core.Held, what may stand against a sign-up or sign-in.
func (s *Service) Verify(r *api.Request, text, signature, email string, brief bool) (*core.Auth, *Message, error) {
	m, err := Parse(text)
	if err != nil {
		return nil, nil, ErrMismatch
	}
	ctx := r.Context()
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := s.core.UseVerification(ctx, tx, purposeNonce, m.Nonce)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, ErrNonce
	}
	if err != nil {
		return nil, nil, err
	}
	if err := s.check(r, m); err != nil {
		return nil, nil, err
	}
	if signer(text, signature) != m.Address {
		r.Security("sign-in-failed", "method", provider)
		return nil, nil, ErrSignature
	}
	a, err := s.enter(r, m, email, brief)
	return a, m, err
}

// check tells whether a message is for this server, now.
func (s *Service) check(r *api.Request, m *Message) error {
	switch now := r.Now(); {
	case m.Domain != s.cfg.Domain, !s.about(r, m.URI):
		return ErrMismatch
	case !m.ExpirationTime.IsZero() && !now.Before(m.ExpirationTime):
		return ErrExpired
	case !m.NotBefore.IsZero() && now.Before(m.NotBefore):
		return ErrNotYetValid
	}
	return nil
}

// about tells whether what the message is about is the app that had it signed, this
// server, or another app of its: wallets show it beside the domain.
func (s *Service) about(r *api.Request, uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.User != nil {
		return false
	}
	return u.Host == s.cfg.Domain || r.Origins().TrustsURL(uri)
}

// enter signs in the user of an account, or makes one.
func (s *Service) enter(r *api.Request, m *Message, email string, brief bool) (*core.Auth, error) {
	ctx := r.Context()
	signIn := core.NewSignIn(r, nil, provider, !brief, "pop")
	id, _, err := findOwner(ctx, s.core.DB, m.Address, m.ChainID)
	if err != nil {
		return nil, err
	}
	var newcomer *core.SignUp
	if id == "" {
		if newcomer, err = s.newcomer(r, m, email); err != nil {
			return nil, err
		}
	} else if signIn.User, err = s.core.User(ctx, s.core.DB, id); err != nil {
		return nil, err
	}
	isNew := false
	a, err := s.core.SignIn(r, signIn, func(tx *store.Tx) (err error) {
		signIn.User, isNew, err = s.claim(ctx, tx, m, newcomer)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !isNew {
		return a, nil
	}
	s.core.Mail.Sent(ctx, newcomer.Mails...)
	r.Security("sign-up", "user", a.User.ID, "method", provider)
	return a, s.askFor(r, a, email)
}

// newcomer asks everybody who may refuse a new user.
func (s *Service) newcomer(r *api.Request, m *Message, email string) (*core.SignUp, error) {
	in := s.core.NewSignUp(r, provider)
	in.Name, in.Email, in.Placeholder, in.Requested = m.Address, s.address(m.Address), true, true
	if email != "" && !s.cfg.Anonymous {
		in.Email, in.Placeholder = email, false
	}
	err := s.core.CheckSignUp(r.Context(), in)
	if errors.Is(err, core.ErrSignUpRefused) {
		return nil, ErrClosed
	}
	if err == nil && in.Pending { // an account says nothing to an administrator
		return nil, ErrClosed
	}
	return in, err
}

// claim finds whose an account is, and makes it somebody's where it is nobody's.
func (s *Service) claim(ctx context.Context, tx *store.Tx, m *Message, newcomer *core.SignUp) (u *core.User, isNew bool, err error) {
	id, here, err := findOwner(ctx, tx, m.Address, m.ChainID)
	if err != nil {
		return nil, false, err
	}
	switch {
	case id != "":
		u, err = s.core.User(ctx, tx, id)
	case newcomer == nil: // the account was taken away since
		return nil, false, ErrNonce
	default:
		u, err = s.signUp(ctx, tx, m, newcomer)
	}
	if err != nil || here {
		return u, false, err
	}
	isNew = id == ""
	if err := insertWallet(ctx, tx, core.NewID(), u.ID, m.Address, m.ChainID, isNew, s.core.Now(ctx)); err != nil {
		return nil, false, err
	}
	_, err = s.core.LinkAccount(ctx, tx, u.ID, &core.Identity{ProviderID: provider, AccountID: accountID(m.Address, m.ChainID)})
	return u, isNew, err
}

// signUp makes a user. An address that is somebody's is not told of, and one that was
// not proven is nobody's while a proof is asked for: then another fills the place.
func (s *Service) signUp(ctx context.Context, tx *store.Tx, m *Message, newcomer *core.SignUp) (*core.User, error) {
	in := *newcomer // this may run twice
	for _, other := range []string{s.address(m.Address), s.address(strings.ToLower(core.NewToken(nonceLength)))} {
		_, err := s.core.UserByEmail(ctx, tx, in.Email)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err != nil && !s.mustProve(&in) {
			break
		}
		in.Email, in.Placeholder = core.NormalizeEmail(other), true
	}
	u, err := s.core.SignUp(ctx, tx, &in)
	newcomer.Mails = in.Mails
	return u, err
}

func (s *Service) mustProve(in *core.SignUp) bool {
	return !in.Placeholder && s.core.Config.EmailAndPassword.RequireEmailVerification
}

// askFor has an address proven that a new user gave: it is theirs after that.
func (s *Service) askFor(r *api.Request, a *core.Auth, email string) error {
	if email == "" || s.cfg.Anonymous || !s.core.Config.EmailAndPassword.RequireEmailVerification || !s.core.Config.User.ChangeEmail.Enabled {
		return nil
	}
	return s.addresses.ChangeEmail(r, a, email, "")
}

// address fills the place of an e-mail address.
func (s *Service) address(local string) string {
	domain := s.cfg.EmailDomainName
	if domain == "" {
		domain = placeholder
	}
	return local + "@" + domain
}

// made tells whether an address is one of address.
func (s *Service) made(email string) bool {
	local, domain, _ := strings.Cut(core.NormalizeEmail(email), "@")
	if domain == placeholder {
		return true
	}
	_, ok := Checksum(local)
	return domain == s.cfg.EmailDomainName && (ok || len(local) == nonceLength)
}

func accountID(address string, chainID int64) string {
	return address + ":" + strconv.FormatInt(chainID, 10)
}

// unlinked: an account that was disconnected, or that somebody left behind who was not
// the owner of the mailbox, signs in nobody any more.
func (s *Service) unlinked(ctx context.Context, tx *store.Tx, a *core.Account) error {
	if a.ProviderID != provider {
		return nil
	}
	address, chain, _ := strings.Cut(a.AccountID, ":")
	id, err := strconv.ParseInt(chain, 10, 64)
	if err != nil {
		return fmt.Errorf("the id of a wallet's account: %w", err)
	}
	return deleteWallet(ctx, tx, a.UserID, address, id)
}
