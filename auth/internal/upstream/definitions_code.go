package upstream

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

func github() Definition {
	return Definition{
		ID: "github", Name: "GitHub",
		Authorize: "https://github.com/login/oauth/authorize",
		Exchange:  "https://github.com/login/oauth/access_token",
		UserInfo:  "https://api.github.com/user",
		Scopes:    []string{"read:user", "user:email"},
		Fields:    Fields{ID: "id", Name: "name|login", Email: "email", Image: "avatar_url"},
		Complete:  githubEmail,
	}
}

// githubEmail reads the addresses: the profile has only the one that is public,
// and does not say whether it is verified.
func githubEmail(ctx context.Context, p *Provider, t *Tokens, profile *Profile) error {
	body, err := p.send(ctx, apiRequest{Method: http.MethodGet, URL: "https://api.github.com/user/emails", Token: t.AccessToken})
	if err != nil {
		return nil //nolint:nilerr // the scope was not given: what the profile says stays, unverified
	}
	var emails []struct {
		Email             string
		Primary, Verified bool
	}
	if err := json.Unmarshal(body, &emails); err != nil {
		return fmt.Errorf("%w: %s answers with no list of addresses", ErrNoProfile, p.ID)
	}
	for _, e := range emails {
		if profile.Email == "" && e.Primary {
			profile.Email = e.Email
		}
	}
	if profile.Email == "" && len(emails) > 0 {
		profile.Email = emails[0].Email
	}
	for _, e := range emails {
		if e.Email == profile.Email {
			profile.EmailVerified = e.Verified
		}
	}
	profile.Raw["email"] = profile.Email
	return nil
}
