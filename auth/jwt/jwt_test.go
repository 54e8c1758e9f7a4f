package jwt_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/internal/testkit"
)

const (
	sharedSecret  = "shared with one service 0123456789 abcdef"
	operatorToken = "operator token of more than thirty-two characters"
)

var algs = []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256, jose.RS256, jose.HS256}

// claimsOf checks a token with the published keys, or with a secret, as a service would.
func claimsOf(t *testing.T, c *testkit.Client, token, secret string) (header jose.Header, claims map[string]any) {
	t.Helper()
	parsed, err := jose.ParseSignedCompact(token, algs)
	if err != nil {
		t.Fatal(err)
	}
	header = parsed.Signatures[0].Header
	var key any = []byte(secret)
	if secret == "" {
		var set jose.JSONWebKeySet
		if err := json.Unmarshal([]byte(c.Get("/jwks").Is(200, "").Body), &set); err != nil {
			t.Fatal(err)
		}
		if len(set.Key(header.KeyID)) != 1 {
			t.Fatalf("the key %q is published %d times", header.KeyID, len(set.Key(header.KeyID)))
		}
		key = set.Key(header.KeyID)[0].Key
	}
	payload, err := parsed.Verify(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return header, claims
}

func TestToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		toml, alg, secret, iss, aud string
		life                        time.Duration
	}{
		"as the contract has it": {"", "EdDSA", "", "", "", 15 * time.Minute},
		"another algorithm, issuer, audience and life": {
			"[jwt]\nalg = \"ES256\"\nissuer = \"https://i.example\"\naudience = \"api\"\nexpiration_time = \"1h\"\n", "ES256", "", "https://i.example", "api", time.Hour,
		},
		"RFC 7518 §3.2: a shared secret": {"[jwt]\nalg = \"HS256\"\nhs256_secret = \"" + sharedSecret + "\"\n", "HS256", sharedSecret, "", "", 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, test.toml)
			ada := s.SignUp("ada@example.com")
			header, claims := claimsOf(t, ada, ada.Get("/token").Is(200, "").Field("token"), test.secret)
			if header.Algorithm != test.alg || header.ExtraHeaders[jose.HeaderType] != "session+jwt" { // RFC 8725 §3.11
				t.Errorf("header %+v", header)
			}
			user, ok := ada.Get("/get-session").JSON().(map[string]any)["user"].(map[string]any)
			if !ok {
				t.Fatal("no user")
			}
			now := s.Clock.Now(t.Context())
			want := map[string]any{
				"sub": user["id"], "iat": float64(now.Unix()), "exp": float64(now.Add(test.life).Unix()),
				"iss": first(test.iss, s.URL), "aud": first(test.aud, s.URL),
			}
			for field, value := range user {
				want[field] = value
			}
			if got, wanted := asText(t, claims), asText(t, want); got != wanted {
				t.Errorf("got  %s\nwant %s", got, wanted)
			}
			if strings.Contains(s.Client().Get("/jwks").Body, "oct") {
				t.Error("the shared secret is in the key set")
			}
			s.Client().Get("/token").Is(401, "UNAUTHORIZED")
		})
	}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func asText(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v) // a map's keys in their order
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHeader(t *testing.T) {
	t.Parallel()
	for name, toml := range map[string]string{
		"from the database": "",
		"from the cookie":   "[session.cookie_cache]\nenabled = true\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, "[jwt]\nset_jwt_header = true\n"+toml)
			ada := s.SignUp("ada@example.com")
			for range 2 {
				got := ada.Get("/get-session").Is(200, "")
				if _, claims := claimsOf(t, ada, got.Header.Get("Set-Auth-Jwt"), ""); claims["email"] != "ada@example.com" {
					t.Error(claims)
				}
				if got.Header.Get("Access-Control-Expose-Headers") != "set-auth-jwt" {
					t.Error(got.Header)
				}
			}
			if got := s.Client().Get("/get-session").Is(200, ""); got.Header.Get("Set-Auth-Jwt") != "" || got.Body != "null" {
				t.Error("nobody gets a token")
			}
		})
	}
	t.Run("not without being asked for", func(t *testing.T) {
		t.Parallel()
		ada := testkit.Start(t, "").SignUp("ada@example.com")
		if got := ada.Get("/get-session").Is(200, ""); got.Header.Get("Set-Auth-Jwt") != "" {
			t.Error(got.Header)
		}
	})
}

