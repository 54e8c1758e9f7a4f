package upstream

import (
	"context"
	"fmt"
	"net/url"
	"strings"
)

// Profile is a person as the provider knows them.
type Profile struct {
	ID            string // never changes there
	Name          string
	Email         string // "" when the provider does not tell
	EmailVerified bool
	Image         string
	// Placeholder says that Email leads nowhere, for the provider has no addresses.
	Placeholder bool
	Raw         map[string]any
}

// Profile reads who the tokens are of. form is what came with the code, for
// Apple's name; it may be nil. Errors: ErrIDToken, ErrNoProfile, ErrUnreachable.
func (p *Provider) Profile(ctx context.Context, t *Tokens, form url.Values) (*Profile, error) {
	raw, err := p.identify(ctx, t)
	if err != nil {
		return nil, err
	}
	profile, err := p.describe(ctx, t, raw)
	if err != nil {
		return nil, err
	}
	if p.def.FromForm != nil && form != nil {
		p.def.FromForm(form, profile)
	}
	return profile, nil
}

// identify gets the raw profile from where the definition says.
func (p *Provider) identify(ctx context.Context, t *Tokens) (map[string]any, error) {
	at, err := p.endpoints(ctx)
	if err != nil {
		return nil, err
	}
	var claims map[string]any
	if t.IDToken != "" && p.readsIDTokens(at) {
		if claims, err = p.verify(ctx, t.IDToken, check{nonce: t.Nonce, kept: t.Kept, direct: true}); err != nil {
			return nil, err
		}
	}
	switch {
	case claims == nil && (p.def.Identity == fromIDToken || p.needsIDToken):
		return nil, fmt.Errorf("%w: %s sent no ID token", ErrNoProfile, p.ID)
	case p.def.Identity == fromIDToken, claims != nil && text(claims["email"]) != "":
		return claims, nil
	}
	raw, err := p.fetch(ctx, t, at)
	if err != nil {
		return nil, err
	}
	if raw == nil {
		raw = claims
	}
	// The two must be of one person (OpenID Connect Core §5.3.2).
	if sub := text(raw["sub"]); claims != nil && sub != "" && sub != text(claims["sub"]) {
		return nil, fmt.Errorf("%w: %s tells of another person at userinfo than in the ID token", ErrNoProfile, p.ID)
	}
	return raw, nil
}

func (p *Provider) readsIDTokens(at *endpoints) bool {
	return p.def.Identity != fromUserInfo && (p.def.Direct || p.def.SecretSigned || at.jwks != "" && (len(at.issuers) > 0 || p.def.CheckClaims != nil))
}

// fetch reads the profile at the API; nil when there is none to ask.
func (p *Provider) fetch(ctx context.Context, t *Tokens, at *endpoints) (map[string]any, error) {
	if t.AccessToken == "" {
		return nil, fmt.Errorf("%w: no access token of %s", ErrNoProfile, p.ID)
	}
	if p.def.Fetch != nil {
		return p.def.Fetch(ctx, p, t)
	}
	if at.userInfo == "" {
		return nil, nil
	}
	return p.call(ctx, apiRequest{URL: at.userInfo, Token: t.AccessToken, Header: p.def.APIHeader})
}

// describe finds in the raw profile what a Profile is made of.
func (p *Provider) describe(ctx context.Context, t *Tokens, raw map[string]any) (*Profile, error) {
	if root := p.def.Fields.Root; root != "" {
		part, ok := at(raw, root).(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%w: %s answers without a profile", ErrNoProfile, p.ID)
		}
		raw = part
	}
	f := p.def.Fields
	profile := &Profile{
		ID: strings.TrimSpace(text(at(raw, f.ID))), Name: text(at(raw, f.Name)), Email: text(at(raw, f.Email)),
		EmailVerified: truth(at(raw, f.Verified)), Image: text(at(raw, f.Image)), Raw: raw,
	}
	if profile.ID == "" {
		return nil, fmt.Errorf("%w: %s does not say who it is (no %s)", ErrNoProfile, p.ID, f.ID)
	}
	if p.def.Complete != nil {
		if err := p.def.Complete(ctx, p, t, profile); err != nil {
			return nil, err
		}
	}
	if profile.Email == "" {
		profile.EmailVerified = false
	}
	if profile.Email == "" && p.def.Placeholder {
		// RFC 6761 §6.4: nothing is ever found below .invalid.
		profile.Email, profile.Placeholder = profile.ID+"@"+p.ID+".placeholder.invalid", true
	}
	return profile, nil
}
