package config

import (
	"strings"
)

// Passkey is signing in with a passkey (WebAuthn).
type Passkey struct {
	Enabled                bool             `toml:"enabled" default:"true" doc:"People sign in with passkeys, and add them to their account."`
	RPID                   string           `toml:"rp_id" shown:"the host of url" doc:"Domain that passkeys belong to: the host of url, or a domain above it that apps share. Passkeys made for another domain stop working: decide before people make them."`
	RPName                 string           `toml:"rp_name" shown:"rp_id" doc:"Name that authenticators show."`
	Origins                []string         `toml:"origins" shown:"url and trusted_origins" doc:"Origins beside url where passkeys may be used: https://app.example.com, or android:apk-key-hash:… for an app. They stand in /.well-known/webauthn, so that those of other domains work too."`
	AuthenticatorSelection PasskeySelection `toml:"authenticator_selection"`
	Registration           PasskeySignUp    `toml:"registration"`
}

// PasskeySelection is what an authenticator must do.
type PasskeySelection struct {
	ResidentKey             string `toml:"resident_key" default:"preferred" allowed:"discouraged,preferred,required" doc:"Whether authenticators keep passkeys so that nobody types a name to sign in."`
	UserVerification        string `toml:"user_verification" default:"preferred" allowed:"preferred,required" doc:"Whether PIN, finger or face are asked for. With required, a passkey that was used without is refused."`
	AuthenticatorAttachment string `toml:"authenticator_attachment" allowed:"platform,cross-platform" doc:"Only authenticators of the device itself (platform) or only those that can be taken off (cross-platform); both when empty."`
}

// PasskeySignUp is who may make a passkey.
type PasskeySignUp struct {
	RequireSession bool `toml:"require_session" default:"true" doc:"Only who is signed in makes a passkey through the API. When false, an app may sign people up with a passkey: it tells name and address in context."`
}

const androidApp = "android:apk-key-hash:"

func (c *Config) checkPasskey() error {
	p := &c.Passkey
	host := c.host()
	if p.RPID == "" {
		p.RPID = host
	}
	if p.RPName == "" {
		p.RPName = p.RPID
	}
	below := host == p.RPID || strings.HasSuffix(host, "."+p.RPID)
	if ascii, ok := AsciiDomain(p.RPID); p.RPID != host && (!ok || ascii != p.RPID || below && !strings.Contains(p.RPID, ".")) {
		return c.refuse("passkey.rp_id", p.RPID, "a domain such as example.com")
	}
	if !below && len(p.Origins) == 0 {
		return c.refuse("passkey.rp_id", p.RPID, "the host of url, "+host+", or a domain above it; another one only with passkey.origins")
	}
	for _, allowed := range p.Origins {
		if !origin(allowed) && !strings.HasPrefix(allowed, androidApp) {
			return c.refuse("passkey.origins", allowed, "origins such as https://app.example.com, or "+androidApp+"… of an app")
		}
	}
	return nil
}
