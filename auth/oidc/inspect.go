package oidc

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// access finds what an access token stands for and whose it is: nobody's when a
// client has it of its own. Errors: 401 invalid_token when it is not good, for
// whatever reason.
func (s *Service) access(ctx context.Context, q store.Querier, token string) (*accessToken, *core.User, error) {
	t, err := s.findAccess(ctx, q, token)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, errInvalidAccess()
	}
	if err != nil || t.userID == "" {
		return t, nil, err
	}
	u, err := s.core.User(ctx, q, t.userID)
	if errors.Is(err, store.ErrNotFound) || err == nil && u.BannedAt(s.now(ctx)) {
		return nil, nil, errInvalidAccess()
	}
	return t, u, err
}

// whose is access in one look at the database, where that is all there is to read.
func (s *Service) whose(ctx context.Context, token string) (t *accessToken, u *core.User, err error) {
	if isJWT(token) {
		return s.access(ctx, s.core.DB, token)
	}
	err = s.core.DB.View(ctx, func(q store.Querier) error {
		t, u, err = s.access(ctx, q, token)
		return err
	})
	return t, u, err
}

func errInvalidAccess() *api.OAuthError {
	return bearerError(401, invalidToken, "Invalid access token", "")
}

// findAccess reads an access token of either form. Errors: store.ErrNotFound.
func (s *Service) findAccess(ctx context.Context, q store.Querier, token string) (*accessToken, error) {
	if isJWT(token) {
		return s.accessJWT(ctx, token)
	}
	id := rowOf(prefixAccess, token)
	if id == "" {
		return nil, store.ErrNotFound
	}
	t, err := findAccessToken(ctx, q, id, s.now(ctx))
	if err == nil && !sameHash(token, t.hash) {
		return nil, store.ErrNotFound
	}
	return t, err
}

// UserInfo answers at the userinfo endpoint. authorization is the header, form
// the body of a POST (RFC 6750 §2.1, §2.2). signed is the same as a JWT, for a
// client that asked for that. Errors: *api.OAuthError.
func (s *Service) UserInfo(ctx context.Context, authorization string, form url.Values) (info *UserInfo, signed string, err error) {
	token, dpop, err := shownToken(authorization, form)
	if err != nil {
		return nil, "", err
	}
	t, u, err := s.whose(ctx, token)
	var refused *api.OAuthError
	if dpop && errors.As(err, &refused) && refused.Status == 401 {
		return nil, "", dpopError(refused.Code, refused.Description) // RFC 9449 §7.1: in the scheme that was used
	}
	if err != nil {
		return nil, "", err
	}
	if err := s.keyOfToken(ctx, token, t.jkt, dpop); err != nil {
		return nil, "", err
	}
	if !slices.Contains(t.scopes, scopeOpenID) {
		return nil, "", bearerError(403, "insufficient_scope", "the access token was not issued for openid", scopeOpenID)
	}
	if u == nil || t.jwt != nil && !slices.Contains(t.jwt.Audience, s.userinfoURL) { // RFC 9068 §4
		return nil, "", errInvalidAccess()
	}
	subject, err := s.subjectOf(ctx, s.core.DB, t)
	if err != nil {
		return nil, "", err
	}
	info = s.about(u, subject, t)
	if alg := t.userinfoAlg(); alg != "" {
		signed, err = s.signUserInfo(ctx, alg, t.clientID, info)
	}
	return info, signed, err
}

// splitName takes the last word for the family's, as the contract does; a single
// word says nothing.
func splitName(name string) (given, family string) {
	words := strings.Fields(name)
	if len(words) < 2 {
		return "", ""
	}
	return strings.Join(words[:len(words)-1], " "), words[len(words)-1]
}

// shownToken reads the access token from the one place it came in (RFC 6750 §2,
// RFC 9449 §7.1). dpop tells that it came with the scheme DPoP.
func shownToken(authorization string, form url.Values) (token string, dpop bool, err error) {
	inForm := form["access_token"]
	if len(inForm) > 1 || len(inForm) == 1 && authorization != "" {
		return "", false, bearerError(400, invalidRequest, "the access token is given more than once", "")
	}
	if len(inForm) == 1 {
		return inForm[0], false, nil
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	dpop = strings.EqualFold(scheme, tokenTypeDPoP)
	if token = strings.TrimSpace(token); !dpop && !strings.EqualFold(scheme, tokenTypeBearer) || token == "" {
		missing := bearerError(401, "", "", "") // RFC 6750 §3.1: no error code in the challenge
		missing.Code, missing.Description = invalidRequest, "access token not found"
		return "", false, missing
	}
	return token, dpop, nil
}

// asking is who asks about which token.
type asking struct {
	shown credentials
	token string
}

func readAsking(authorization string, form url.Values) (asking, error) {
	if name := malformed(form); name != "" {
		return asking{}, bad(invalidRequest, name)
	}
	shown, err := readCredentials(authorization, form)
	if err != nil && shown.id == "" && authorization == "" && form.Get("client_assertion") == "" {
		err = unauthenticated("missing required credentials")
	}
	return asking{shown, form.Get("token")}, err
}

// asker is the client that asks, once it has proven itself and named a token.
func (s *Service) asker(ctx context.Context, a asking, find clientFinder) (*Client, error) {
	client, err := s.prove(ctx, a.shown, find)
	if err == nil && a.token == "" {
		return nil, bad(invalidRequest, "token is required")
	}
	return client, err
}

// refreshable is the grant that a refresh token names, nil when it is none of the client's.
func (s *Service) refreshable(ctx context.Context, client *Client, token string) (*grant, error) {
	id := rowOf(prefixRefresh, token)
	if id == "" {
		return nil, nil
	}
	g, err := findGrant(ctx, s.core.DB, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (g.clientID != client.ID || g.refreshToken == "") {
		return nil, nil
	}
	return g, err
}

// Revoke ends a token (RFC 7009). A refresh token takes its whole family along,
// an access token goes alone. One that is unknown is as good as revoked.
// Errors: *api.OAuthError.
func (s *Service) Revoke(ctx context.Context, authorization string, form url.Values) error {
	a, err := readAsking(authorization, form)
	if err != nil {
		return err
	}
	client, err := s.asker(ctx, a, s.known)
	if err != nil {
		return err
	}
	token := a.token
	if strings.HasPrefix(token, prefixRefresh) {
		g, err := s.refreshable(ctx, client, token)
		if g == nil || err != nil || !sameHash(token, g.refreshToken) && !s.refreshTokens.ours(token) {
			return err
		}
		return s.core.DB.Write(ctx, func(tx *store.Tx) error { return revokeGrant(ctx, tx, g.id, s.now(ctx)) })
	}
	if isJWT(token) {
		return s.revokeJWT(ctx, client, token)
	}
	id := rowOf(prefixAccess, token)
	if id == "" {
		return nil
	}
	return s.core.DB.Write(ctx, func(tx *store.Tx) error {
		return revokeAccessToken(ctx, tx, id, core.HashToken(token), client.ID)
	})
}
