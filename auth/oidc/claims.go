package oidc

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"authd/auth/internal/core"
)

// claimAsk is one claim that is asked for by name (OpenID Connect Core §5.5.1).
// Its JSON null is a nil *claimAsk.
type claimAsk struct {
	Essential bool              `json:"essential"`
	Value     json.RawMessage   `json:"value"`
	Values    []json.RawMessage `json:"values"`
}

// texts are the values asked for that are strings.
func (c *claimAsk) texts() []string {
	if c == nil {
		return nil
	}
	var all []string
	for _, raw := range append([]json.RawMessage{c.Value}, c.Values...) {
		var text string
		if len(raw) > 0 && json.Unmarshal(raw, &text) == nil && text != "" {
			all = append(all, text)
		}
	}
	return all
}

// release is which claims of a person go out beyond those of the scopes, and
// where. It is what a grant keeps of the claims parameter.
type release struct {
	UserInfo []string `json:"userinfo,omitempty"`
	IDToken  []string `json:"id_token,omitempty"`
}

func parseRelease(raw string) release {
	var r release
	if raw == "" || json.Unmarshal([]byte(raw), &r) != nil {
		return release{} // only this package writes them
	}
	return r
}

func (r release) String() string {
	if len(r.UserInfo)+len(r.IDToken) == 0 {
		return ""
	}
	b, err := json.Marshal(r)
	if err != nil { // lists of texts always marshal
		return ""
	}
	return string(b)
}

// within is the part of a release that is covered by the scopes a person allowed.
func (r release) within(scopes []string) release {
	hidden := func(claim string) bool { return !slices.Contains(scopes, scopeOfClaim(claim)) }
	return release{
		UserInfo: slices.DeleteFunc(slices.Clone(r.UserInfo), hidden),
		IDToken:  slices.DeleteFunc(slices.Clone(r.IDToken), hidden),
	}
}

// Claims of people who have a username or a phone number, where there are such.
const (
	claimUsername      = "preferred_username"
	claimPhone         = "phone_number"
	claimPhoneVerified = "phone_number_verified"
)

// scopeOfClaim is the scope that stands for a claim on the consent page, "" for
// what is not known of anybody (OpenID Connect Core §5.4).
func scopeOfClaim(claim string) string {
	switch claim {
	case "name", "given_name", "family_name", "picture", "updated_at", claimUsername:
		return scopeProfile
	case claimPhone, claimPhoneVerified:
		return scopePhone
	case "email", "email_verified":
		return scopeEmail
	default:
		return ""
	}
}

// parseClaims reads the claims parameter (OpenID Connect Core §5.5). A claim that
// is not known, or that the client could not get by a scope either, is passed over.
func (s *Service) parseClaims(r *Request) (code, description string) {
	text := r.params.Get("claims")
	if text == "" {
		return "", ""
	}
	var asked struct {
		UserInfo map[string]*claimAsk `json:"userinfo"`
		IDToken  map[string]*claimAsk `json:"id_token"`
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "{") || json.Unmarshal([]byte(text), &asked) != nil {
		return invalidRequest, "claims must be a JSON object with userinfo and id_token (OpenID Connect Core section 5.5)"
	}
	allowed := s.scopesOf(r.Client)
	known := func(members map[string]*claimAsk) []string {
		var names []string
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if scope := scopeOfClaim(name); scope != "" && slices.Contains(allowed, scope) {
				names = append(names, name)
			}
		}
		return names
	}
	r.release = release{UserInfo: known(asked.UserInfo), IDToken: known(asked.IDToken)}
	for _, claim := range slices.Concat(r.release.UserInfo, r.release.IDToken) {
		if scope := scopeOfClaim(claim); !slices.Contains(r.asks(), scope) {
			r.implied = append(r.implied, scope)
		}
	}
	r.subjects = slices.Concat(asked.UserInfo["sub"].texts(), asked.IDToken["sub"].texts())
	if acr := asked.IDToken["acr"]; acr != nil {
		if acr.Essential {
			r.mustACR = acr.texts()
		} else {
			r.wishACR = slices.Concat(acr.texts(), r.wishACR)
		}
	}
	return "", ""
}

// asks is what a person is asked to allow: the scopes, and those that cover the
// claims asked for by name. Naming a claim is no way around consent.
func (r *Request) asks() []string { return slices.Concat(r.Scopes, r.implied) }

// person are the claims about somebody that are known here (OpenID Connect Core §5.1).
func person(u *core.User) map[string]any {
	claims := map[string]any{"name": u.Name, "email": u.Email, "email_verified": u.EmailVerified, "updated_at": u.UpdatedAt.Unix()}
	if u.Image != nil {
		claims["picture"] = *u.Image
	}
	claims["given_name"], claims["family_name"] = splitName(u.Name)
	claims[claimUsername] = u.Extra.Known("username")
	if number := u.Extra.Known("phoneNumber"); number != "" {
		claims[claimPhone], claims[claimPhoneVerified] = number, u.Extra.Known("phoneNumberVerified") == "true"
	}
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == "" })
	return claims
}

// splice puts further members into a JSON object that has at least one.
func splice(object any, more map[string]any) ([]byte, error) {
	text, err := json.Marshal(object)
	if err != nil || len(more) == 0 {
		return text, err
	}
	extra, err := json.Marshal(more)
	if err != nil {
		return nil, err
	}
	return append(append(text[:len(text)-1], ','), extra[1:]...), nil
}
