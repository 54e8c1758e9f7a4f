package oidc

import (
	"net/http"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// consentEndpoints let a person see and take back what they have allowed.
func (s *Service) consentEndpoints() []api.Endpoint {
	session := []api.Guard{s.core.RequireSession()}
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/oauth2/get-consent", ID: "getOAuthConsent", Tag: tag, Guards: session,
			Doc: "One of the caller's consents.",
		}, s.getConsent),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/oauth2/get-consents", ID: "getOAuthConsents", Tag: tag, Guards: session,
			Doc: "What the caller has allowed which client.",
		}, s.getConsents),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/oauth2/update-consent", ID: "updateOAuthConsent", Tag: tag, Guards: session,
			Doc: "Narrows a consent; what the client holds beyond it ends.",
		}, s.changeConsent),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/oauth2/delete-consent", ID: "deleteOAuthConsent", Tag: tag, Guards: session,
			Doc: "Takes a consent back; all that the client holds ends.",
		}, s.takeBackConsent),
	}
}

// consentInfo is a consent as the contract writes it.
type consentInfo struct {
	ClientID               string   `json:"clientId"`
	UserID                 string   `json:"userId"`
	ReferenceID            *string  `json:"referenceId"`
	Resources              []string `json:"resources"`
	RequestedUserInfoClaim []string `json:"requestedUserInfoClaims"`
	Scopes                 []string `json:"scopes"`
	CreatedAt              string   `json:"createdAt"`
	UpdatedAt              string   `json:"updatedAt"`
	ID                     string   `json:"id"`
}

func (c *Consent) info() consentInfo {
	return consentInfo{
		ClientID: c.ClientID, UserID: c.UserID, RequestedUserInfoClaim: []string{}, Scopes: append([]string{}, c.Scopes...),
		CreatedAt: wholeSecond(c.CreatedAt), UpdatedAt: wholeSecond(c.UpdatedAt), ID: c.ID,
	}
}

// wholeSecond writes a time as the contract's OAuth tables keep it.
func wholeSecond(t time.Time) string {
	return t.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05.000Z")
}

type consentQuery struct {
	ID string `query:"id"`
}

func (s *Service) getConsent(r *api.Request, in *consentQuery) (consentInfo, error) {
	c, err := s.Consent(r.Context(), core.Caller(r).User.ID, in.ID)
	if err != nil {
		return consentInfo{}, err
	}
	return c.info(), nil
}

func (s *Service) getConsents(r *api.Request, _ *api.None) ([]consentInfo, error) {
	consents, err := s.Consents(r.Context(), core.Caller(r).User.ID)
	list := make([]consentInfo, len(consents))
	for i, c := range consents {
		list[i] = c.info()
	}
	return list, err
}

type consentUpdateIn struct {
	ID     string        `body:"id"`
	Update consentUpdate `body:"update"`
}

type consentUpdate struct {
	Scopes []string `body:"scopes"`
}

func (s *Service) changeConsent(r *api.Request, in *consentUpdateIn) (consentInfo, error) {
	c, err := s.UpdateConsent(r.Context(), core.Caller(r).User.ID, in.ID, in.Update.Scopes)
	if err != nil {
		return consentInfo{}, err
	}
	r.Security("oauth-consent-changed", "user", c.UserID, "client", c.ClientID)
	return c.info(), nil
}

type consentIDIn struct {
	ID string `body:"id"`
}

func (s *Service) takeBackConsent(r *api.Request, in *consentIDIn) (api.Empty, error) {
	caller := core.Caller(r).User.ID
	if err := s.DeleteConsent(r.Context(), caller, in.ID); err != nil {
		return api.Empty{}, err
	}
	r.Security("oauth-consent-deleted", "user", caller, "consent", in.ID)
	return api.Empty{}, nil
}
