package oidc

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"authd/auth/internal/api"
)

// everything is client metadata with every field that is known.
const everything = `{
"redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "client_secret_post", "grant_types": ["authorization_code"],
"response_types": ["code"], "application_type": "native", "client_name": "App", "client_uri": "https://app.example", "logo_uri": "https://app.example/l.png",
"tos_uri": "https://app.example/tos", "policy_uri": "https://app.example/policy", "contacts": ["a@app.example"], "scope": "openid email",
"software_id": "s", "software_version": "1", "jwks": {"keys":[]}, "jwks_uri": "https://app.example/jwks", "subject_type": "pairwise",
"sector_identifier_uri": "https://app.example/sector", "id_token_signed_response_alg": "ES256", "userinfo_signed_response_alg": "RS256",
"introspection_signed_response_alg": "EdDSA", "token_endpoint_auth_signing_alg": "ES256", "request_object_signing_alg": "ES256",
"require_signed_request_object": true, "request_uris": ["https://app.example/r"], "require_pushed_authorization_requests": true,
"dpop_bound_access_tokens": true, "default_max_age": 0, "require_auth_time": true, "default_acr_values": ["0"], "initiate_login_uri": "https://app.example/login",
"post_logout_redirect_uris": ["https://app.example/out"], "backchannel_logout_uri": "https://app.example/b", "backchannel_logout_session_required": true,
"frontchannel_logout_uri": "https://app.example/f", "frontchannel_logout_session_required": true,
"skip_consent": true, "enable_end_session": true, "require_pkce": false, "client_credentials_scopes": ["openid"], "access_token_expires_in": 60,
"refresh_token_expires_in": 120, "id_token_expires_in": 90, "access_token_format": "jwt", "profile": "fapi2", "claims": {"team":7}, "token_exchange": ["*"],
"token_exchange_impersonation": true, "metadata": {"k":1}}`

// TestMetadataBothWays: what a client says comes back as it was said (RFC 7591 §3.2.1).
func TestMetadataBothWays(t *testing.T) {
	t.Parallel()
	c, err := clientOf([]byte(everything), true)
	if err != nil {
		t.Fatal(err)
	}
	c.ID = "app"
	told, err := json.Marshal(c.Info(""))
	if err != nil {
		t.Fatal(err)
	}
	var want, got map[string]any
	if err := errors.Join(json.Unmarshal([]byte(everything), &want), json.Unmarshal(told, &got)); err != nil {
		t.Fatal(err)
	}
	for _, own := range []string{"client_id", "client_secret_expires_at", "client_id_issued_at", "disabled"} {
		if _, there := got[own]; !there {
			t.Errorf("%s is missing", own)
		}
		delete(got, own)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	// And through the database's form.
	settings := parseSettings(c.Settings.String())
	if !reflect.DeepEqual(settings, c.Settings) {
		t.Errorf("settings\ngot  %+v\nwant %+v", settings, c.Settings)
	}
}

// TestMetadataOfStrangers: who is not trusted cannot take what only the operator gives.
func TestMetadataOfStrangers(t *testing.T) {
	t.Parallel()
	c, err := clientOf([]byte(everything), false)
	if err != nil {
		t.Fatal(err)
	}
	_, powers := metadataOf(&c)
	want := ClientPowers{EnableEndSession: true} // it named where to go after signing out
	if !reflect.DeepEqual(powers, want) {
		t.Errorf("got %+v", powers)
	}
	shouted, err := clientOf([]byte(strings.ReplaceAll(everything, `"skip_consent"`, `"SKIP_CONSENT"`)), false)
	if err != nil || shouted.SkipConsent {
		t.Errorf("skips consent: %v, %v", shouted.SkipConsent, err)
	}
}

// TestMetadataChanges: null takes away, absent stays (RFC 7592 §2.2 replaces all: from an empty client).
func TestMetadataChanges(t *testing.T) {
	t.Parallel()
	c, err := clientOf([]byte(everything), true)
	if err != nil {
		t.Fatal(err)
	}
	next, err := withMetadata(&c, []byte(`{"client_name":"Other","logo_uri":null,"default_max_age":null,"redirect_uris":["https://app.example/2"],"require_pkce":null}`), true)
	if err != nil {
		t.Fatal(err)
	}
	want := c
	want.Name, want.Icon, want.Settings.DefaultMaxAge, want.RedirectURIs, want.PKCEOptional = "Other", "", nil, []string{"https://app.example/2"}, false
	if !reflect.DeepEqual(next, want) {
		t.Errorf("got  %+v\nwant %+v", next, want)
	}
	if c.RedirectURIs[0] != "https://app.example/cb" || c.Name != "App" {
		t.Errorf("the client itself changed: %+v", c)
	}
	for raw, words := range map[string]string{
		`[]`: "a JSON object", `null`: "a JSON object", `{`: "a JSON object", `"x"`: "a JSON object",
		`{"redirect_uris":"https://app.example"}`: "redirect_uris must be a list",
		`{"redirect_uris":[1]}`:                   "must be a text",
		`{"client_name":7}`:                       "client_name must be a text",
		`{"dpop_bound_access_tokens":"yes"}`:      "dpop_bound_access_tokens must be true or false",
		`{"default_max_age":1.5}`:                 "default_max_age must be a whole number",
		`{"claims":[]}`:                           "claims must be an object",
	} {
		_, err := withMetadata(&c, []byte(raw), true)
		var refused *api.OAuthError
		if !errors.As(err, &refused) || refused.Code != invalidMetadata || !strings.Contains(refused.Description, words) {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
