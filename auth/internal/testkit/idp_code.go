package testkit

// codeShapes are those of people who write programs.
func codeShapes() []Shape {
	return []Shape{
		{
			ID:        "github",
			Authorize: "github.com/login/oauth/authorize", Exchange: "github.com/login/oauth/access_token",
			Scope: "read:user user:email",
			More:  map[string]any{"scope": "read:user,user:email"},
			API: map[string]string{
				"GET api.github.com/user":        `{"login":"ada","id":583231,"node_id":"MDQ6VXNlcjU4MzIzMQ==","name":null,"email":null,"avatar_url":"https://avatars.githubusercontent.com/u/583231?v=4","type":"User"}`,
				"GET api.github.com/user/emails": `[{"email":"old@example.com","verified":true,"primary":false,"visibility":null},{"email":"ada@example.com","verified":true,"primary":true,"visibility":"private"}]`,
			},
		},
		{
			ID: "gitlab", Config: "issuer = 'https://git.example.com/'\n",
			Authorize: "git.example.com/oauth/authorize", Exchange: "git.example.com/oauth/token",
			Scope: "read_user",
			API: map[string]string{
				"GET git.example.com/api/v4/user": `{"id":1,"username":"ada","name":"Ada King","state":"active","locked":false,"avatar_url":"https://git.example.com/a.png","email":"ada@example.com","confirmed_at":"2012-05-23T09:05:22Z"}`,
			},
		},
		{
			ID:        "atlassian",
			Authorize: "auth.atlassian.com/authorize", Exchange: "auth.atlassian.com/oauth/token",
			Scope: "read:jira-user offline_access", Params: map[string]string{"audience": "api.atlassian.com"},
			API: map[string]string{
				"GET api.atlassian.com/me": `{"account_type":"atlassian","account_id":"112233aa","email":"ada@example.com","name":"Ada King","picture":"https://avatar-management.atlassian.com/a","account_status":"active","nickname":"ada"}`,
			},
		},
		{
			ID:        "cloudflare",
			Authorize: "dash.cloudflare.com/oauth2/auth", Exchange: "dash.cloudflare.com/oauth2/token",
			Scope: "user-details.read", Basic: true,
			API: map[string]string{
				"GET api.cloudflare.com/client/v4/user": `{"success":true,"errors":[],"messages":[],"result":{"id":"7c5dae5552338874e5053f2534d2767a","email":"ada@example.com","first_name":"Ada","last_name":"King"}}`,
			},
		},
		{
			ID:        "figma",
			Authorize: "www.figma.com/oauth", Exchange: "api.figma.com/v1/oauth/token",
			Scope: "current_user:read", Basic: true,
			API: map[string]string{"GET api.figma.com/v1/me": `{"id":"936012","email":"ada@example.com","handle":"Ada King","img_url":"https://s3-alpha.figma.com/a"}`},
		},
		{
			ID:        "huggingface",
			Authorize: "huggingface.co/oauth/authorize", Exchange: "huggingface.co/oauth/token",
			Scope: "openid profile email",
			API: map[string]string{
				"GET huggingface.co/oauth/userinfo": `{"sub":"62f264b9f3c90f4b6514a269","name":"Ada King","preferred_username":"ada","profile":"https://huggingface.co/ada","picture":"https://huggingface.co/a.svg","email":"ada@example.com","email_verified":true,"isPro":false,"orgs":[]}`,
			},
		},
	}
}

// toolShapes are those of their tools.
func toolShapes() []Shape {
	return []Shape{
		{
			ID:        "linear",
			Authorize: "linear.app/oauth/authorize", Exchange: "api.linear.app/oauth/token",
			Scope: "read", NoPKCE: true,
			API: map[string]string{
				"POST api.linear.app/graphql": `{"data":{"viewer":{"id":"90fa1f7b","name":"Ada King","email":"ada@example.com","avatarUrl":"https://public.linear.app/a.png","active":true,"createdAt":"2024-01-01T00:00:00.000Z"}}}`,
			},
		},
		{
			ID:        "notion",
			Authorize: "api.notion.com/v1/oauth/authorize", Exchange: "api.notion.com/v1/oauth/token",
			NoPKCE: true, Basic: true, Params: map[string]string{"owner": "user"},
			APIHeader: map[string]string{"Notion-Version": "2022-06-28"},
			API: map[string]string{
				"GET api.notion.com/v1/users/me": `{"object":"user","id":"bot-1","type":"bot","bot":{"owner":{"type":"user","user":{"object":"user","id":"d40e767c","name":"Ada King","avatar_url":"https://s3.notion.so/a.png","type":"person","person":{"email":"ada@example.com"}}}}}`,
			},
		},
		{
			ID:        "railway",
			Authorize: "backboard.railway.com/oauth/auth", Exchange: "backboard.railway.com/oauth/token",
			Scope: "openid email profile", Basic: true,
			API: map[string]string{"GET backboard.railway.com/oauth/me": `{"sub":"user_1","email":"ada@example.com","name":"Ada King","picture":"https://railway.com/a.png"}`},
		},
		{
			ID:        "vercel",
			Authorize: "vercel.com/oauth/authorize", Exchange: "api.vercel.com/login/oauth/token",
			API: map[string]string{
				"GET api.vercel.com/login/oauth/userinfo": `{"sub":"345e869043f2e55","email":"ada@example.com","email_verified":true,"name":null,"preferred_username":"ada","picture":"https://vercel.com/a.png"}`,
			},
		},
		{
			ID:        "polar",
			Authorize: "polar.sh/oauth2/authorize", Exchange: "api.polar.sh/v1/oauth2/token",
			Scope: "openid profile email",
			API: map[string]string{
				"GET api.polar.sh/v1/oauth2/userinfo": `{"id":"1dbfc517","email":"ada@example.com","email_verified":true,"username":"ada","public_name":"Ada King","avatar_url":"https://polar.sh/a.png"}`,
			},
		},
	}
}
