package config

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
