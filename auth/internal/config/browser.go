package config

// Bearer is for apps that keep no cookies.
type Bearer struct {
	Enabled          bool `toml:"enabled" default:"true" doc:"Authorization: Bearer with a session token counts as a session; answers that give a session tell it in set-auth-token."`
	RequireSignature bool `toml:"require_signature" default:"false" doc:"Only tokens with their signature count, as set-auth-token has them."`
}
