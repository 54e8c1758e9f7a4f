package upstream

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func discord() Definition {
	return Definition{
		ID: "discord", Name: "Discord",
		Authorize: "https://discord.com/api/oauth2/authorize",
		Exchange:  "https://discord.com/api/oauth2/token",
		UserInfo:  "https://discord.com/api/users/@me",
		Scopes:    []string{"identify", "email"},
		Params:    map[string]string{"prompt": "none", "permissions": "{permissions}"},
		Settings:  []Setting{{Key: "permissions"}},
		NoPKCE:    true,
		Fields:    Fields{ID: "id", Name: "global_name|username", Email: "email", Verified: "verified"},
		Prepare: func(p *Provider, _ func(string) string) error {
			if !slices.Contains(p.scopes, "bot") {
				delete(p.def.Params, "permissions")
			}
			return nil
		},
		Complete: discordImage,
	}
}

// discordImage makes the address of the picture, as Discord documents it.
func discordImage(_ context.Context, _ *Provider, _ *Tokens, profile *Profile) error {
	if avatar := text(profile.Raw["avatar"]); avatar != "" {
		format := "png"
		if strings.HasPrefix(avatar, "a_") {
			format = "gif"
		}
		profile.Image = "https://cdn.discordapp.com/avatars/" + url.PathEscape(profile.ID) + "/" + url.PathEscape(avatar) + "." + format
	} else {
		number, err := strconv.ParseUint(text(profile.Raw["discriminator"]), 10, 32)
		number %= 5
		if id, idErr := strconv.ParseUint(profile.ID, 10, 64); err != nil || text(profile.Raw["discriminator"]) == "0" {
			number = 0
			if idErr == nil {
				number = id >> 22 % 6
			}
		}
		profile.Image = "https://cdn.discordapp.com/embed/avatars/" + strconv.FormatUint(number, 10) + ".png"
	}
	profile.Raw["image_url"] = profile.Image
	return nil
}

func reddit() Definition {
	return Definition{
		ID: "reddit", Name: "Reddit",
		Authorize: "https://www.reddit.com/api/v1/authorize",
		Exchange:  "https://www.reddit.com/api/v1/access_token",
		UserInfo:  "https://oauth.reddit.com/api/v1/me",
		Scopes:    []string{"identity"},
		Params:    map[string]string{"duration": "{duration}"},
		Settings:  []Setting{{Key: "duration"}},
		Auth:      authBasic, NoPKCE: true, Placeholder: true,
		Fields: Fields{ID: "id", Name: "name", Image: "icon_img"},
		Complete: func(_ context.Context, _ *Provider, _ *Tokens, profile *Profile) error {
			profile.Image, _, _ = strings.Cut(profile.Image, "?")
			return nil
		},
	}
}

func slack() Definition {
	return Definition{
		ID: "slack", Name: "Slack",
		Authorize: "https://slack.com/openid/connect/authorize",
		Exchange:  "https://slack.com/api/openid.connect.token",
		UserInfo:  "https://slack.com/api/openid.connect.userInfo",
		Scopes:    []string{"openid", "profile", "email"},
		NoPKCE:    true,
		Fields: Fields{
			ID: "https://slack.com/user_id", Name: "name", Email: "email", Verified: "email_verified",
			Image: "picture|https://slack.com/user_image_512",
		},
	}
}

func tiktok() Definition {
	return Definition{
		ID: "tiktok", Name: "TikTok",
		Authorize: "https://www.tiktok.com/v2/auth/authorize",
		Exchange:  "https://open.tiktokapis.com/v2/oauth/token/",
		UserInfo:  "https://open.tiktokapis.com/v2/user/info/?fields=open_id,avatar_large_url,display_name,username",
		Scopes:    []string{"user.info.profile"},
		Separator: ",",
		Settings:  []Setting{{Key: "client_key", Required: true}},
		NoPKCE:    true, Placeholder: true,
		Fields: Fields{
			ID: "data user open_id", Name: "data user display_name|data user username", Email: "data user email", Image: "data user avatar_large_url",
		},
		Authorise: func(_ *Provider, query url.Values) string {
			rename(query, "client_id", "client_key")
			return ""
		},
		Request: func(_ *Provider, r *tokenRequest) { rename(r.Form, "client_id", "client_key") },
	}
}

func rename(values url.Values, from, to string) {
	values[to] = values[from]
	delete(values, from)
}

