package oidc

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// newSubjectKey is the key of pairwise subjects. They must outlive a change of
// the server's secret: without a secret of their own they follow the oldest one
// that is still configured.
func newSubjectKey(keys *core.Keyring, cfg config.OauthProvider) ([]byte, error) {
	if cfg.PairwiseSecret != "" {
		own, err := core.NewKeyring([]string{cfg.PairwiseSecret})
		if err != nil {
			return nil, err
		}
		keys = own
	}
	all, err := keys.Bytes("oauth pairwise subject", sha256.Size)
	if err != nil {
		return nil, err
	}
	return all[len(all)-1], nil
}

// subject is the name under which a client knows a person (OpenID Connect Core
// §8): the person's id, or for pairwise clients one that only clients of the same
// sector share, so that others cannot compare notes. It stands in ID tokens,
// userinfo, introspection, JWT access tokens and logout tokens alike. A hash has
// no way back: to find out whether a subject is somebody's, make theirs and compare.
func (s *Service) subject(c *Client, userID string) string {
	if c.SubjectType != subjectPairwise {
		return userID
	}
	sum := hmac.New(sha256.New, s.subjectKey)
	_, _ = sum.Write([]byte(sectorOf(c))) // a hash takes everything
	_, _ = sum.Write([]byte{0})
	_, _ = sum.Write([]byte(userID))
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
}

// isSubject tells whether the client knows that person by that name.
func (s *Service) isSubject(c *Client, userID, subject string) bool {
	return hmac.Equal([]byte(s.subject(c, userID)), []byte(subject))
}

// subjectOf is the subject of the person behind an access token.
func (s *Service) subjectOf(ctx context.Context, q store.Querier, t *accessToken) (string, error) {
	if t.subjectType != subjectPairwise || t.userID == "" {
		return t.userID, nil
	}
	c, err := s.client(ctx, q, t.clientID)
	if err != nil {
		return "", err
	}
	return s.subject(c, t.userID), nil
}

// sectorOf is the host that a client's pairwise subjects are for (OpenID Connect
// Core §8.1). Programs on people's own computers have no host that is theirs:
// each is a sector of its own.
func sectorOf(c *Client) string {
	if c.SectorIdentifierURI != "" {
		if u, err := url.Parse(c.SectorIdentifierURI); err == nil && u.Host != "" {
			return "host " + u.Host
		}
	}
	if host, one := redirectHost(c.RedirectURIs); one {
		return "host " + host
	}
	return "client " + c.ID
}

// redirectHost is the host that all redirect URIs share.
func redirectHost(uris []string) (host string, one bool) {
	for i, uri := range uris {
		where, name := placeOf(uri)
		if where != placeWeb && where != placePlain || i > 0 && name != host {
			return "", false
		}
		host = name
	}
	return host, host != ""
}

// checkSubject: pairwise needs to know for whom. Of several hosts, none is the
// one: then the client has to name it (OpenID Connect Core §8.1).
func (s *Service) checkSubject(c *Client) *api.OAuthError {
	if c.SubjectType != subjectPublic && c.SubjectType != subjectPairwise {
		return bad(invalidMetadata, "subject_type must be public or pairwise")
	}
	if uri := c.SectorIdentifierURI; uri != "" {
		if u, err := url.Parse(uri); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(uri) > maxRedirectURI {
			return bad(invalidMetadata, "sector_identifier_uri must be an https URL")
		}
		return nil
	}
	hosts := map[string]bool{}
	for _, uri := range c.RedirectURIs {
		if where, name := placeOf(uri); where == placeWeb || where == placePlain {
			hosts[name] = true
		}
	}
	if c.SubjectType == subjectPairwise && len(hosts) > 1 {
		return bad(invalidMetadata, "a pairwise client whose redirect URIs are on several hosts needs a sector_identifier_uri")
	}
	return nil
}
