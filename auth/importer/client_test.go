package importer_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"authd/auth/importer"
	"authd/auth/internal/testkit"
)

const (
	applications = `CREATE TABLE "oauthApplication" (id TEXT, name TEXT, icon TEXT, metadata TEXT, clientId TEXT, clientSecret TEXT, redirectUrls TEXT, type TEXT, disabled INTEGER, userId TEXT, createdAt DATE, updatedAt DATE)`
	clients      = `CREATE TABLE "oauthClient" (clientId TEXT, clientSecret TEXT, redirectUris TEXT, userId TEXT, backchannelLogoutUri TEXT, jwksUri TEXT, tokenEndpointAuthMethod TEXT, clientDiscoveryId TEXT, createdAt DATE, metadata TEXT)`
)

// sealed seals as better-auth does.
func sealed(t *testing.T, secret, text string) string {
	t.Helper()
	key := sha256.Sum256([]byte(secret))
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		t.Fatal(err)
	}
	nonce := []byte("a nonce of 24 bytes long")
	return hex.EncodeToString(aead.Seal(nonce, nonce, []byte(text), nil))
}

// proves tells whether a client proves itself with a secret: a wrong grant is then what is refused.
func proves(s *testkit.Server, id, secret string) bool {
	app := s.Client()
	app.Header = http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))}}
	return app.Form("/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"none"}}).Field("error") == "invalid_grant"
}

// TestSecretsOfClients: in clear, as a hash or sealed, whatever the plugin kept, the client's secret stays good.
func TestSecretsOfClients(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	sum := sha256.Sum256([]byte("a-secret-of-which-the-hash-is-kept"))
	hash := base64.RawURLEncoding.EncodeToString(sum[:])
	const made = `'2026-01-01T00:00:00.000Z'`
	path := database(
		t, userTable, bobAlone, applications, clients,
		`INSERT INTO oauthApplication VALUES ('1', 'Old', NULL, '{"team":"x"}', 'clear', 'a-secret-in-clear', 'https://old.example/a,https://old.example/b', 'web', 0, 'bob', `+made+`, `+made+`)`,
		`INSERT INTO oauthApplication VALUES ('2', 'Phone', NULL, NULL, 'phone', '', 'com.example.app:/callback', 'native', 0, NULL, `+made+`, `+made+`)`,
		`INSERT INTO oauthApplication VALUES ('3', 'Off', NULL, NULL, 'off', 'a-secret-in-clear', 'https://old.example/a', 'web', 1, NULL, `+made+`, `+made+`)`,
		`INSERT INTO oauthClient (clientId, clientSecret, redirectUris, createdAt) VALUES ('hashed', '`+hash+`', '["https://new.example/a"]', `+made+`)`,
		`INSERT INTO oauthClient (clientId, clientSecret, redirectUris, createdAt) VALUES ('sealed', '`+sealed(t, foreignSecret, "a-secret-that-was-sealed")+`', '["https://new.example/a"]', `+made+`)`,
		`INSERT INTO oauthClient (clientId, clientDiscoveryId, redirectUris, createdAt) VALUES ('https://app.example/client.json', 'cimd', '[]', `+made+`)`,
	)
	report := mustImport(t, s, path, importer.Options{Secrets: []string{foreignSecret}})
	if got := numbers(t, report, "oauthclient"); got != "3 rows, 2 add, 0 present, 1 left out, 0 problems" {
		t.Errorf("clients: %s", got)
	}
	for _, c := range []struct {
		id, secret string
		want       bool
	}{
		{"clear", "a-secret-in-clear", true},
		{"clear", "another", false},
		{"hashed", "a-secret-of-which-the-hash-is-kept", true},
		{"hashed", hash, false},
		{"sealed", "a-secret-that-was-sealed", true},
		{"off", "a-secret-in-clear", false},
	} {
		if got := proves(s, c.id, c.secret); got != c.want {
			t.Errorf("%s proves itself with %s: %t", c.id, c.secret, got)
		}
	}
	phone, err := s.OIDC.Client(t.Context(), "phone")
	if err != nil || !phone.Public() || phone.ApplicationType != "native" || phone.Name != "Phone" {
		t.Errorf("the phone's client is %+v, %v", phone, err)
	}
	old, err := s.OIDC.Client(t.Context(), "clear")
	if err != nil || old.UserID != "bob" || strings.Join(old.RedirectURIs, " ") != "https://old.example/a https://old.example/b" || string(old.Metadata) != `{"team":"x"}` {
		t.Errorf("the old client is %+v, %v", old, err)
	}
	if again, err := imported(t, s, path, importer.Options{Secrets: []string{foreignSecret}}); err != nil || again.Imported {
		t.Errorf("second run: %v, %+v", err, again)
	}
}

// TestClientsThatAreRefused: what authd would not let anybody register does not come in this way either.
func TestClientsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	for name, c := range map[string]struct{ values, what string }{
		"a redirect to a script":        {`'x', 'a-secret', '["javascript:alert(1)"]', NULL, NULL, NULL, NULL`, "redirect_uris[0]"},
		"no redirect":                   {`'x', 'a-secret', '[]', NULL, NULL, NULL, NULL`, "Redirect URIs are required"},
		"redirects that are no list":    {`'x', 'a-secret', '{"a":1}', NULL, NULL, NULL, NULL`, "redirect_uris[0]"},
		"no id":                         {`NULL, 'a-secret', '["https://new.example/a"]', NULL, NULL, NULL, NULL`, "has no client_id"},
		"a way to prove itself unknown": {`'x', 'a-secret', '["https://new.example/a"]', NULL, NULL, NULL, 'magic'`, "token_endpoint_auth_method must be"},
		"no secret where it needs one":  {`'x', NULL, '["https://new.example/a"]', NULL, NULL, NULL, NULL`, "needs a secret"},
		"a secret sealed for another":   {`'x', '` + sealed(t, "another-secret", "text") + `', '["https://new.example/a"]', NULL, NULL, NULL, NULL`, "--secret-file does not open it"},
		"notices to a network inside":   {`'x', 'a-secret', '["https://new.example/a"]', NULL, 'http://10.0.0.1/logout', NULL, NULL`, "backchannel_logout_uri must use https"},
		"keys at a network inside":      {`'x', 'a-secret', '["https://new.example/a"]', NULL, NULL, 'http://10.0.0.1/keys', 'private_key_jwt'`, "jwks_uri"},
		"a list with something else":    {`'x', 'a-secret', '[1,2]', NULL, NULL, NULL, NULL`, "redirecturis is not a list of texts"},
		"bytes where a text belongs":    {`'x', x'ff00', '["https://new.example/a"]', NULL, NULL, NULL, NULL`, "clientsecret has bytes that are no text"},
	} {
		t.Run(name, func(t *testing.T) {
			path := database(t, userTable, clients,
				`INSERT INTO oauthClient (clientId, clientSecret, redirectUris, userId, backchannelLogoutUri, jwksUri, tokenEndpointAuthMethod) VALUES (`+c.values+`)`)
			report, err := imported(t, s, path, importer.Options{})
			if !errors.Is(err, importer.ErrProblems) || len(report.Problems) != 1 || !strings.Contains(report.Problems[0].What, c.what) {
				t.Fatalf("%v, %+v, want %q", err, report.Problems, c.what)
			}
			if strings.Contains(report.Problems[0].What, "a-secret") {
				t.Errorf("the secret is told: %s", report.Problems[0].What)
			}
		})
	}
	if all, err := s.OIDC.Clients(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%d clients are here, want authd's own: %v", len(all), err)
	}
}
