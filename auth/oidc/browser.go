package oidc

import (
	"fmt"

	"github.com/gorilla/securecookie"

	"authd/auth/internal/config"
	"authd/auth/internal/core"
)

// browsers makes and reads the cookie that binds flows to the browser they began
// in: a random value, signed and encrypted, so that nobody can plant one.
type browsers struct {
	name   string
	codecs []securecookie.Codec // the secret in force first
}

func newBrowsers(keys *core.Keyring, cfg *config.Config) (*browsers, error) {
	b := &browsers{name: cfg.Advanced.CookiePrefix + ".oauth_browser"}
	if cfg.Advanced.UseSecureCookies {
		b.name = "__Secure-" + b.name
	}
	hash, err := keys.Bytes("oauth browser signature", 32)
	if err != nil {
		return nil, err
	}
	block, err := keys.Bytes("oauth browser encryption", 32)
	if err != nil {
		return nil, err
	}
	for i := range hash {
		// No age: the flow's row has one, and the browser forgets the cookie when it ends.
		b.codecs = append(b.codecs, securecookie.New(hash[i], block[i]).MaxAge(0))
	}
	return b, nil
}

// write is the cookie's value for a secret.
func (b *browsers) write(secret string) (string, error) {
	value, err := b.codecs[0].Encode(b.name, secret)
	if err != nil {
		return "", fmt.Errorf("browser cookie: %w", err)
	}
	return value, nil
}

// read is the secret in a cookie's value, "" when it is not one of ours.
func (b *browsers) read(value string) string {
	for _, codec := range b.codecs {
		var secret string
		if codec.Decode(b.name, value, &secret) == nil {
			return secret
		}
	}
	return ""
}
