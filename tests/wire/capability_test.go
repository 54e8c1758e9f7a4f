package wire

import (
	"slices"
	"strings"
)

// capability is what one part of better-auth adds to answers beside its own endpoints.
type capability struct {
	Name    string
	Built   bool     // then its recordings are in force and nothing of it is left out
	Fields  []string // of users and sessions, also inside tokens
	Headers []string
	Cookies []string // a name after the prefix; * at its end stands for the rest
	Meta    []string // of the metadata documents
}

// capabilities is THE list of what is left out on both sides. Who builds a
// capability sets Built: its recordings then have to be carried, and what it
// adds elsewhere has to be there.
func capabilities() []capability {
	return []capability{
		{Name: "core", Built: true},
		{Name: "oidc", Built: true},
		{Name: "account", Built: true},
		{Name: "admin", Fields: []string{"impersonatedBy"}}, // role, banned, banReason and banExpires are served already
		{Name: "anonymous", Built: true, Fields: []string{"isAnonymous"}},
		{Name: "api_key"},
		{Name: "backchannel_logout", Built: true, Meta: []string{"backchannel_logout_supported", "backchannel_logout_session_supported"}},
		{Name: "bearer", Built: true, Headers: []string{"Set-Auth-Token"}},
		{Name: "change_email", Built: true},
		{Name: "delete_user", Built: true},
		{Name: "device_authorization", Built: true, Meta: []string{"device_authorization_endpoint"}},
		{Name: "dpop", Built: true, Meta: []string{"dpop_signing_alg_values_supported"}},
		{Name: "dynamic_client_registration", Built: true, Meta: []string{"registration_endpoint"}},
		{Name: "email_otp", Built: true},
		{Name: "end_session", Built: true, Meta: []string{"end_session_endpoint"}},
		{Name: "jwt", Built: true, Headers: []string{"Set-Auth-Jwt"}},
		{Name: "last_login_method", Fields: []string{"lastLoginMethod"}, Cookies: []string{"last_used_login_method"}},
		{Name: "magic_link", Built: true},
		{Name: "multi_session", Built: true, Cookies: []string{"session_token_multi-*"}},
		{Name: "oauth_clients", Built: true},
		{Name: "oauth_consents", Built: true},
		{Name: "oauth_resources", Built: true},
		{Name: "one_tap", Built: true},
		{Name: "one_time_token", Built: true},
		{Name: "open_api"},
		{Name: "organization", Fields: []string{"activeOrganizationId", "activeTeamId"}},
		{Name: "passkey", Built: true},
		{Name: "phone_number", Built: true, Fields: []string{"phoneNumber", "phoneNumberVerified"}},
		{Name: "private_key_jwt", Built: true, Meta: []string{
			"token_endpoint_auth_signing_alg_values_supported", "introspection_endpoint_auth_signing_alg_values_supported", "revocation_endpoint_auth_signing_alg_values_supported",
		}},
		{Name: "reference"}, // routes of the recorded server's own
		{Name: "scim"},
		{Name: "siwe", Built: true},
		{Name: "social_providers", Built: true},
		{Name: "sso"},
		{Name: "two_factor", Built: true, Fields: []string{"twoFactorEnabled"}},
		{Name: "username", Built: true, Fields: []string{"username", "displayUsername"}},
	}
}

const cookiePrefix = "better-auth."

// withoutUnbuilt leaves out what capabilities that are not built would have added.
func withoutUnbuilt(e exchange) exchange {
	e = e.without(capability{Cookies: []string{"known_device"}}) // authd's own: no recording has it
	for _, c := range capabilities() {
		if !c.Built {
			e = e.without(c)
		}
	}
	return e
}

func (e exchange) without(c capability) exchange {
	e = e.rewriteAll(func(_ string, value any) any {
		fields, ok := value.(object)
		switch {
		case !ok:
			return value
		case isUser(fields) || isSession(fields):
			return fields.without(func(key string) bool { return slices.Contains(c.Fields, key) })
		case isMetadata(fields):
			return fields.without(func(key string) bool { return slices.Contains(c.Meta, key) })
		}
		return value
	})
	for _, name := range c.Headers {
		delete(e.Header, name)
		e.notExposed(name)
	}
	e.Cookies = slices.DeleteFunc(slices.Clone(e.Cookies), func(cookie setCookie) bool {
		name := strings.TrimPrefix(cookie.Name, cookiePrefix)
		return slices.ContainsFunc(c.Cookies, func(pattern string) bool {
			start, open := strings.CutSuffix(pattern, "*")
			return name == pattern || open && strings.HasPrefix(name, start)
		})
	})
	if len(e.Cookies) == 0 {
		e.Cookies = nil
	}
	return e
}

// notExposed takes a header's name out of Access-Control-Expose-Headers.
func (e exchange) notExposed(name string) {
	const expose = "Access-Control-Expose-Headers"
	list, ok := e.Header[expose].(string)
	if !ok {
		return
	}
	kept := slices.DeleteFunc(strings.Split(list, ", "), func(s string) bool { return strings.EqualFold(s, name) })
	if len(kept) == 0 {
		delete(e.Header, expose)
		return
	}
	e.Header[expose] = strings.Join(kept, ", ")
}

func isUser(o object) bool     { return o.has("email", "emailVerified") }
func isSession(o object) bool  { return o.has("expiresAt", "token", "userId") }
func isMetadata(o object) bool { return o.has("issuer", "authorization_endpoint") }
