package config

// Expo is apps made with Expo that sign in through the phone's browser.
type Expo struct {
	Enabled bool `toml:"enabled" default:"false" doc:"Apps with better-auth's Expo client sign in through the phone's browser: a redirect to an app's own scheme in trusted_origins carries the session to it. Any app on the phone may claim a scheme, so this is for schemes that are yours alone."`
}

// OneTap is Google One Tap.
type OneTap struct {
	Enabled       bool `toml:"enabled" default:"false" doc:"Google One Tap: apps sign people in with the ID token that it gives them. Needs [social_providers.google]."`
	DisableSignUp bool `toml:"disable_sign_up" default:"false" doc:"Only people who have an account get in by it."`
}

// PATSignin is signing in with a personal access token of GitHub.
type PATSignin struct {
	Enabled       bool     `toml:"enabled" default:"false" doc:"POST /api/auth/pat-signin takes a personal access token of GitHub. Whoever has such a token of somebody's is let in as them."`
	Organizations []string `toml:"organizations" doc:"Only members of one of these organizations get in; the token must let authd read them (read:org)."`
	DisableSignUp bool     `toml:"disable_sign_up" default:"false" doc:"Only people who have an account get in by it."`
}
