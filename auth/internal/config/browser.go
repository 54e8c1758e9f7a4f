package config

import "time"

// Bearer is for apps that keep no cookies.
type Bearer struct {
	Enabled          bool `toml:"enabled" default:"true" doc:"Authorization: Bearer with a session token counts as a session; answers that give a session tell it in set-auth-token."`
	RequireSignature bool `toml:"require_signature" default:"false" doc:"Only tokens with their signature count, as set-auth-token has them."`
}

// MultiSession is several accounts in one browser.
type MultiSession struct {
	Enabled         bool `toml:"enabled" default:"true" doc:"Several people, or several accounts of one, are signed in in one browser and change over without signing in again."`
	MaximumSessions int  `toml:"maximum_sessions" default:"5" min:"1" max:"20" doc:"How many accounts one browser keeps; a further one is signed in, and not kept."`
}

// OneTimeToken carries a session from one place to another.
type OneTimeToken struct {
	Enabled               bool          `toml:"enabled" default:"false" doc:"An app may get a token that opens its session once, somewhere else: on another domain, in a browser that it starts."`
	ExpiresIn             time.Duration `toml:"expires_in" default:"3m" min:"10s" max:"1h" doc:"How long such a token works."`
	DisableClientRequest  bool          `toml:"disable_client_request" default:"false" doc:"Apps cannot ask for one; they get one with a new session, where set_ott_header_on_new_session is on."`
	DisableSetCookie      bool          `toml:"disable_set_session_cookie" default:"false" doc:"Using one tells the session and sets no cookie."`
	SetHeaderOnNewSession bool          `toml:"set_ott_header_on_new_session" default:"false" doc:"Every answer that makes a session has such a token in the header set-ott."`
}

// LastLoginMethod is what a browser signed in with last.
type LastLoginMethod struct {
	Enabled         bool          `toml:"enabled" default:"true" doc:"A cookie that pages may read tells what the browser signed in with last; /login marks it."`
	CookieName      string        `toml:"cookie_name" default:"better-auth.last_used_login_method" doc:"Name of that cookie."`
	MaxAge          time.Duration `toml:"max_age" default:"30d" min:"1m" max:"400d" doc:"How long it is kept."`
	StoreInDatabase bool          `toml:"store_in_database" default:"false" doc:"Users have it too, in the field lastLoginMethod."`
}
