package social

import (
	"context"
	"errors"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/upstream"
)

// Start is what a sign-in, or a link, at a provider is begun with.
type Start struct {
	Provider    string
	CallbackURL string // where it leads; "" is this server
	ErrorURL    string // where it leads when it fails; "" is the error page
	NewUserURL  string // where it leads those who are new; "" is CallbackURL
	SignUp      bool
	Scopes      []string // on top of those of the configuration
	LoginHint   string
	Params      map[string]string // further parameters for the provider
	Flow        string            // the flow of authd's own pages that it is for
	Query       string            // the signed query that it is for, which holds
	Link        *core.Auth        // who wants it linked; nil signs in
}

// Begin starts a sign-in or a link and returns where the browser goes for it.
// Errors: ErrProviderNotFound.
func (s *Service) Begin(r *api.Request, in Start) (string, error) {
	ctx := r.Context()
	p, err := s.provider(in.Provider)
	if err != nil {
		return "", err
	}
	began := Began{
		Provider: p.ID, CallbackURL: in.CallbackURL, ErrorURL: in.ErrorURL, NewUserURL: in.NewUserURL,
		SignUp: in.SignUp, Scopes: in.Scopes, Flow: in.Flow, Query: in.Query,
	}
	if in.Link == nil && s.anonymous != nil {
		began.Anonymous = s.anonymous(r)
	}
	if in.Link != nil {
		began.LinkUser, began.LinkSession = in.Link.User.ID, in.Link.Session.ID
	}
	state, mine, err := s.begin(r, began)
	if err != nil {
		return "", err
	}
	where, err := p.AuthorizationURL(ctx, upstream.Request{
		State: state, Verifier: mine.Verifier, Nonce: mine.Nonce, RedirectURI: s.callback(r, p.ID),
		Scopes: in.Scopes, LoginHint: in.LoginHint, Extra: in.Params,
	})
	if err != nil {
		r.Log().Error("the provider's authorization address is not known", "provider", p.ID, "error", err)
		return "", ErrProviderUnavailable
	}
	return where, nil
}

// IDToken is an ID token that an app got from a provider by itself.
type IDToken struct {
	Token, Nonce, AccessToken, RefreshToken string
	FirstName, LastName                     string // Apple tells them once, beside the token
}

// identify turns an ID token into an identity.
// Errors: ErrIDTokenNotSupported, ErrInvalidToken, ErrEmailNotFound.
func (s *Service) identify(ctx context.Context, p *upstream.Provider, in IDToken) (*core.Identity, error) {
	profile, err := p.VerifyIDToken(ctx, in.Token, in.Nonce, in.AccessToken)
	switch {
	case errors.Is(err, upstream.ErrIDTokenUnsupported):
		return nil, ErrIDTokenNotSupported
	case err != nil:
		return nil, ErrInvalidToken
	case profile.ID == "":
		return nil, ErrNoUserInfo
	case profile.Email == "":
		return nil, ErrEmailNotFound
	}
	if profile.Name == "" {
		profile.Name = fullName(in.FirstName, in.LastName)
	}
	return identityOf(p, profile, &upstream.Tokens{IDToken: in.Token, AccessToken: in.AccessToken, RefreshToken: in.RefreshToken}), nil
}

func fullName(first, last string) string {
	if first == "" || last == "" {
		return first + last
	}
	return first + " " + last
}

// SignInWithIDToken signs in without a redirect.
func (s *Service) SignInWithIDToken(r *api.Request, provider string, in IDToken, requested bool, callbackURL string) (*core.Auth, error) {
	p, err := s.provider(provider)
	if err != nil {
		return nil, err
	}
	id, err := s.identify(r.Context(), p, in)
	if err != nil {
		return nil, err
	}
	a, _, err := s.enter(r, proven{provider: p, identity: id, requested: requested, back: callbackURL})
	return a, declared(err)
}
