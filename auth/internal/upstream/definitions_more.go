package upstream

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func kakao() Definition {
	return Definition{
		ID: "kakao", Name: "Kakao",
		Authorize: "https://kauth.kakao.com/oauth/authorize",
		Exchange:  "https://kauth.kakao.com/oauth/token",
		UserInfo:  "https://kapi.kakao.com/v2/user/me",
		Scopes:    []string{"account_email", "profile_image", "profile_nickname"},
		NoPKCE:    true,
		Fields: Fields{
			ID: "id", Name: "kakao_account profile nickname|kakao_account name", Email: "kakao_account email",
			Verified: "kakao_account is_email_verified",
			Image:    "kakao_account profile profile_image_url|kakao_account profile thumbnail_image_url",
		},
		Complete: func(_ context.Context, _ *Provider, _ *Tokens, profile *Profile) error {
			// An address that is verified but no longer valid went to somebody else.
			profile.EmailVerified = profile.EmailVerified && truth(at(profile.Raw, "kakao_account is_email_valid"))
			return nil
		},
	}
}

func kick() Definition {
	return Definition{
		ID: "kick", Name: "Kick",
		Authorize: "https://id.kick.com/oauth/authorize",
		Exchange:  "https://id.kick.com/oauth/token",
		UserInfo:  "https://api.kick.com/public/v1/users",
		Scopes:    []string{"user:read"},
		Fields:    Fields{Root: "data 0", ID: "user_id", Name: "name", Email: "email", Image: "profile_picture"},
	}
}

func line() Definition {
	return Definition{
		ID: "line", Name: "LINE",
		Authorize: "https://access.line.me/oauth2/v2.1/authorize",
		Exchange:  "https://api.line.me/oauth2/v2.1/token",
		UserInfo:  "https://api.line.me/oauth2/v2.1/userinfo",
		Issuers:   []string{"https://access.line.me"},
		JWKS:      "https://api.line.me/oauth2/v2.1/certs",
		Scopes:    []string{"openid", "profile", "email"},
		// Web logins are signed with the channel's secret, those of apps with a key.
		SecretSigned: true, Nonce: true, Identity: fromEither,
		Fields: Fields{ID: "sub", Name: "name", Email: "email", Image: "picture"},
	}
}

func naver() Definition {
	return Definition{
		ID: "naver", Name: "Naver",
		Authorize: "https://nid.naver.com/oauth2.0/authorize",
		Exchange:  "https://nid.naver.com/oauth2.0/token",
		UserInfo:  "https://openapi.naver.com/v1/nid/me",
		Scopes:    []string{"profile", "email"},
		NoPKCE:    true,
		Fields:    Fields{ID: "response id", Name: "response name|response nickname", Email: "response email", Image: "response profile_image"},
		Complete: func(_ context.Context, p *Provider, _ *Tokens, profile *Profile) error {
			if text(profile.Raw["resultcode"]) != "00" {
				return fmt.Errorf("%w: %s answers with an error", ErrNoProfile, p.ID)
			}
			return nil
		},
	}
}

func paybin() Definition {
	return Definition{
		ID: "paybin", Name: "Paybin",
		Authorize: "{issuer}/oauth2/authorize",
		Exchange:  "{issuer}/oauth2/token",
		Issuers:   []string{"{issuer}", "{issuer}/"},
		Scopes:    []string{"openid", "email", "profile"},
		Settings:  []Setting{{Key: "issuer", Default: "https://idp.paybin.io"}},
		Defaults:  trimIssuer,
		Direct:    true, Identity: fromIDToken,
		Fields: Fields{ID: "sub", Name: "name|preferred_username", Email: "email", Verified: "email_verified", Image: "picture"},
	}
}

func paypal() Definition {
	return Definition{
		ID: "paypal", Name: "PayPal",
		Authorize: "https://www{dot_world}.paypal.com/signin/authorize",
		Exchange:  "https://api-m{dot_world}.paypal.com/v1/oauth2/token",
		UserInfo:  "https://api-m{dot_world}.paypal.com/v1/identity/oauth2/userinfo?schema=paypalv1.1",
		Settings:  []Setting{{Key: "environment", Default: "sandbox"}},
		Defaults: func(values map[string]string) {
			if values["environment"] == "sandbox" {
				values["dot_world"] = ".sandbox"
			} else {
				values["dot_world"] = ""
			}
		},
		Auth:     authBasic,
		Fields:   Fields{ID: "user_id", Name: "name", Email: "email", Verified: "email_verified", Image: "picture"},
		Complete: paypalSubject,
	}
}

