package oidc

import (
	"slices"

	"authd/auth/internal/core"
)

// UserInfo is the claims that a scope gives access to (OpenID Connect Core §5.3, §5.4).
type UserInfo struct {
	Subject       string `json:"sub"`
	Name          string `json:"name,omitempty"`
	Picture       string `json:"picture,omitempty"`
	GivenName     string `json:"given_name,omitempty"`
	FamilyName    string `json:"family_name,omitempty"`
	Email         string `json:"email,omitempty"`
	EmailVerified *bool  `json:"email_verified,omitempty"`
	UpdatedAt     int64  `json:"updated_at,omitempty"`
	Username      string `json:"preferred_username,omitempty"`
	Phone         string `json:"phone_number,omitempty"`
	PhoneVerified *bool  `json:"phone_number_verified,omitempty"`

	more map[string]any // by configuration
}

// MarshalJSON puts the configured claims behind the standard ones.
func (u UserInfo) MarshalJSON() ([]byte, error) {
	type plain UserInfo
	return splice(plain(u), u.more)
}

// about is what a token may be told of a person: by its scopes (§5.4), by name
// (§5.5), and by configuration.
func (s *Service) about(u *core.User, subject string, t *accessToken) *UserInfo {
	info := &UserInfo{Subject: subject}
	named := parseRelease(t.claims).UserInfo
	has := func(scope, claim string) bool {
		return slices.Contains(t.scopes, scope) || slices.Contains(named, claim)
	}
	if has(scopeProfile, "name") {
		info.Name = u.Name
	}
	if u.Image != nil && has(scopeProfile, "picture") {
		info.Picture = *u.Image
	}
	given, family := splitName(u.Name)
	if has(scopeProfile, "given_name") {
		info.GivenName = given
	}
	if has(scopeProfile, "family_name") {
		info.FamilyName = family
	}
	if has(scopeEmail, "email") {
		info.Email = u.Email
	}
	if has(scopeEmail, "email_verified") {
		info.EmailVerified = &u.EmailVerified
	}
	if has(scopeProfile, "updated_at") {
		info.UpdatedAt = u.UpdatedAt.Unix()
	}
	if has(scopeProfile, claimUsername) {
		info.Username = u.Extra.Known("username")
	}
	info.addPhone(u, has(scopePhone, claimPhone), has(scopePhone, claimPhoneVerified))
	if len(s.claims) > 0 {
		info.more = s.scopeClaims(u, t.scopes)
		for _, standard := range []string{"name", "picture", "given_name", "family_name", "email", "email_verified"} {
			delete(info.more, standard) // those are the scopes' profile and email
		}
		info.standardFirst()
	}
	return info
}

// addPhone tells the number of somebody who has one, and whether it was proven.
func (u *UserInfo) addPhone(of *core.User, number, verified bool) {
	known := of.Extra.Known("phoneNumber")
	if known == "" {
		return
	}
	if number {
		u.Phone = known
	}
	if verified {
		proven := of.Extra.Known("phoneNumberVerified") == "true"
		u.PhoneVerified = &proven
	}
}

// standardFirst leaves out what configuration tells once more.
func (u *UserInfo) standardFirst() {
	for claim, told := range map[string]bool{
		"updated_at": u.UpdatedAt != 0, claimUsername: u.Username != "", claimPhone: u.Phone != "", claimPhoneVerified: u.PhoneVerified != nil,
	} {
		if told {
			delete(u.more, claim)
		}
	}
}
