package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// typUserinfo keeps a signed answer from being taken for an ID token (RFC 8725 §3.11).
const typUserinfo = "userinfo+jwt"

// userinfoAlg is how the client of a token wants its userinfo signed (OpenID
// Connect Registration §2); "" for plain JSON.
func (t *accessToken) userinfoAlg() string {
	if t.settings == "{}" {
		return ""
	}
	settings := parseSettings(t.settings)
	if !slices.Contains(signingAlgs(), settings.UserinfoAlg) {
		return ""
	}
	return settings.UserinfoAlg
}

// signUserInfo adds who says it, and to whom (OpenID Connect Core §5.3.2).
func (s *Service) signUserInfo(ctx context.Context, alg, clientID string, info *UserInfo) (string, error) {
	raw, err := json.Marshal(info)
	if err != nil {
		return "", fmt.Errorf("userinfo: %w", err)
	}
	claims := map[string]any{}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return "", fmt.Errorf("userinfo: %w", err)
	}
	claims["iss"], claims["aud"] = s.issuer, clientID
	return s.keys.signTyped(ctx, alg, typUserinfo, claims)
}