func TestOff(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[jwt]\nenabled = false\nset_jwt_header = true\n")
	ada := s.SignUp("ada@example.com")
	ada.Get("/token").Is(404, "")
	if got := ada.Get("/get-session").Is(200, ""); got.Header.Get("Set-Auth-Jwt") != "" {
		t.Error(got.Header)
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[operator]\ntoken = \""+operatorToken+"\"\n[jwt]\nhs256_secret = \""+sharedSecret+"\"\n")
	ada, op := s.SignUp("ada@example.com"), s.Client()
	op.Header = http.Header{"Authorization": {"Bearer " + operatorToken}}
	sign := func(in any) *testkit.Answer { return op.Post("./api/operator/signJWT", in) }
	payload := func(token, issuer string) string {
		return asText(t, op.Post("./api/operator/verifyJWT", map[string]any{"token": token, "issuer": issuer}).Is(200, "").JSON().(map[string]any)["payload"])
	}
	now := s.Clock.Now(t.Context()).Unix()

	mine := sign(map[string]any{"payload": map[string]any{"sub": "x", "n": 1}}).Is(200, "").Field("token")
	header, claims := claimsOf(t, ada, mine, "")
	if header.ExtraHeaders[jose.HeaderType] != "session+jwt" || claims["exp"] != float64(now+900) || claims["iss"] != s.URL || claims["aud"] != s.URL || claims["n"] != 1.0 {
		t.Errorf("%+v %v", header, claims)
	}
	other := sign(map[string]any{
		"payload": map[string]any{"sub": "x"}, "overrideOptions": map[string]any{"jwt": map[string]any{"issuer": "https://i.example", "expirationTime": "2h"}},
	}).Is(200, "").Field("token")
	sign(map[string]any{"payload": map[string]any{}, "overrideOptions": map[string]any{"jwt": map[string]any{"expirationTime": "soon"}}}).Is(400, "INVALID_EXPIRATION_TIME")

	// A token that whoever has the public keys could make, were they taken for a secret.
	document := op.Get("/jwks").Body
	confused, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(document)}, (&jose.SignerOptions{}).WithType("session+jwt"))
	if err != nil {
		t.Fatal(err)
	}
	forged, err := confused.Sign([]byte(asText(t, claims)))
	if err != nil {
		t.Fatal(err)
	}
	forgedText, err := forged.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ token, issuer, want string }{
		"its own":                              {mine, "", asText(t, claims)},
		"of /token":                            {ada.Get("/token").Field("token"), "", "-"},
		"of another issuer, when that is said": {other, "https://i.example", "-"},
		"of another issuer":                    {other, "", "null"},
		"changed":                              {mine[:len(mine)-8] + "AAAAAAAA", "", "null"},
		"RFC 8725 §2.1: another algorithm":     {forgedText, "", "null"},
		"no token":                             {"x.y.z", "", "null"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := payload(test.token, test.issuer); test.want == "-" && got == "null" || test.want != "-" && got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	s.Clock.Advance(15 * time.Minute)
	if got := payload(mine, ""); got != "null" {
		t.Errorf("expired, and still %s", got)
	}
}

// RFC 8725 §3.12, §2.8: what apps hand to their own services opens nothing here.
func TestTheProviderTakesThemNowhere(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, `
[[client]]
client_id = "app"
client_secret = "a secret of more than thirty-two characters"
token_endpoint_auth_method = "client_secret_post"
redirect_uris = ["https://app.example/cb"]
`)
	ada := s.SignUp("ada@example.com")
	token := ada.Get("/token").Is(200, "").Field("token")
	with := func(more ...string) url.Values {
		form := url.Values{"client_id": {"app"}, "client_secret": {"a secret of more than thirty-two characters"}}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return form
	}
	stranger := s.Client()
	stranger.Header.Set("Authorization", "Bearer "+token)
	if got := stranger.Get("/oauth2/userinfo"); got.Status != 401 || got.Field("error") != "invalid_token" {
		t.Errorf("userinfo: %d %s", got.Status, got.Body)
	}
	if got := stranger.Get("/get-session"); got.Body != "null" {
		t.Errorf("get-session: %s", got.Body)
	}
	c := s.Client()
	if got := c.Form("/oauth2/introspect", with("token", token)).Is(200, ""); got.Body != `{"active":false}` {
		t.Errorf("introspection: %s", got.Body)
	}
	for _, form := range []url.Values{
		with("grant_type", "refresh_token", "refresh_token", token),
		with("grant_type", "authorization_code", "code", token, "redirect_uri", "https://app.example/cb"),
	} {
		if got := c.Form("/oauth2/token", form).Is(400, ""); got.Field("error") != "invalid_grant" {
			t.Errorf("%s: %s", form.Get("grant_type"), got.Body)
		}
	}
	for _, name := range []string{"client_assertion", "subject_token"} {
		form := url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		}
		if name == "subject_token" {
			form = with("grant_type", form.Get("grant_type"), "subject_token_type", form.Get("subject_token_type"))
		}
		form.Set(name, token)
		if got := c.Form("/oauth2/token", form); got.Status < 400 || got.Status > 401 {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	// As a hint of who signed in before (OpenID Connect Core §3.1.2.1).
	to := ada.Get("/oauth2/authorize?"+url.Values{
		"client_id": {"app"}, "redirect_uri": {"https://app.example/cb"}, "response_type": {"code"}, "scope": {"openid"}, "prompt": {"none"}, "id_token_hint": {token},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}.Encode()).Is(302, "").Header.Get("Location")
	if strings.Contains(to, "code=") {
		t.Errorf("authorize: %s", to)
	}
}
