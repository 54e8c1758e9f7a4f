package testkit

// peopleShapes are those of networks.
func peopleShapes() []Shape {
	return []Shape{
		{
			ID:        "discord",
			Authorize: "discord.com/api/oauth2/authorize", Exchange: "discord.com/api/oauth2/token",
			Scope: "identify email", NoPKCE: true, Params: map[string]string{"prompt": "none"},
			API: map[string]string{
				"GET discord.com/api/users/@me": `{"id":"80351110224678912","username":"ada","discriminator":"0","global_name":"Ada King","avatar":"a_8342729096ea3675442027381ff50dfe","verified":true,"email":"ada@example.com","mfa_enabled":true,"locale":"en-US"}`,
			},
		},
		{
			ID: "reddit", Config: "duration = 'permanent'\n",
			Authorize: "www.reddit.com/api/v1/authorize", Exchange: "www.reddit.com/api/v1/access_token",
			Scope: "identity", NoPKCE: true, Basic: true, Params: map[string]string{"duration": "permanent"},
			API: map[string]string{
				"GET oauth.reddit.com/api/v1/me": `{"id":"1qwh0","name":"ada","icon_img":"https://styles.redditmedia.com/a.png?width=256&s=1","has_verified_email":true}`,
			},
		},
		{
			ID:        "slack",
			Authorize: "slack.com/openid/connect/authorize", Exchange: "slack.com/api/openid.connect.token",
			Scope: "openid profile email", NoPKCE: true, More: map[string]any{"ok": true},
			API: map[string]string{
				"GET slack.com/api/openid.connect.userInfo": `{"ok":true,"sub":"U0R7JM","https://slack.com/user_id":"U0R7JM","https://slack.com/team_id":"T0R7GR","email":"ada@example.com","email_verified":true,"name":"Ada King","picture":"https://secure.gravatar.com/a.png"}`,
			},
		},
		{
			ID:        "tiktok",
			Authorize: "www.tiktok.com/v2/auth/authorize", Exchange: "open.tiktokapis.com/v2/oauth/token/",
			Client: "client_key", Scope: "user.info.profile", NoPKCE: true, More: map[string]any{"open_id": "afd97af1"},
			API: map[string]string{
				"GET open.tiktokapis.com/v2/user/info/": `{"data":{"user":{"open_id":"afd97af1","display_name":"Ada King","username":"ada","avatar_large_url":"https://p19.tiktokcdn-us.com/a.jpg"}},"error":{"code":"ok","message":"","log_id":"1"}}`,
			},
		},
		{
			ID:        "twitter",
			Authorize: "x.com/i/oauth2/authorize", Exchange: "api.x.com/2/oauth2/token",
			Scope: "users.read tweet.read offline.access users.email", Basic: true,
			API: map[string]string{
				"GET api.x.com/2/users/me": `{"data":{"id":"2244994945","name":"Ada King","username":"ada","profile_image_url":"https://pbs.twimg.com/a.png","confirmed_email":"ada@example.com"}}`,
			},
		},
	}
}

// messengerShapes are those of messengers.
func messengerShapes() []Shape {
	return []Shape{
		{
			ID:        "vk",
			Authorize: "id.vk.com/authorize", Exchange: "id.vk.com/oauth2/auth",
			Scope: "email phone", TokenInForm: true, Back: map[string]string{"device_id": "device-1"},
			API: map[string]string{
				"POST id.vk.com/oauth2/user_info": `{"user":{"user_id":"1234567890","first_name":"Ada","last_name":"King","avatar":"https://pp.userapi.com/a.jpg","email":"ada@example.com","sex":1,"verified":false,"birthday":"10.12.1815"}}`,
			},
		},
		{
			ID:        "wechat",
			Authorize: "open.weixin.qq.com/connect/qrconnect", Exchange: "api.weixin.qq.com/sns/oauth2/access_token", Refresh: "api.weixin.qq.com/sns/oauth2/refresh_token",
			Client: "appid", Scope: "snsapi_login", NoPKCE: true, GET: true, TokenInForm: true, TokenType: "text/plain", Params: map[string]string{"lang": "cn"},
			More: map[string]any{"openid": "oLVPpjqs9BhvzwPj5A-vTYAX3GLc", "unionid": "o6_bmasdasdsad6_2sgVt7hMZOPfL"},
			API: map[string]string{
				"GET api.weixin.qq.com/sns/userinfo": `{"openid":"oLVPpjqs9BhvzwPj5A-vTYAX3GLc","nickname":"Ada King","sex":1,"headimgurl":"https://thirdwx.qlogo.cn/a","unionid":"o6_bmasdasdsad6_2sgVt7hMZOPfL"}`,
			},
		},
		{
			ID:        "kakao",
			Authorize: "kauth.kakao.com/oauth/authorize", Exchange: "kauth.kakao.com/oauth/token",
			Scope: "account_email profile_image profile_nickname", NoPKCE: true,
			API: map[string]string{
				"GET kapi.kakao.com/v2/user/me": `{"id":9007199254740993,"kakao_account":{"profile":{"nickname":"Ada King","thumbnail_image_url":"https://k.kakaocdn.net/t.jpg","profile_image_url":"https://k.kakaocdn.net/a.jpg"},"is_email_valid":true,"is_email_verified":true,"email":"ada@example.com"}}`,
			},
		},
		{
			ID:        "line",
			Authorize: "access.line.me/oauth2/v2.1/authorize", Exchange: "api.line.me/oauth2/v2.1/token", JWKS: "api.line.me/oauth2/v2.1/certs",
			Scope: "openid profile email", Nonce: true,
			IDToken: map[string]any{
				"iss": "https://access.line.me", "sub": "U1234567890abcdef", "amr": []string{"pwd"}, "name": "Ada King", "picture": "https://profile.line-scdn.net/a", "email": "ada@example.com",
			},
		},
		{
			ID:        "naver",
			Authorize: "nid.naver.com/oauth2.0/authorize", Exchange: "nid.naver.com/oauth2.0/token",
			Scope: "profile email", NoPKCE: true, More: map[string]any{"expires_in": "3600"},
			API: map[string]string{
				"GET openapi.naver.com/v1/nid/me": `{"resultcode":"00","message":"success","response":{"id":"32742776","nickname":"ada","name":"Ada King","email":"ada@example.com","profile_image":"https://ssl.pstatic.net/a.gif"}}`,
			},
		},
	}
}
