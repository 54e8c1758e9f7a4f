package upstream

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"authd/auth/internal/config"
)

// generic makes a provider of a [[generic_oauth.config]].
func generic(cfg *config.Config, number int) (*Provider, error) {
	g := cfg.GenericOAuth.Config[number]
	p := &Provider{
		ID: g.ProviderID, Name: g.Name,
		DisableSignUp: g.DisableSignUp, DisableImplicitSignUp: g.DisableImplicitSignUp,
		OverrideUserInfo: g.OverrideUserInfo, RequireEmailVerification: g.RequireEmailVerification,
		clientIDs: []string{g.ClientID}, secret: g.ClientSecret, redirectURI: g.RedirectURI,
		scopes: slices.Clone(g.Scopes), prompt: g.Prompt,
		noIDTokens: g.DisableIDTokenSignIn, needsIDToken: g.RequireIDTokenVerification, needsIssuer: g.RequireIssuerValidation,
	}
	p.def = Definition{
		ID: g.ProviderID, Name: g.Name,
		Authorize: g.AuthorizationURL, Exchange: g.TokenURL, UserInfo: g.UserInfoURL, JWKS: g.JWKSURI, Discovery: g.DiscoveryURL,
		NoPKCE: !g.PKCE, Auth: g.Authentication, Identity: fromEither, Nonce: !g.DisableIDTokenNonceBinding,
		Params: map[string]string{"response_mode": g.ResponseMode, "access_type": g.AccessType},
		Fields: Fields{
			ID: or(g.IDClaim, "sub|id"), Name: or(g.NameClaim, "name"), Email: or(g.EmailClaim, "email"),
			Verified: or(g.EmailVerifiedClaim, "email_verified"), Image: or(g.ImageClaim, "picture"),
		},
		TokenParams: g.TokenURLParams, RefreshParams: g.RefreshTokenParams,
		TokenHeader: g.AuthorizationHeaders, DiscoveryHeader: g.DiscoveryHeaders,
		AccessTokenExpiresIn: int64(g.AccessTokenExpiresIn / time.Second),
	}
	if g.ResponseType != "code" {
		p.def.Params["response_type"] = g.ResponseType
	}
	for name, value := range g.AuthorizationURLParams {
		p.def.Params[name] = value
	}
	if g.Issuer != "" {
		p.def.Issuers = []string{g.Issuer}
	}
	// Without keys to verify them with, ID tokens are not looked at, and a nonce is
	// of no use.
	if g.DiscoveryURL == "" && (g.JWKSURI == "" || g.Issuer == "") {
		p.def.Nonce, p.def.Identity = false, fromUserInfo
		if g.RequireIDTokenVerification {
			return nil, p.refuseGeneric(cfg, number, "require_id_token_verification", "true", "it with discovery_url, or with issuer and jwks_uri")
		}
		if g.UserInfoURL == "" {
			return nil, p.refuseGeneric(cfg, number, "user_info_url", "not set", "it, or discovery_url, or issuer and jwks_uri")
		}
	}
	if g.RequireIssuerValidation && g.Issuer == "" && g.DiscoveryURL == "" {
		return nil, p.refuseGeneric(cfg, number, "issuer", "not set", "it, with require_issuer_validation")
	}
	if g.Authentication == authPrivateKey {
		sign, err := newSigner(g.PrivateKey, g.KeyID)
		if err != nil {
			return nil, p.refuseGeneric(cfg, number, "private_key", "not usable (a secret, not shown)", "a key in PEM: RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519")
		}
		p.sign = sign
	}
	return p, nil
}

func (p *Provider) refuseGeneric(cfg *config.Config, number int, key, is, allowed string) error {
	return fmt.Errorf("generic_oauth.config[%d].%s (%s) is %s; allowed: %s", number, key, cfg.Source("generic_oauth.config"), is, allowed)
}

func or(text, otherwise string) string {
	if text = strings.TrimSpace(text); text != "" {
		return text
	}
	return otherwise
}