func twitter() Definition {
	return Definition{
		ID: "twitter", Name: "X",
		Authorize: "https://x.com/i/oauth2/authorize",
		Exchange:  "https://api.x.com/2/oauth2/token",
		UserInfo:  "https://api.x.com/2/users/me?user.fields=profile_image_url",
		Scopes:    []string{"users.read", "tweet.read", "offline.access", "users.email"},
		Auth:      authBasic, Public: true, Placeholder: true,
		Fields:   Fields{ID: "data id", Name: "data name", Image: "data profile_image_url"},
		Complete: twitterEmail,
	}
}

// twitterEmail asks for the address on its own: apps that may not have it get an
// error for the whole request.
func twitterEmail(ctx context.Context, p *Provider, t *Tokens, profile *Profile) error {
	found, err := p.call(ctx, apiRequest{URL: "https://api.x.com/2/users/me?user.fields=confirmed_email", Token: t.AccessToken})
	if err != nil {
		return nil //nolint:nilerr // see above: there is none to be had
	}
	if email := text(at(found, "data confirmed_email")); email != "" && text(at(found, "data id")) == profile.ID {
		profile.Email, profile.EmailVerified = email, true
		if data, ok := profile.Raw["data"].(map[string]any); ok {
			data["email"] = email
		}
	}
	return nil
}

func vk() Definition {
	return Definition{
		ID: "vk", Name: "VK",
		Authorize: "https://id.vk.com/authorize",
		Exchange:  "https://id.vk.com/oauth2/auth",
		UserInfo:  "https://id.vk.com/oauth2/user_info",
		Scopes:    []string{"email", "phone"},
		Public:    true,
		Fields:    Fields{ID: "user user_id", Name: "user first_name", Email: "user email", Image: "user avatar"},
		Fetch: func(ctx context.Context, p *Provider, t *Tokens) (map[string]any, error) {
			form := url.Values{"access_token": {t.AccessToken}, "client_id": {p.clientID()}}
			return p.call(ctx, apiRequest{Method: http.MethodPost, URL: p.def.UserInfo, Form: form})
		},
		Complete: func(_ context.Context, p *Provider, _ *Tokens, profile *Profile) error {
			if profile.Email == "" {
				return fmt.Errorf("%w: %s gives no address", ErrNoProfile, p.ID)
			}
			profile.Name = strings.TrimSpace(profile.Name + " " + text(at(profile.Raw, "user last_name")))
			return nil
		},
	}
}

func wechat() Definition {
	return Definition{
		ID: "wechat", Name: "WeChat",
		Authorize: "https://open.weixin.qq.com/connect/qrconnect",
		Exchange:  "https://api.weixin.qq.com/sns/oauth2/access_token",
		UserInfo:  "https://api.weixin.qq.com/sns/userinfo",
		Scopes:    []string{"snsapi_login"},
		Separator: ",",
		Params:    map[string]string{"lang": "{lang}"},
		Settings:  []Setting{{Key: "lang", Default: "cn"}},
		NoPKCE:    true, Placeholder: true,
		Fields: Fields{ID: "unionid|openid", Name: "nickname", Email: "email", Image: "headimgurl"},
		Authorise: func(_ *Provider, query url.Values) string {
			rename(query, "client_id", "appid")
			return "wechat_redirect"
		},
		Request: wechatRequest,
		Fetch:   wechatProfile,
	}
}

// wechatRequest: the token endpoint takes GET, has names of its own, and another
// address for refreshing.
func wechatRequest(_ *Provider, r *tokenRequest) {
	rename(r.Form, "client_id", "appid")
	rename(r.Form, "client_secret", "secret")
	delete(r.Form, "redirect_uri")
	r.Method = http.MethodGet
	if r.Form.Get("grant_type") == "refresh_token" {
		delete(r.Form, "secret")
		r.URL = "https://api.weixin.qq.com/sns/oauth2/refresh_token"
	}
}

// wechatProfile names the person by the openid that came with the tokens.
func wechatProfile(ctx context.Context, p *Provider, t *Tokens) (map[string]any, error) {
	answer, err := object(t.Raw)
	if err != nil || text(answer["openid"]) == "" {
		return nil, fmt.Errorf("%w: %s sent no openid", ErrNoProfile, p.ID)
	}
	query := url.Values{"access_token": {t.AccessToken}, "openid": {text(answer["openid"])}, "lang": {"zh_CN"}}
	found, err := p.call(ctx, apiRequest{URL: p.def.UserInfo + "?" + query.Encode()})
	if err != nil {
		return nil, err
	}
	if code := text(found["errcode"]); code != "" && code != "0" {
		return nil, fmt.Errorf("%w: %s answers with an error", ErrNoProfile, p.ID)
	}
	return found, nil
}
