package upstream

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

func microsoft() Definition {
	return Definition{
		ID: "microsoft", Name: "Microsoft",
		Authorize: "{authority}/{tenant_id}/oauth2/v2.0/authorize",
		Exchange:  "{authority}/{tenant_id}/oauth2/v2.0/token",
		JWKS:      "{authority}/{tenant_id}/discovery/v2.0/keys",
		Scopes:    []string{"openid", "profile", "email", "User.Read", "offline_access"},
		Settings: []Setting{
			{Key: "tenant_id", Default: "common"}, {Key: "authority", Default: "https://login.microsoftonline.com"}, {Key: "disable_profile_photo"},
		},
		Defaults: func(values map[string]string) { values["authority"] = strings.TrimRight(values["authority"], "/") },
		Public:   true, Identity: fromIDToken, Nonce: true, MaxAge: true,
		Fields:  Fields{ID: "oid", Name: "name", Email: "email", Verified: "email_verified"},
		Prepare: microsoftPrepare,
	}
}

// microsoftConsumers is the tenant of all personal accounts.
const microsoftConsumers = "9188040d-6c67-4c5b-b112-36a304b66dad"

func microsoftPrepare(p *Provider, setting func(string) string) error {
	tenant, authority := setting("tenant_id"), setting("authority")
	named := slices.Contains([]string{"common", "organizations", "consumers"}, tenant)
	// By its domain a tenant could not be told from another: all share their keys.
	if !named && !regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`).MatchString(tenant) {
		return errors.New("tenant_id is not one; allowed: the id of a directory (a UUID), common, organizations, consumers")
	}
	p.def.RefreshParams = map[string]string{"scope": strings.Join(p.scopes, " ")}
	p.def.CheckClaims = func(_ *Provider, claims map[string]any) error {
		tid := text(claims["tid"])
		switch {
		case tid == "" || text(claims["iss"]) != authority+"/"+tid+"/v2.0":
			return errors.New("iss is not that of its tenant")
		case !named && !strings.EqualFold(tid, tenant), tenant == "consumers" && tid != microsoftConsumers, tenant == "organizations" && tid == microsoftConsumers:
			return errors.New("it is of a tenant that may not sign in")
		}
		return nil
	}
	photo := setting("disable_profile_photo") != "true"
	p.def.Complete = func(ctx context.Context, p *Provider, t *Tokens, profile *Profile) error {
		if profile.Raw["email_verified"] == nil {
			profile.EmailVerified = microsoftVerified(profile)
		}
		if photo && t.AccessToken != "" {
			if profile.Image = p.microsoftPhoto(ctx, t); profile.Image != "" {
				profile.Raw["picture"] = profile.Image
			}
		}
		return nil
	}
	return nil
}

// microsoftVerified looks for the address among those that the directory has
// verified: the claim email alone is whatever an administrator somewhere wrote.
func microsoftVerified(profile *Profile) bool {
	for _, list := range []string{"verified_primary_email", "verified_secondary_email"} {
		all, _ := profile.Raw[list].([]any)
		if profile.Email != "" && slices.ContainsFunc(all, func(v any) bool { return text(v) == profile.Email }) {
			return true
		}
	}
	return false
}

// photoMax is the largest picture that is taken over.
const photoMax = 64 << 10

// microsoftPhoto reads the picture, which has no address; "" without one.
func (p *Provider) microsoftPhoto(ctx context.Context, t *Tokens) string {
	body, err := p.send(ctx, apiRequest{Method: http.MethodGet, URL: "https://graph.microsoft.com/v1.0/me/photos/48x48/$value", Token: t.AccessToken})
	if err != nil || len(body) == 0 || len(body) > photoMax {
		return ""
	}
	return "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(body)
}
