package testkit

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// AppleKey is the .p8 file of a team that exists only here.
const AppleKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgY88Zm2CEKQVv48ec
aI/Ortv1fhzwniSYXbwiLKHRHEmhRANCAASSHg9Hmd/639xAYTvG07wyWV0sMTSv
S3kPOq7y2hsMgXFIvEuf0uQD1IhVpKTfFTmDT9a2uWKpkivfxFflVJd8
-----END PRIVATE KEY-----
`

// appleSecret is what Apple asks of a client secret: a JWT of the team's key, for
// six months at most.
func appleSecret(sent string, now time.Time) bool {
	block, _ := pem.Decode([]byte(AppleKey))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return false
	}
	token, err := jwt.ParseSigned(sent, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || token.Headers[0].KeyID != "KEYID12345" {
		return false
	}
	var claims jwt.Claims
	if token.Claims(parsed.(*ecdsa.PrivateKey).Public(), &claims) != nil {
		return false
	}
	return claims.Issuer == "TEAMID1234" && claims.Subject == "client" && slices.Equal(claims.Audience, []string{"https://appleid.apple.com"}) &&
		now.Before(claims.Expiry.Time()) && claims.Expiry.Time().Before(now.Add(180*24*time.Hour))
}

// largeShapes are those that identify by ID token.
func largeShapes() []Shape {
	return []Shape{
		{
			ID:        "google",
			Authorize: "accounts.google.com/o/oauth2/v2/auth", Exchange: "oauth2.googleapis.com/token", JWKS: "www.googleapis.com/oauth2/v3/certs",
			Scope: "email profile openid", Nonce: true, Params: map[string]string{"include_granted_scopes": "true"},
			IDToken: map[string]any{
				"iss": "https://accounts.google.com", "azp": "client", "sub": "110169484474386276334", "email": "ada@example.com", "email_verified": true,
				"name": "Ada King", "picture": "https://lh4.googleusercontent.com/photo.jpg", "given_name": "Ada", "family_name": "King",
			},
		},
		{
			ID: "apple", Config: "team_id = 'TEAMID1234'\nkey_id = 'KEYID12345'\nprivate_key = '''\n" + AppleKey + "'''\n",
			Authorize: "appleid.apple.com/auth/authorize", Exchange: "appleid.apple.com/auth/token", JWKS: "appleid.apple.com/auth/keys",
			Scope: "email name", Nonce: true, Params: map[string]string{"response_type": "code id_token", "response_mode": "form_post"},
			Secret: appleSecret,
			Back:   map[string]string{"user": `{"name":{"firstName":"Ada","lastName":"King"},"email":"somebody-else@example.com"}`},
			IDToken: map[string]any{
				"iss": "https://appleid.apple.com", "sub": "001999.b23c.1042", "email": "ada@example.com", "email_verified": "true",
				"is_private_email": "false", "auth_time": 1735786800, "nonce_supported": true,
			},
		},
		{
			ID:        "microsoft",
			Authorize: "login.microsoftonline.com/common/oauth2/v2.0/authorize", Exchange: "login.microsoftonline.com/common/oauth2/v2.0/token",
			JWKS:  "login.microsoftonline.com/common/discovery/v2.0/keys",
			Scope: "openid profile email User.Read offline_access", Nonce: true,
			IDToken: map[string]any{
				"iss": "https://login.microsoftonline.com/8a9e3f3e-6e2b-4a4e-9b1a-1f2e3d4c5b6a/v2.0", "tid": "8a9e3f3e-6e2b-4a4e-9b1a-1f2e3d4c5b6a",
				"sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ", "oid": "00000000-0000-0000-66f3-3332eca7ea81", "name": "Ada King",
				"email": "ada@example.com", "verified_primary_email": []string{"ada@example.com"}, "preferred_username": "ada@example.com", "ver": "2.0",
			},
			API: map[string]string{"GET graph.microsoft.com/v1.0/me/photos/48x48/$value": "jpeg"},
		},
		{
			ID: "cognito", Config: "domain = 'https://acme.auth.eu-west-1.amazoncognito.com/'\nregion = 'eu-west-1'\nuser_pool_id = 'eu-west-1_ab12'\n",
			Authorize: "acme.auth.eu-west-1.amazoncognito.com/oauth2/authorize", Exchange: "acme.auth.eu-west-1.amazoncognito.com/oauth2/token",
			JWKS:  "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_ab12/.well-known/jwks.json",
			Scope: "openid profile email", Nonce: true,
			IDToken: map[string]any{
				"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_ab12", "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "token_use": "id",
				"email": "ada@example.com", "email_verified": true, "given_name": "Ada", "cognito:username": "ada",
			},
		},
	}
}

// officeShapes are other large ones.
func officeShapes() []Shape {
	return []Shape{
		{
			ID: "facebook", Config: "fields = ['birthday']\nconfig_id = '77'\n",
			Authorize: "www.facebook.com/v24.0/dialog/oauth", Exchange: "graph.facebook.com/v24.0/oauth/access_token",
			Scope: "email public_profile", NoPKCE: true, Params: map[string]string{"config_id": "77"}, TokenInForm: true,
			API: map[string]string{ //nolint:gosec // an address with token in its name, and no token
				"GET graph.facebook.com/debug_token": `{"data":{"app_id":"client","type":"USER","application":"Acme","is_valid":true,"scopes":["email","public_profile"],"user_id":"10158"}}`,
				"GET graph.facebook.com/me":          `{"id":"10158","name":"Ada King","email":"ada@example.com","picture":{"data":{"height":50,"is_silhouette":false,"url":"https://platform-lookaside.fbsbx.com/p.jpg","width":50}}}`,
			},
		},
		{
			ID:        "linkedin",
			Authorize: "www.linkedin.com/oauth/v2/authorization", Exchange: "www.linkedin.com/oauth/v2/accessToken",
			Scope: "profile email openid", NoPKCE: true,
			API: map[string]string{
				"GET api.linkedin.com/v2/userinfo": `{"sub":"782bbtaQ","name":"Ada King","given_name":"Ada","family_name":"King","picture":"https://media.licdn.com/p.jpg","locale":{"country":"US","language":"en"},"email":"ada@example.com","email_verified":true}`,
			},
		},
		{
			ID: "dropbox", Config: "access_type = 'offline'\n",
			Authorize: "www.dropbox.com/oauth2/authorize", Exchange: "api.dropboxapi.com/oauth2/token",
			Scope: "account_info.read", Params: map[string]string{"token_access_type": "offline"},
			API: map[string]string{
				"POST api.dropboxapi.com/2/users/get_current_account": `{"account_id":"dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc","name":{"given_name":"Ada","surname":"King","familiar_name":"Ada","display_name":"Ada King","abbreviated_name":"AK"},"email":"ada@example.com","email_verified":true,"disabled":false,"profile_photo_url":"https://dl-web.dropbox.com/p.jpg"}`,
			},
		},
		{
			ID: "salesforce", Config: "login_url = 'https://acme.my.salesforce.com/'\n",
			Authorize: "acme.my.salesforce.com/services/oauth2/authorize", Exchange: "acme.my.salesforce.com/services/oauth2/token",
			Scope: "openid email profile",
			API: map[string]string{
				"GET acme.my.salesforce.com/services/oauth2/userinfo": `{"sub":"https://login.salesforce.com/id/00D/005","user_id":"005xx000001Sv6AAAS","organization_id":"00D","name":"Ada King","email":"ada@example.com","email_verified":true,"photos":{"picture":"https://acme.my.salesforce.com/p.jpg","thumbnail":"https://acme.my.salesforce.com/t.jpg"}}`,
			},
		},
	}
}
