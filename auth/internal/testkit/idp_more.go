package testkit

// moreShapes are those of games, music and payment.
func moreShapes() []Shape {
	return []Shape{
		{
			ID:        "kick",
			Authorize: "id.kick.com/oauth/authorize", Exchange: "id.kick.com/oauth/token",
			Scope: "user:read",
			API:   map[string]string{"GET api.kick.com/public/v1/users": `{"data":[{"user_id":4377,"name":"ada","email":"ada@example.com","profile_picture":"https://kick.com/a.webp"}],"message":"OK"}`},
		},
		{
			ID:        "paybin",
			Authorize: "idp.paybin.io/oauth2/authorize", Exchange: "idp.paybin.io/oauth2/token",
			Scope:   "openid email profile",
			IDToken: map[string]any{"iss": "https://idp.paybin.io", "sub": "pb-1", "email": "ada@example.com", "email_verified": true, "preferred_username": "ada"},
		},
		{
			ID: "paypal", Config: "environment = 'production'\n",
			Authorize: "www.paypal.com/signin/authorize", Exchange: "api-m.paypal.com/v1/oauth2/token",
			Basic:   true,
			IDToken: map[string]any{"iss": "https://www.paypal.com", "sub": "https://www.paypal.com/webapps/auth/identity/user/mWq6"},
			API: map[string]string{
				"GET api-m.paypal.com/v1/identity/oauth2/userinfo": `{"user_id":"https://www.paypal.com/webapps/auth/identity/user/mWq6","sub":"https://www.paypal.com/webapps/auth/identity/user/mWq6","name":"Ada King","given_name":"Ada","family_name":"King","email":"ada@example.com","email_verified":"true","payer_id":"WDJJHEBZ4X2LY"}`,
			},
		},
		{
			ID:        "roblox",
			Authorize: "apis.roblox.com/oauth/v1/authorize", Exchange: "apis.roblox.com/oauth/v1/token",
			Scope: "openid profile", NoPKCE: true, Params: map[string]string{"prompt": "select_account consent"},
			API: map[string]string{
				"GET apis.roblox.com/oauth/v1/userinfo": `{"sub":"1516563360","name":"ada","nickname":"Ada King","preferred_username":"ada","created_at":1584682495,"profile":"https://www.roblox.com/users/1516563360/profile","picture":"https://tr.rbxcdn.com/a.png"}`,
			},
		},
		{
			ID:        "spotify",
			Authorize: "accounts.spotify.com/authorize", Exchange: "accounts.spotify.com/api/token",
			Scope: "user-read-email",
			API:   map[string]string{"GET api.spotify.com/v1/me": `{"display_name":"Ada King","id":"ada1815","images":[{"url":"https://i.scdn.co/a","height":64,"width":64}],"email":"ada@example.com","type":"user"}`},
		},
	}
}

// genericShapes are the rest, and two that authd does not
// know by name.
func genericShapes() []Shape {
	return []Shape{
		{
			ID:        "twitch",
			Authorize: "id.twitch.tv/oauth2/authorize", Exchange: "id.twitch.tv/oauth2/token", JWKS: "id.twitch.tv/oauth2/keys",
			Scope: "user:read:email openid", NoPKCE: true, Nonce: true, More: map[string]any{"scope": []string{"openid", "user:read:email"}},
			Params: map[string]string{"claims": `{"id_token":{"email":null,"email_verified":null,"preferred_username":null,"picture":null}}`},
			IDToken: map[string]any{
				"iss": "https://id.twitch.tv/oauth2", "sub": "713936733", "preferred_username": "ada", "email": "ada@example.com", "email_verified": true, "picture": "https://static-cdn.jtvnw.net/a.png",
			},
		},
		{
			ID:        "zoom",
			Authorize: "zoom.us/oauth/authorize", Exchange: "zoom.us/oauth/token",
			API: map[string]string{
				"GET api.zoom.us/v2/users/me": `{"id":"zJKyaiAyTNC-MWjiWC18KQ","first_name":"Ada","last_name":"King","display_name":"Ada King","email":"ada@example.com","type":2,"verified":1,"pic_url":"https://us06web.zoom.us/p/a","status":"active"}`,
			},
		},
		{
			ID: "example", Generic: true, Config: `provider_id = "example"
client_id = "client"
client_secret = "secret"
discovery_url = "https://idp.example/.well-known/openid-configuration"
scopes = ["email"]
`,
			Discovery: "idp.example/.well-known/openid-configuration", Authorize: "idp.example/authorize", Exchange: "idp.example/token", JWKS: "idp.example/jwks",
			Scope: "openid email", Nonce: true, Back: map[string]string{"iss": "https://idp.example"},
			IDToken: map[string]any{"iss": "https://idp.example", "sub": "ada-1", "email": "ada@example.com", "email_verified": true, "name": "Ada King"},
		},
		{
			ID: "patreon", Generic: true, Config: `provider_id = "patreon"
name = "Patreon"
client_id = "client"
client_secret = "secret"
authorization_url = "https://www.patreon.com/oauth2/authorize"
token_url = "https://www.patreon.com/api/oauth2/token"
user_info_url = "https://www.patreon.com/api/oauth2/v2/identity?fields%5Buser%5D=email,full_name,image_url,is_email_verified"
scopes = ["identity[email]"]
id_claim = "data id"
name_claim = "data attributes full_name"
email_claim = "data attributes email"
email_verified_claim = "data attributes is_email_verified"
image_claim = "data attributes image_url"
`,
			Authorize: "www.patreon.com/oauth2/authorize", Exchange: "www.patreon.com/api/oauth2/token",
			Scope: "identity[email]",
			API: map[string]string{
				"GET www.patreon.com/api/oauth2/v2/identity": `{"data":{"attributes":{"email":"ada@example.com","full_name":"Ada King","image_url":"https://c10.patreonusercontent.com/a.jpeg","is_email_verified":true},"id":"12345","type":"user"},"links":{"self":"https://www.patreon.com/api/oauth2/v2/user/12345"}}`,
			},
		},
	}
}
