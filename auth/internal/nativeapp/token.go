package nativeapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// early is how long before its end an access token is replaced, so that it still
// holds when it arrives.
const early = time.Minute

// Token returns a valid access token: the one that is kept, or a new one when
// that one ends within a minute, or when force asks for one.
func (a *App) Token(ctx context.Context, force bool) (*Tokens, error) {
	kept, err := a.Store.Load()
	if err != nil {
		return nil, err
	}
	if !force && a.valid(kept) {
		return kept, nil
	}
	return a.refresh(ctx, kept.AccessToken)
}

func (a *App) valid(t *Tokens) bool {
	return t.AccessToken != "" && (t.ExpiresAt.IsZero() || a.Now().Add(early).Before(t.ExpiresAt))
}

// refresh replaces the access token stale. A refresh token may be used once
// only, so one process at a time does this, and whoever waited takes what the
// one before it got.
func (a *App) refresh(ctx context.Context, stale string) (*Tokens, error) {
	unlock, err := a.Store.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	kept, err := a.Store.Load()
	if err != nil {
		return nil, err
	}
	if kept.AccessToken != stale && a.valid(kept) {
		return kept, nil
	}
	if kept.RefreshToken == "" {
		return nil, errors.New("the access token has ended and there is no refresh token (scope offline_access); run authd login")
	}
	provider, err := a.discover(ctx, kept.Issuer)
	if err != nil {
		return nil, err
	}
	answer, err := a.spend(ctx, provider, kept)
	if err != nil {
		return nil, err
	}
	kept.take(answer)
	return kept, a.Store.save(kept)
}

// spend trades the refresh token for new tokens (RFC 6749 section 6).
func (a *App) spend(ctx context.Context, provider *provider, kept *Tokens) (*oauth2.Token, error) {
	config := oauth2.Config{ClientID: kept.ClientID, Endpoint: provider.endpoint}
	// Exchange, told that this is a refresh: x/oauth2's own refresh cannot carry a resource (RFC 8707).
	options := []oauth2.AuthCodeOption{
		oauth2.SetAuthURLParam("grant_type", "refresh_token"),
		oauth2.SetAuthURLParam("refresh_token", kept.RefreshToken),
	}
	if kept.Resource != "" {
		options = append(options, oauth2.SetAuthURLParam("resource", kept.Resource))
	}
	answer, err := config.Exchange(a.context(ctx), "", options...)
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.ErrorCode == "invalid_grant" {
		// Revoked, expired or used: it will never work again.
		return nil, errors.Join(errors.New("the login has ended; run authd login"), a.Store.forget())
	}
	if err != nil {
		return nil, plain(kept.Issuer, err)
	}
	return answer, nil
}

// Whoami asks the server who the tokens belong to, and refreshes them once when
// it does not take them.
func (a *App) Whoami(ctx context.Context) (map[string]any, error) {
	tokens, err := a.Token(ctx, false)
	if err != nil {
		return nil, err
	}
	provider, err := a.discover(ctx, tokens.Issuer)
	if err != nil {
		return nil, err
	}
	claims, status, err := a.userinfo(ctx, provider, tokens.AccessToken)
	if status == http.StatusUnauthorized {
		if tokens, err = a.refresh(ctx, tokens.AccessToken); err != nil {
			return nil, err
		}
		claims, _, err = a.userinfo(ctx, provider, tokens.AccessToken)
	}
	return claims, err
}

// userinfo is OIDC Core section 5.3.
func (a *App) userinfo(ctx context.Context, provider *provider, token string) (claims map[string]any, status int, err error) {
	if provider.UserinfoEndpoint == "" {
		return nil, 0, fmt.Errorf("%s has no userinfo endpoint", provider.issuer)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, provider.UserinfoEndpoint, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("ask %s who this is: %w", provider.issuer, err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := a.HTTP.Do(request)
	if err != nil {
		return nil, 0, fmt.Errorf("ask %s who this is: %w", provider.issuer, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, answer.StatusCode, fmt.Errorf("%s answered %s to the question who this is", provider.issuer, answer.Status)
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&claims); err != nil {
		return nil, 0, fmt.Errorf("read who %s says this is: %w", provider.issuer, err)
	}
	return claims, answer.StatusCode, nil
}

// Logout revokes the tokens at the server and forgets them here. They are
// forgotten even when the server cannot be reached; the error tells then that
// it still takes them.
func (a *App) Logout(ctx context.Context) error {
	unlock, err := a.Store.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	kept, err := a.Store.Load()
	if err != nil {
		return err
	}
	revokeErr := a.revoke(ctx, kept)
	if err := a.Store.forget(); err != nil {
		return err
	}
	if revokeErr != nil {
		return fmt.Errorf("signed out here, but the tokens may still work: %w", revokeErr)
	}
	return nil
}

// revoke is RFC 7009: with the refresh token goes everything it gave.
func (a *App) revoke(ctx context.Context, kept *Tokens) error {
	provider, err := a.discover(ctx, kept.Issuer)
	if err != nil {
		return err
	}
	if provider.RevocationEndpoint == "" {
		return fmt.Errorf("%s has no revocation endpoint", kept.Issuer)
	}
	form := url.Values{"client_id": {kept.ClientID}, "token": {kept.RefreshToken}, "token_type_hint": {"refresh_token"}}
	if kept.RefreshToken == "" {
		form.Set("token", kept.AccessToken)
		form.Set("token_type_hint", "access_token")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, provider.RevocationEndpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("revoke the tokens at %s: %w", kept.Issuer, err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := a.HTTP.Do(request)
	if err != nil {
		return fmt.Errorf("revoke the tokens at %s: %w", kept.Issuer, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s to the revocation", kept.Issuer, answer.Status)
	}
	return nil
}