// paypalSubject: an ID token that comes along must be of the same person.
func paypalSubject(_ context.Context, p *Provider, t *Tokens, profile *Profile) error {
	if t.IDToken == "" {
		return nil
	}
	var claims jwt.Claims
	token, err := jwt.ParseSigned(t.IDToken, append(p.algorithms(), jose.HS256))
	if err == nil {
		err = token.UnsafeClaimsWithoutVerification(&claims)
	}
	if err != nil || claims.Subject == "" || claims.Subject != or(text(profile.Raw["sub"]), profile.ID) {
		return fmt.Errorf("%w: %s tells of another person than in the ID token", ErrNoProfile, p.ID)
	}
	return nil
}

func polar() Definition {
	return Definition{
		ID: "polar", Name: "Polar",
		Authorize: "https://polar.sh/oauth2/authorize",
		Exchange:  "https://api.polar.sh/v1/oauth2/token",
		UserInfo:  "https://api.polar.sh/v1/oauth2/userinfo",
		Scopes:    []string{"openid", "profile", "email"},
		Fields:    Fields{ID: "id|sub", Name: "public_name|username|name", Email: "email", Verified: "email_verified", Image: "avatar_url|picture"},
	}
}

func roblox() Definition {
	return Definition{
		ID: "roblox", Name: "Roblox",
		Authorize: "https://apis.roblox.com/oauth/v1/authorize",
		Exchange:  "https://apis.roblox.com/oauth/v1/token",
		UserInfo:  "https://apis.roblox.com/oauth/v1/userinfo",
		Scopes:    []string{"openid", "profile"},
		Params:    map[string]string{"prompt": "select_account consent"},
		NoPKCE:    true, Placeholder: true,
		Fields: Fields{ID: "sub", Name: "nickname|preferred_username", Image: "picture"},
	}
}

func spotify() Definition {
	return Definition{
		ID: "spotify", Name: "Spotify",
		Authorize: "https://accounts.spotify.com/authorize",
		Exchange:  "https://accounts.spotify.com/api/token",
		UserInfo:  "https://api.spotify.com/v1/me",
		Scopes:    []string{"user-read-email"},
		Fields:    Fields{ID: "id", Name: "display_name", Email: "email", Image: "images 0 url"},
	}
}

func twitch() Definition {
	return Definition{
		ID: "twitch", Name: "Twitch",
		Authorize: "https://id.twitch.tv/oauth2/authorize",
		Exchange:  "https://id.twitch.tv/oauth2/token",
		Issuers:   []string{"https://id.twitch.tv/oauth2"},
		JWKS:      "https://id.twitch.tv/oauth2/keys",
		Scopes:    []string{"user:read:email", "openid"},
		Params: map[string]string{
			"claims": `{"id_token":{"email":null,"email_verified":null,"preferred_username":null,"picture":null}}`,
		},
		NoPKCE: true, Identity: fromIDToken, Nonce: true, NoApps: true,
		Fields: Fields{ID: "sub", Name: "preferred_username", Email: "email", Verified: "email_verified", Image: "picture"},
	}
}

func zoom() Definition {
	return Definition{
		ID: "zoom", Name: "Zoom",
		Authorize: "https://zoom.us/oauth/authorize",
		Exchange:  "https://zoom.us/oauth/token",
		UserInfo:  "https://api.zoom.us/v2/users/me",
		Fields:    Fields{ID: "id", Name: "display_name", Email: "email", Verified: "verified", Image: "pic_url"},
	}
}

// bareHost is a host as people write it, without scheme and slash.
func bareHost(text string) string {
	text = strings.TrimPrefix(strings.TrimPrefix(text, "https://"), "http://")
	return strings.TrimRight(text, "/")
}

// split is a list of a setting.
func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
