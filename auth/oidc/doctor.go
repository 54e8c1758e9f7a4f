package oidc

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Diagnosis is what is noticed about a client.
type Diagnosis struct {
	ClientID string    `json:"client_id"`
	Findings []Finding `json:"findings"`
	Failures []Failure `json:"failures"`
}

// Finding is one thing to look at: a problem stops people, a warning may.
type Finding struct {
	Level string `json:"level"`
	Text  string `json:"text"`
}

// Levels of a Finding.
const (
	levelProblem = "problem"
	levelWarning = "warning"
	levelNote    = "note"
)

// Doctor looks at a client's configuration and its last failures. Errors: ErrClientNotFound.
func (s *Service) Doctor(ctx context.Context, clientID string) (*Diagnosis, error) {
	c, err := s.Client(ctx, clientID)
	if err != nil {
		return nil, err
	}
	d := &Diagnosis{ClientID: c.ID, Findings: []Finding{}}
	add := func(level, format string, args ...any) {
		d.Findings = append(d.Findings, Finding{level, fmt.Sprintf(format, args...)})
	}
	s.examineAccess(c, s.now(ctx), add)
	s.examineRedirects(c, add)
	if d.Failures, err = listFailures(ctx, s.core.DB, clientID); err != nil {
		return nil, err
	}
	if d.Failures == nil {
		d.Failures = []Failure{}
	}
	return d, nil
}

type finder func(level, format string, args ...any)

// examineAccess looks at who the client is and what it may ask for.
func (s *Service) examineAccess(c *Client, now time.Time, add finder) {
	if c.Disabled {
		add(levelProblem, "it is disabled: every request of its is refused")
	}
	if c.Unverified {
		add(levelWarning, "it registered itself and nobody has looked at it: people see a warning")
	}
	if c.hasSecret() && c.secretHash == "" {
		add(levelProblem, "it must prove itself with %s but has no secret", c.TokenEndpointAuthMethod)
	}
	for _, old := range c.Settings.PreviousSecrets {
		switch {
		case old.Expires.IsZero():
			add(levelWarning, "an older secret still counts, without an end")
		case now.Before(old.Expires):
			add(levelNote, "an older secret still counts until %s", old.Expires.Format(time.RFC3339))
		}
	}
	allowed := c.allowedScopes(s.cfg.Scopes)
	for _, scope := range c.Scopes {
		if !slices.Contains(allowed, scope) {
			add(levelProblem, "it may ask for %s, which this server does not have any more", scope)
		}
	}
	if len(c.Scopes) > 0 && !slices.Contains(c.Scopes, scopeOpenID) {
		add(levelNote, "it may not ask for openid: it gets no ID tokens and no userinfo")
	}
	if c.PKCEOptional {
		add(levelWarning, "it may go without PKCE: set require_pkce when it can send a code_challenge")
	}
	if err := s.checkSubject(c); err != nil {
		add(levelProblem, "%s", err.Description)
	}
	if c.LastUsedAt == nil && now.Sub(c.CreatedAt) > 30*24*time.Hour {
		add(levelNote, "it has not been used since it was made")
	}
}

// examineRedirects looks at where people are sent back to.
func (s *Service) examineRedirects(c *Client, add finder) {
	if slices.Contains(c.GrantTypes, grantCode) && len(c.RedirectURIs) == 0 {
		add(levelProblem, "it has no redirect URI: nobody can sign in")
	}
	plain := strings.HasPrefix(s.issuer, "http://")
	for _, uri := range c.RedirectURIs {
		if wrong := checkRedirect(uri, c.Public(), plain); wrong != "" {
			add(levelProblem, "redirect URI %s %s", uri, wrong)
			continue
		}
		where, _ := placeOf(uri)
		switch {
		case where == placePlain:
			add(levelWarning, "redirect URI %s is not encrypted: codes can be read on the way", uri)
		case where == placeLoopback && c.ApplicationType == typeWeb:
			add(levelWarning, "redirect URI %s leads to the person's own computer: good for developing only", uri)
		case where == placeLoopback && strings.HasPrefix(uri, "http://localhost"):
			add(levelNote, "redirect URI %s: 127.0.0.1 is better, localhost may lead elsewhere (RFC 8252 section 8.3)", uri)
		}
	}
}
