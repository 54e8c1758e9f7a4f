package oidc

import (
	"bytes"
	"context"
	"encoding/base64"
	"sync"
	"time"

	"authd/auth/internal/egress"
)

// People are shown a client's picture when they are asked (OpenID Connect Registration
// §2, logo_uri). authd fetches it and puts it into the page: the page may load nothing
// from elsewhere, and whoever keeps the picture learns nothing of who looks at it.

const (
	logoMaxBody = 128 << 10
	logoTimeout = 2 * time.Second // the page waits for it, and does without
	logoLife    = time.Hour
	logoAway    = 5 * time.Minute // how long it is not asked for again where it is none
	logosKept   = 32
)

// logos are the pictures that were read lately, each as a data URL.
type logos struct {
	limit readLimit

	mu sync.Mutex
	of map[string]logo
}

type logo struct {
	data  string // "" where there is none
	until time.Time
}

// logo is a client's picture as a data URL, "" without one that can be shown.
func (s *Service) logo(ctx context.Context, c *Client) string {
	if c.Icon == "" {
		return ""
	}
	trusted, now := c.Registration == madeByOperator, s.now(ctx)
	name := c.Icon
	if trusted { // what was read for an operator's client is not shown for a stranger's
		name = "trusted " + name
	}
	s.logos.mu.Lock()
	kept, there := s.logos.of[name]
	s.logos.mu.Unlock()
	if there && now.Before(kept.until) {
		return kept.data
	}
	if !s.logos.limit.take(c.Icon, now) {
		return ""
	}
	read := logo{until: now.Add(logoAway)}
	document, err := s.core.Egress.Fetch(ctx, c.Icon, egress.Want{
		Trusted: trusted, Accept: "image/png, image/webp, image/jpeg, image/gif", MaxBody: logoMaxBody, Timeout: logoTimeout,
	})
	if kind := pictureType(document.Body); err == nil && kind != "" {
		read = logo{"data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(document.Body), now.Add(logoLife)}
	}
	s.logos.mu.Lock()
	defer s.logos.mu.Unlock()
	if len(s.logos.of) >= logosKept || s.logos.of == nil {
		s.logos.of = map[string]logo{}
	}
	s.logos.of[name] = read
	return read.data
}

// pictureType tells pictures by how they begin, whatever they are said to be; "" for
// anything else. SVG is not among them: it is a document of its own.
func pictureType(body []byte) string {
	switch {
	case bytes.HasPrefix(body, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(body, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case bytes.HasPrefix(body, []byte("GIF87a")), bytes.HasPrefix(body, []byte("GIF89a")):
		return "image/gif"
	case len(body) > 12 && string(body[:4]) == "RIFF" && string(body[8:12]) == "WEBP":
		return "image/webp"
	default:
		return ""
	}
}
