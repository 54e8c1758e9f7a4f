package upstream

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

const appleIssuer = "https://appleid.apple.com"

func apple() Definition {
	return Definition{
		ID: "apple", Name: "Apple",
		Authorize: "https://appleid.apple.com/auth/authorize",
		Exchange:  "https://appleid.apple.com/auth/token",
		Issuers:   []string{appleIssuer},
		JWKS:      "https://appleid.apple.com/auth/keys",
		Scopes:    []string{"email", "name"},
		// Apple sends name and address only with form_post.
		Params: map[string]string{"response_type": "code id_token", "response_mode": "form_post"},
		Settings: []Setting{
			{Key: "team_id"}, {Key: "key_id"}, {Key: "private_key"}, {Key: "app_bundle_identifier"}, {Key: "audience"},
		},
		Identity: fromIDToken, Nonce: true, HashedNonce: true, MaxAge: true,
		Fields:   Fields{ID: "sub", Name: "name", Email: "email", Verified: "email_verified"},
		Prepare:  applePrepare,
		FromForm: appleName,
	}
}

// applePrepare readies the secret, which is a JWT that the team's key signs.
func applePrepare(p *Provider, setting func(string) string) error {
	p.def.Audiences = split(or(setting("audience"), setting("app_bundle_identifier")))
	team, key := setting("team_id"), setting("private_key")
	switch {
	case team == "" && key == "" && setting("key_id") == "":
		return nil
	case p.secret != "":
		return errors.New("client_secret is set beside team_id, key_id and private_key; allowed: one of the two")
	case team == "" || key == "" || setting("key_id") == "":
		return errors.New("private_key is not complete; allowed: team_id, key_id and private_key together")
	}
	sign, err := newSigner(key, setting("key_id"))
	if err != nil {
		return errors.New("private_key is not usable (a secret, not shown); allowed: the text of the .p8 file")
	}
	id := p.clientID()
	sign.secret = func(now time.Time) jwt.Claims {
		return jwt.Claims{
			Issuer: team, Subject: id, Audience: jwt.Audience{appleIssuer},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(assertionLife)),
		}
	}
	p.sign = sign
	return nil
}

// appleName reads the name, which comes in the form and only the first time. The
// address in it is not looked at: whoever posts the form chooses it.
func appleName(form url.Values, profile *Profile) {
	var user struct {
		Name struct{ FirstName, LastName string }
	}
	if json.Unmarshal([]byte(form.Get("user")), &user) != nil {
		return
	}
	if name := strings.TrimSpace(user.Name.FirstName + " " + user.Name.LastName); name != "" && len(name) <= 200 {
		profile.Name, profile.Raw["name"] = name, name
	}
}
