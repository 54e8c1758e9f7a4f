package upstream

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
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

func gitlab() Definition {
	return Definition{
		ID: "gitlab", Name: "GitLab",
		Authorize: "{issuer}/oauth/authorize",
		Exchange:  "{issuer}/oauth/token",
		UserInfo:  "{issuer}/api/v4/user",
		Scopes:    []string{"read_user"},
		Settings:  []Setting{{Key: "issuer", Default: "https://gitlab.com"}},
		Defaults:  trimIssuer,
		Fields:    Fields{ID: "id", Name: "name|username", Email: "email", Verified: "email_verified", Image: "avatar_url"},
		Complete: func(_ context.Context, p *Provider, _ *Tokens, profile *Profile) error {
			if text(profile.Raw["state"]) != "active" || truth(profile.Raw["locked"]) {
				return fmt.Errorf("%w: the account at %s is blocked", ErrNoProfile, p.ID)
			}
			return nil
		},
	}
}

func atlassian() Definition {
	return Definition{
		ID: "atlassian", Name: "Atlassian",
		Authorize: "https://auth.atlassian.com/authorize",
		Exchange:  "https://auth.atlassian.com/oauth/token",
		UserInfo:  "https://api.atlassian.com/me",
		Scopes:    []string{"read:jira-user", "offline_access"},
		Params:    map[string]string{"audience": "api.atlassian.com"},
		Fields:    Fields{ID: "account_id", Name: "name", Email: "email", Image: "picture"},
	}
}

func cloudflare() Definition {
	return Definition{
		ID: "cloudflare", Name: "Cloudflare",
		Authorize: "https://dash.cloudflare.com/oauth2/auth",
		Exchange:  "https://dash.cloudflare.com/oauth2/token",
		UserInfo:  "https://api.cloudflare.com/client/v4/user",
		Scopes:    []string{"user-details.read"},
		Auth:      authBasic, Public: true,
		Fields: Fields{Root: "result", ID: "id", Email: "email"},
		Complete: func(_ context.Context, _ *Provider, _ *Tokens, profile *Profile) error {
			profile.Name = or(text(profile.Raw["first_name"])+" "+text(profile.Raw["last_name"]), profile.Email)
			return nil
		},
	}
}

func figma() Definition {
	return Definition{
		ID: "figma", Name: "Figma",
		Authorize: "https://www.figma.com/oauth",
		Exchange:  "https://api.figma.com/v1/oauth/token",
		UserInfo:  "https://api.figma.com/v1/me",
		Scopes:    []string{"current_user:read"},
		Auth:      authBasic,
		Fields:    Fields{ID: "id", Name: "handle", Email: "email", Image: "img_url"},
	}
}

func huggingface() Definition {
	return Definition{
		ID: "huggingface", Name: "Hugging Face",
		Authorize: "https://huggingface.co/oauth/authorize",
		Exchange:  "https://huggingface.co/oauth/token",
		UserInfo:  "https://huggingface.co/oauth/userinfo",
		Scopes:    []string{"openid", "profile", "email"},
		Fields:    Fields{ID: "sub", Name: "name|preferred_username", Email: "email", Verified: "email_verified", Image: "picture"},
	}
}

// linearQuery is the part of Linear's GraphQL that a profile is made of.
const linearQuery = `{"query":"query { viewer { id name email avatarUrl active createdAt updatedAt } }"}`

func linear() Definition {
	return Definition{
		ID: "linear", Name: "Linear",
		Authorize: "https://linear.app/oauth/authorize",
		Exchange:  "https://api.linear.app/oauth/token",
		UserInfo:  "https://api.linear.app/graphql",
		Scopes:    []string{"read"},
		NoPKCE:    true,
		Fields:    Fields{Root: "data viewer", ID: "id", Name: "name", Email: "email", Image: "avatarUrl"},
		Fetch: func(ctx context.Context, p *Provider, t *Tokens) (map[string]any, error) {
			return p.call(ctx, apiRequest{Method: http.MethodPost, URL: p.def.UserInfo, Token: t.AccessToken, JSON: linearQuery})
		},
	}
}

func notion() Definition {
	return Definition{
		ID: "notion", Name: "Notion",
		Authorize: "https://api.notion.com/v1/oauth/authorize",
		Exchange:  "https://api.notion.com/v1/oauth/token",
		UserInfo:  "https://api.notion.com/v1/users/me",
		Params:    map[string]string{"owner": "user"},
		Auth:      authBasic, NoPKCE: true,
		APIHeader: map[string]string{"Notion-Version": "2022-06-28"},
		Fields:    Fields{Root: "bot owner user", ID: "id", Name: "name", Email: "person email", Image: "avatar_url"},
	}
}

func railway() Definition {
	return Definition{
		ID: "railway", Name: "Railway",
		Authorize: "https://backboard.railway.com/oauth/auth",
		Exchange:  "https://backboard.railway.com/oauth/token",
		UserInfo:  "https://backboard.railway.com/oauth/me",
		Scopes:    []string{"openid", "email", "profile"},
		Auth:      authBasic,
		Fields:    Fields{ID: "sub", Name: "name", Email: "email", Image: "picture"},
	}
}

func vercel() Definition {
	return Definition{
		ID: "vercel", Name: "Vercel",
		Authorize: "https://vercel.com/oauth/authorize",
		Exchange:  "https://api.vercel.com/login/oauth/token",
		UserInfo:  "https://api.vercel.com/login/oauth/userinfo",
		Public:    true, // PKCE is enough there
		Fields:    Fields{ID: "sub", Name: "name|preferred_username", Email: "email", Verified: "email_verified", Image: "picture"},
	}
}

// trimIssuer lets an address end in a slash or not.
func trimIssuer(values map[string]string) {
	values["issuer"] = strings.TrimRight(values["issuer"], "/")
}
