package upstream

import "errors"

func google() Definition {
	return Definition{
		ID: "google", Name: "Google",
		Authorize: "https://accounts.google.com/o/oauth2/v2/auth",
		Exchange:  "https://oauth2.googleapis.com/token",
		UserInfo:  "https://openidconnect.googleapis.com/v1/userinfo",
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
