package oidc

import (
	"encoding/json"
	"time"
)

// Settings are what only some clients have. They are kept as one JSON value, so
// that a client without any costs nothing to read. The names are those of client
// metadata (RFC 7591 §2, OpenID Connect Registration §2) where there is one.
type Settings struct {
	// AccessTokenFormat is opaque or jwt (RFC 9068); "" leaves it to the resource.
	AccessTokenFormat     string `json:"access_token_format,omitempty"`
	RequirePAR            bool   `json:"require_pushed_authorization_requests,omitempty"` // RFC 9126 §6
	DPoPBoundAccessTokens bool   `json:"dpop_bound_access_tokens,omitempty"`              // RFC 9449 §5.2
	RequestObjectAlg      string `json:"request_object_signing_alg,omitempty"`
	RequireRequestObject  bool   `json:"require_signed_request_object,omitempty"` // RFC 9101 §10.5
	AssertionAlg          string `json:"token_endpoint_auth_signing_alg,omitempty"`
	UserinfoAlg           string `json:"userinfo_signed_response_alg,omitempty"`
	IntrospectionAlg      string `json:"introspection_signed_response_alg,omitempty"` // RFC 9701 §6
	// DefaultMaxAge is seconds; nil for none.
	DefaultMaxAge    *int64   `json:"default_max_age,omitempty"`
	RequireAuthTime  bool     `json:"require_auth_time,omitempty"`
	DefaultACRValues []string `json:"default_acr_values,omitempty"`
	RequestURIs      []string `json:"request_uris,omitempty"`
	// Resources are those it asked for when it was made, beside those it is linked to.
	Resources []string `json:"resources,omitempty"`
	// Profile is fapi2 where the client keeps to the FAPI 2.0 Security Profile.
	Profile string `json:"profile,omitempty"`
	// IDTokenExpiresIn is in seconds; 0 and what is longer than the server's: the server's.
	IDTokenExpiresIn int64 `json:"id_token_expires_in,omitempty"`
	// Claims are added to the client's ID tokens and JWT access tokens as they stand.
	Claims map[string]json.RawMessage `json:"claims,omitempty"`
	// TokenExchange are the ids of the clients whose tokens it may exchange
	// (RFC 8693), "*" for all; Impersonate allows tokens without act.
	TokenExchange []string `json:"token_exchange,omitempty"`
	Impersonate   bool     `json:"token_exchange_impersonation,omitempty"`
	// MayAct is the client that alone may exchange this one's tokens (RFC 8693 §4.4).
	MayAct string `json:"may_act,omitempty"`
	// PreviousSecrets are good beside the current one.
	PreviousSecrets []previousSecret `json:"previous_secrets,omitempty"`
	// DocumentUntil is how long what its metadata document said counts.
	DocumentUntil time.Time `json:"document_until,omitzero"`
	// Checked: an administrator has looked at it as it is; see keepCheck.
	Checked bool `json:"checked,omitempty"`
	// Response types and modes as they were registered, for the record.
	ResponseTypes []string `json:"response_types,omitempty"`
}

// previousSecret is one that was replaced and still counts, for rotation without a gap.
type previousSecret struct {
	ID      string    `json:"id"`
	Hash    string    `json:"hash"`
	Created time.Time `json:"created_at"`
	Expires time.Time `json:"expires_at"` // zero: until it is removed
}

// Who made a client.
const (
	madeByOperator = "operator"
	madeByPerson   = "person"   // who is signed in, for themselves
	madeByItself   = "dynamic"  // RFC 7591
	madeByDocument = "metadata" // its id is the address of its metadata document
)

// Kinds of subject identifier (OpenID Connect Core §8).
const (
	subjectPublic   = "public"
	subjectPairwise = "pairwise"
)

func parseSettings(raw string) Settings {
	var s Settings
	if raw != "{}" && json.Unmarshal([]byte(raw), &s) != nil {
		return Settings{} // only this package writes them
	}
	return s
}

func (s *Settings) String() string {
	b, err := json.Marshal(s)
	if err != nil { // nothing in it fails to marshal but broken Claims, which are checked before
		return "{}"
	}
	return string(b)
}
