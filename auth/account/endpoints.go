package account

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// Endpoints are this capability's part of the API.
func (s *Service) Endpoints() []api.Endpoint {
	// The contract tells what is wrong with the input before it asks for the session,
	// and then refuses without a body.
	session := api.Guard{Name: "session", Check: func(r *api.Request) error {
		a, err := s.core.Authenticate(r)
		if err == nil && a == nil {
			return errNoSession
		}
		return err
	}}
	tokens := []*api.Error{errNoSession, ErrNotFound, errNotSupported, ErrNoAccess}
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/list-accounts", ID: "listUserAccounts", Tag: "account", Guards: []api.Guard{s.core.RequireSession()},
			Doc: "The caller's ways in: their password, and identities at providers.",
		}, s.list),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/unlink-account", ID: "unlinkAccount", Tag: "account", Guards: []api.Guard{s.core.RequireFresh()},
			Doc: "Take away one of the caller's ways in; accountId is the id of its row.", Errors: []*api.Error{ErrLast, ErrNotFound, core.ErrNotFresh},
		}, s.unlinkAccount),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/get-access-token", ID: "getAccessToken", Tag: "account", Guards: []api.Guard{session},
			Doc: "An access token of the caller's at a provider, refreshed where it has ended; accountId is the id of the account's row.", Errors: tokens,
		}, s.getAccessToken),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/refresh-token", ID: "refreshToken", Tag: "account", Guards: []api.Guard{session},
			Doc: "New tokens of the caller's at a provider.", Errors: []*api.Error{errNoSession, ErrNotFound, errNotSupported, ErrNoRefresh, ErrRefresh},
		}, s.refreshToken),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/account-info", ID: "accountInfo", Tag: "account", Guards: []api.Guard{{Check: checkQuery}, session},
			Doc: "What a provider tells about the caller, asked for now.", Errors: append(tokens, ErrNotProvider, ErrNoToken, ErrNoInfo),
		}, s.accountInfo),
	}
}

// listed is an account in a list; the contract has its id last but one.
type listed struct {
	AccountID  string   `json:"accountId"`
	ProviderID string   `json:"providerId"`
	UserID     string   `json:"userId"`
	CreatedAt  string   `json:"createdAt"`
	UpdatedAt  string   `json:"updatedAt"`
	ID         string   `json:"id"`
	Scopes     []string `json:"scopes"`
}

func (s *Service) list(r *api.Request, _ *api.None) ([]listed, error) {
	accounts, err := s.List(r.Context(), core.Caller(r).User.ID)
	if err != nil {
		return nil, err
	}
	out := make([]listed, 0, len(accounts))
	for _, a := range accounts {
		out = append(out, listed{a.AccountID, a.ProviderID, a.UserID, wireTime(a.CreatedAt), wireTime(a.UpdatedAt), a.ID, wireScopes(a)})
	}
	return out, nil
}

func wireTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// wireEnd is when a token ends, nil where the provider did not say.
func wireEnd(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := wireTime(t)
	return &text
}

func wireScopes(a *core.Account) []string {
	if a.Scopes == nil {
		return []string{}
	}
	return a.Scopes
}

type status struct {
	Status bool `json:"status"`
}

func (s *Service) unlinkAccount(r *api.Request, in *struct {
	AccountID string `body:"accountId"`
},
) (status, error) {
	return status{true}, s.Unlink(r, core.Caller(r).User.ID, in.AccountID)
}

// selection names one of the caller's accounts. userId is for calls without a
// session, which HTTP does not have; the account cookie is one that authd never sets.
type selection struct {
	AccountID        any            `body:"accountId,optional" doc:"Id of the account's row."`
	UseAccountCookie any            `body:"useAccountCookie,optional"`
	UserID           any            `body:"userId,optional"`
	Rest             map[string]any `body:"*"`
}

// Check holds the input to the contract's two forms, nothing more in them.
func (in *selection) Check() error {
	_, byID := in.AccountID.(string)
	byCookie := in.UseAccountCookie == true
	_, text := in.UserID.(string)
	if byID == byCookie || in.AccountID != nil && !byID || in.UseAccountCookie != nil && !byCookie || in.UserID != nil && !text {
		return api.Invalid("body", "Invalid input")
	}
	return unrecognized("body", slices.Sorted(maps.Keys(in.Rest)))
}

