package core

import (
	"net/url"
	"strings"

	"authd/auth/internal/api"
)

// longestImage bounds the address of a picture: it travels in cookies and tokens.
const longestImage = 8192

// CheckImage refuses the address of a picture that is not loaded over https: apps
// put it into their pages, where anything else is a script, or a leak. One of this
// server's own may be what the server is.
func (c *Core) CheckImage(address *string) error {
	if address == nil || *address == "" || strings.HasPrefix(*address, c.Config.URL+"/") {
		return nil
	}
	u, err := url.Parse(*address)
	if err != nil || u.Scheme != "https" || u.Host == "" || len(*address) > longestImage {
		return api.Invalid("body.image", "Invalid URL: expected https")
	}
	return nil
}
