package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

func google() Definition {
	return Definition{
		ID: "google", Name: "Google",
		Authorize: "https://accounts.google.com/o/oauth2/v2/auth",
		Exchange:  "https://oauth2.googleapis.com/token",
		Issuers:   []string{"https://accounts.google.com", "accounts.google.com"},
		JWKS:      "https://www.googleapis.com/oauth2/v3/certs",
		Scopes:    []string{"email", "profile", "openid"},
		Params: map[string]string{
			"hd": "{hd}", "access_type": "{access_type}", "display": "{display}", "include_granted_scopes": "{include_granted_scopes}",
		},
		Settings: []Setting{
			{Key: "hd"}, {Key: "access_type"}, {Key: "display"}, {Key: "include_granted_scopes", Default: "true"},
		},
		Identity: fromIDToken, Nonce: true, MaxAge: true,
		Fields:  Fields{ID: "sub", Name: "name", Email: "email", Verified: "email_verified", Image: "picture"},
		Prepare: googleHD,
	}
}

// googleHD holds ID tokens to the configured Workspace domain: the parameter hd
// alone only chooses what Google shows.
func googleHD(p *Provider, setting func(string) string) error {
	if setting("include_granted_scopes") == "false" {
		delete(p.def.Params, "include_granted_scopes")
	}
	hd := setting("hd")
	if hd == "" {
		return nil
	}
	p.def.CheckClaims = func(_ *Provider, claims map[string]any) error {
		if given := text(claims["hd"]); given == "" || hd != "*" && given != hd {
			return errors.New("the account is not of the configured hd")
		}
		return nil
	}
	return nil
}

func facebook() Definition {
	return Definition{
		ID: "facebook", Name: "Facebook",
		Authorize: "https://www.facebook.com/v24.0/dialog/oauth",
		Exchange:  "https://graph.facebook.com/v24.0/oauth/access_token",
		UserInfo:  "https://graph.facebook.com/me",
		Issuers:   []string{"https://www.facebook.com"},
		JWKS:      "https://limited.facebook.com/.well-known/oauth/openid/jwks/",
		Scopes:    []string{"email", "public_profile"},
		Params:    map[string]string{"config_id": "{config_id}"},
		Settings:  []Setting{{Key: "config_id"}, {Key: "fields"}},
		NoPKCE:    true, Opaque: true, Identity: fromEither,
		Fields: Fields{ID: "sub|id", Name: "name", Email: "email", Verified: "email_verified", Image: "picture data url|picture"},
		Fetch:  facebookProfile,
		Prepare: func(p *Provider, setting func(string) string) error {
			p.def.UserInfo += "?fields=" + url.QueryEscape(strings.Trim("id,name,email,picture,"+setting("fields"), ","))
			return nil
		},
	}
}

// facebookProfile asks first whether the access token was given to us: an app
// could send one that another app was given.
func facebookProfile(ctx context.Context, p *Provider, t *Tokens) (map[string]any, error) {
	query := url.Values{"input_token": {t.AccessToken}, "access_token": {p.clientID() + "|" + p.secret}}
	found, err := p.call(ctx, apiRequest{URL: "https://graph.facebook.com/debug_token?" + query.Encode()})
	if err != nil {
		return nil, err
	}
	token, _ := found["data"].(map[string]any)
	ours := false
	for _, id := range p.clientIDs {
		ours = ours || text(token["app_id"]) == id
	}
	if !truth(token["is_valid"]) || !ours || text(token["user_id"]) == "" {
		return nil, fmt.Errorf("%w: facebook gave the access token to another app", ErrNoProfile)
	}
	profile, err := p.call(ctx, apiRequest{URL: p.def.UserInfo, Token: t.AccessToken})
	if err != nil {
		return nil, err
	}
	if text(profile["id"]) != text(token["user_id"]) {
		return nil, fmt.Errorf("%w: facebook tells of another person", ErrNoProfile)
	}
	return profile, nil
}

func cognito() Definition {
	return Definition{
		ID: "cognito", Name: "Cognito",
		Authorize: "https://{domain}/oauth2/authorize",
		Exchange:  "https://{domain}/oauth2/token",
		UserInfo:  "https://{domain}/oauth2/userinfo",
		Issuers:   []string{"https://cognito-idp.{region}.amazonaws.com/{user_pool_id}"},
		JWKS:      "https://cognito-idp.{region}.amazonaws.com/{user_pool_id}/.well-known/jwks.json",
		Scopes:    []string{"openid", "profile", "email"},
		Params:    map[string]string{"identity_provider": "{identity_provider}"},
		Settings: []Setting{
			{Key: "domain", Required: true}, {Key: "region", Required: true}, {Key: "user_pool_id", Required: true}, {Key: "identity_provider"},
		},
		Defaults: func(values map[string]string) { values["domain"] = bareHost(values["domain"]) },
		Public:   true, Identity: fromEither, Nonce: true, MaxAge: true,
		Fields: Fields{ID: "sub", Name: "name|given_name|username", Email: "email", Verified: "email_verified", Image: "picture"},
		Complete: func(_ context.Context, _ *Provider, _ *Tokens, profile *Profile) error {
			profile.Raw["name"] = profile.Name // as better-auth's account-info has it
			return nil
		},
	}
}

func linkedin() Definition {
	return Definition{
		ID: "linkedin", Name: "LinkedIn",
		Authorize: "https://www.linkedin.com/oauth/v2/authorization",
		Exchange:  "https://www.linkedin.com/oauth/v2/accessToken",
		UserInfo:  "https://api.linkedin.com/v2/userinfo",
		Scopes:    []string{"profile", "email", "openid"},
		NoPKCE:    true,
		Fields:    Fields{ID: "sub", Name: "name", Email: "email", Verified: "email_verified", Image: "picture"},
	}
}

func dropbox() Definition {
	return Definition{
		ID: "dropbox", Name: "Dropbox",
		Authorize: "https://www.dropbox.com/oauth2/authorize",
		Exchange:  "https://api.dropboxapi.com/oauth2/token",
		UserInfo:  "https://api.dropboxapi.com/2/users/get_current_account",
		Scopes:    []string{"account_info.read"},
		Params:    map[string]string{"token_access_type": "{access_type}"},
		Settings:  []Setting{{Key: "access_type"}},
		Fields:    Fields{ID: "account_id", Name: "name display_name", Email: "email", Verified: "email_verified", Image: "profile_photo_url"},
		Fetch: func(ctx context.Context, p *Provider, t *Tokens) (map[string]any, error) {
			return p.call(ctx, apiRequest{Method: http.MethodPost, URL: p.def.UserInfo, Token: t.AccessToken})
		},
	}
}

func salesforce() Definition {
	return Definition{
		ID: "salesforce", Name: "Salesforce",
		Authorize: "https://{login_url}/services/oauth2/authorize",
		Exchange:  "https://{login_url}/services/oauth2/token",
		UserInfo:  "https://{login_url}/services/oauth2/userinfo",
		Scopes:    []string{"openid", "email", "profile"},
		Settings:  []Setting{{Key: "environment", Default: "production"}, {Key: "login_url"}},
		Defaults: func(values map[string]string) {
			host := map[string]string{"sandbox": "test.salesforce.com", "production": "login.salesforce.com"}[values["environment"]]
			values["login_url"] = or(bareHost(values["login_url"]), host)
		},
		Fields: Fields{ID: "user_id", Name: "name", Email: "email", Verified: "email_verified", Image: "photos picture|photos thumbnail"},
	}
}