func unrecognized(place string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	key := "key"
	if len(names) > 1 {
		key = "keys"
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	return api.Invalid(place, "Unrecognized "+key+": "+strings.Join(quoted, ", "))
}

// selected finds what the selection names. Errors: ErrNotFound.
func (s *Service) selected(r *api.Request, in *selection) (*core.Account, error) {
	id, ok := in.AccountID.(string)
	if !ok {
		return nil, ErrNotFound
	}
	return s.Find(r.Context(), core.Caller(r).User.ID, id)
}

// failed logs why a provider gave nothing: the answer does not say.
func failed(r *api.Request, a *core.Account, err error) error {
	if errors.Is(err, ErrNoAccess) || errors.Is(err, ErrRefresh) || errors.Is(err, ErrNoInfo) {
		r.Log().Warn("a provider gave no tokens or profile", "provider", a.ProviderID, "account", a.ID, "error", err)
	}
	return err
}

type accessToken struct {
	AccessToken          string   `json:"accessToken"`
	AccessTokenExpiresAt *string  `json:"accessTokenExpiresAt,omitempty"`
	Scopes               []string `json:"scopes"`
	IDToken              string   `json:"idToken,omitempty"`
}

func (s *Service) getAccessToken(r *api.Request, in *selection) (accessToken, error) {
	a, err := s.selected(r, in)
	if err != nil {
		return accessToken{}, err
	}
	now, tokens, err := s.AccessToken(r.Context(), a)
	if err != nil {
		return accessToken{}, failed(r, a, err)
	}
	return accessToken{tokens.AccessToken, wireEnd(tokens.AccessExpires), wireScopes(now), tokens.IDToken}, nil
}

type refreshed struct {
	AccessToken           string  `json:"accessToken"`
	RefreshToken          string  `json:"refreshToken"`
	AccessTokenExpiresAt  *string `json:"accessTokenExpiresAt,omitempty"`
	RefreshTokenExpiresAt *string `json:"refreshTokenExpiresAt"`
	Scope                 *string `json:"scope"`
	IDToken               *string `json:"idToken"`
	ProviderID            string  `json:"providerId"`
	AccountID             string  `json:"accountId"`
}

func (s *Service) refreshToken(r *api.Request, in *selection) (refreshed, error) {
	a, err := s.selected(r, in)
	if err != nil {
		return refreshed{}, err
	}
	now, tokens, err := s.Refresh(r.Context(), a)
	if err != nil {
		return refreshed{}, failed(r, a, err)
	}
	out := refreshed{
		AccessToken: tokens.AccessToken, RefreshToken: tokens.RefreshToken, ProviderID: now.ProviderID, AccountID: now.ID,
		AccessTokenExpiresAt: wireEnd(tokens.AccessExpires), RefreshTokenExpiresAt: wireEnd(tokens.RefreshExpires),
	}
	if len(now.Scopes) > 0 {
		scope := strings.Join(now.Scopes, ",")
		out.Scope = &scope
	}
	if tokens.IDToken != "" {
		out.IDToken = &tokens.IDToken
	}
	return out, nil
}

type infoInput struct {
	AccountID string `query:"accountId,optional"`
}

// checkQuery is selection.Check for a query, in which no text is the flag that the
// cookie's form wants.
func checkQuery(r *api.Request) error {
	query := r.HTTP.URL.Query()
	if len(query["accountId"]) != 1 || query.Has("useAccountCookie") {
		return api.Invalid("query", "Invalid input")
	}
	query.Del("accountId")
	query.Del("userId")
	return unrecognized("query", slices.Sorted(maps.Keys(query)))
}

type infoUser struct {
	Email         *string `json:"email"`
	EmailVerified bool    `json:"emailVerified"`
	Image         string  `json:"image,omitempty"`
	Name          string  `json:"name,omitempty"`
}

type infoAccount struct {
	ID         string `json:"id"`
	ProviderID string `json:"providerId"`
	AccountID  string `json:"accountId"`
}

type info struct {
	User    infoUser       `json:"user"`
	Data    map[string]any `json:"data"`
	Account infoAccount    `json:"account"`
}

func (s *Service) accountInfo(r *api.Request, in *infoInput) (info, error) {
	a, err := s.Find(r.Context(), core.Caller(r).User.ID, in.AccountID)
	if err != nil {
		return info{}, err
	}
	profile, err := s.Info(r.Context(), a)
	if err != nil {
		return info{}, failed(r, a, err)
	}
	out := info{
		User: infoUser{EmailVerified: profile.EmailVerified, Image: profile.Image, Name: profile.Name},
		Data: profile.Raw, Account: infoAccount{a.ID, a.ProviderID, a.AccountID},
	}
	if profile.Email != "" && !profile.Placeholder {
		out.User.Email = &profile.Email
	}
	return out, nil
}
