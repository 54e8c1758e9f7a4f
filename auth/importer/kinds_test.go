package importer_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"authd/auth/importer"
	"authd/auth/internal/testkit"
)

// TestIdentitiesAreFound: by provider and the id there, their tokens readable and sealed.
func TestIdentitiesAreFound(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, scopes)
	mustImport(t, s, foreign(t), all())
	for _, person := range []struct{ accountID, userID, access, refresh string }{
		{"idp-grace@example.com", "aRb0mpBAbR4GHCW8FqPBY9qYA0FN9v0F", "at-Z3JhY2VAZXhhbXBsZS5jb20", "rt-x"},
		{"idp-hal@example.com", "2sC7048OnLXe6SUVNXDLEc2qHkOql0tD", "sealed-access", "sealed-refresh"},
	} {
		account, err := s.Core.AccountOf(t.Context(), s.Core.DB, "mock", person.accountID)
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := s.Core.AccountTokens(account)
		if err != nil {
			t.Fatal(err)
		}
		if account.UserID != person.userID || tokens.AccessToken != person.access || tokens.RefreshToken != person.refresh || tokens.IDToken != "" {
			t.Errorf("%s: %+v, %+v", person.accountID, account, tokens)
		}
		if strings.Join(tokens.Scopes, " ") != "openid email profile" || tokens.AccessExpires.IsZero() {
			t.Errorf("%s: scopes %q until %s", person.accountID, tokens.Scopes, tokens.AccessExpires)
		}
	}
	for _, secret := range []string{"at-Z3JhY2VAZXhhbXBsZS5jb20", "sealed-access", "sealed-refresh", "853d7ecd435ca394f4c8a490"} {
		if lies(t, s.Dir, secret) {
			t.Errorf("%s lies in clear in the database", secret)
		}
	}
}

// lies tells whether a text stands in a file of the data directory.
func lies(t *testing.T, dir, text string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "authd.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no database in %s: %v", dir, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(text)) {
			return true
		}
	}
	return false
}

// TestSealedTokensWithoutTheirSecret: the person comes along, the tokens stay behind, and it is said.
func TestSealedTokensWithoutTheirSecret(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, scopes)
	report := mustImport(t, s, foreign(t), importer.Options{DropFactors: true, Secrets: []string{"another"}})
	account, err := s.Core.AccountOf(t.Context(), s.Core.DB, "mock", "idp-hal@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if tokens, err := s.Core.AccountTokens(account); err != nil || tokens.AccessToken != "" || tokens.RefreshToken != "" {
		t.Errorf("there are tokens: %v", err)
	}
	if !strings.Contains(strings.Join(report.Notes, "\n"), "2 tokens of providers are left out: they are sealed, and --secret-file does not open them") {
		t.Errorf("notes: %q", report.Notes)
	}
}

// TestClientsKeepTheirSecret: a client goes the whole way with the id and the secret that it has.
func TestClientsKeepTheirSecret(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, scopes)
	mustImport(t, s, foreign(t), all())
	c := s.Client()
	signIn(c, "ada@example.com", "correct-horse-battery").Is(200, "")
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {"QeQeQPRIRumiEFfcStpRveYEGZTZYVYm"}, "redirect_uri": {"https://notes.example.com/callback"},
		"scope": {"openid email"}, "state": {"st4te"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	consent, err := url.Parse(c.Get("/oauth2/authorize?"+query.Encode()).Is(302, "").Header.Get("Location"))
	if err != nil || consent.Path != "/consent" {
		t.Fatalf("sent to %v, %v", consent, err)
	}
	page := c.Form("./consent", url.Values{"flow": {consent.Query().Get("flow")}, "decision": {"allow"}})
	code := regexp.MustCompile(`notes\.example\.com/callback\?[^"'\s]*code=([^&"'\s]+)`).FindStringSubmatch(page.Body + page.Header.Get("Location"))
	if code == nil {
		t.Fatalf("no code: %d %s", page.Status, page.Body)
	}
	redeem := func(secret string) *testkit.Answer {
		app := s.Client()
		app.Header = http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("QeQeQPRIRumiEFfcStpRveYEGZTZYVYm:"+secret))}}
		return app.Form("/oauth2/token", url.Values{
			"grant_type": {"authorization_code"}, "code": {code[1]}, "redirect_uri": {"https://notes.example.com/callback"}, "code_verifier": {verifier},
		})
	}
	redeem("geqUvOqEJwSSkuBwwyZqIORibFibWAGb").Is(401, "")
	tokens := redeem("geqUvOqEJwSSkuBwwyZqIORibFibWAGa").Is(200, "")
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(tokens.Field("id_token"), ".")[1])
	if err != nil || !strings.Contains(string(claims), `"sub":"N3kENLqpBJ7y8gjE7iFiMXl71WxHAfPk"`) {
		t.Errorf("the ID token says %s, %v", claims, err)
	}
	head, err := base64.RawURLEncoding.DecodeString(strings.Split(tokens.Field("id_token"), ".")[0])
	if err != nil || !strings.Contains(string(head), `"EdDSA"`) {
		t.Errorf("the ID token is not signed as the client expects: %s, %v", head, err)
	}
	public, err := s.OIDC.Client(t.Context(), "JqBguhjyvElAkdiGwoBmUTSUnkKyoihf")
	if err != nil || !public.Public() || public.ApplicationType != "native" || public.RedirectURIs[0] != "http://127.0.0.1/callback" || public.Registration != "person" {
		t.Errorf("the public client is %+v, %v", public, err)
	}
}

// TestSessions: with --sessions a token stays good, and lies nowhere in clear.
func TestSessions(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, scopes)
	now := s.Clock.Now(context.Background())
	o := all()
	o.Sessions = true
	path := foreign(
		t, `UPDATE session SET expiresAt = '`+now.Add(time.Hour).Format(time.RFC3339Nano)+`'`,
		`UPDATE session SET expiresAt = '`+now.Add(-time.Hour).Format(time.RFC3339Nano)+`' WHERE userId = 'gve06SfxEkYJ3GIT91katF03twltOW1S'`,
		`UPDATE session SET impersonatedBy = 'N3kENLqpBJ7y8gjE7iFiMXl71WxHAfPk' WHERE userId = 'LfDjYWJMxWGiuTiMd9gflXedqocSiq7X'`,
		`UPDATE session SET token = 'guessable' WHERE userId = '6f8QOFrKJfkTpXp0VgyMbQJq9lw6tYQF'`,
	)
	report := mustImport(t, s, path, o)
	if got := numbers(t, report, "session"); got != "8 rows, 5 add, 0 present, 3 left out, 0 problems" {
		t.Errorf("sessions: %s", got)
	}
	sessions, err := s.Core.Sessions(t.Context(), s.Core.DB, "N3kENLqpBJ7y8gjE7iFiMXl71WxHAfPk")
	if err != nil || len(sessions) != 1 || sessions[0].ID != "EuYlm2xGMEKosyZivvvyiOWE5m2b4Meo" {
		t.Fatalf("ada's sessions: %v, %v", sessions, err)
	}
	if id, err := s.Core.SessionByRef(t.Context(), s.Core.DB, "N3kENLqpBJ7y8gjE7iFiMXl71WxHAfPk", "yRBGxVUYvV9g5hYw3Du9WFdD8kmTlf21"); err != nil || id != sessions[0].ID {
		t.Errorf("the token leads to %q, %v", id, err)
	}
	if lies(t, s.Dir, "yRBGxVUYvV9g5hYw3Du9WFdD8kmTlf21") {
		t.Error("the token lies in clear in the database")
	}
	if again, err := imported(t, s, path, o); err != nil || again.Imported {
		t.Errorf("second run: %v, %+v", err, again)
	}
}

// TestFieldsOfOnesOwn: a column with a field of that name in authd.toml comes along, others are told.
func TestFieldsOfOnesOwn(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, scopes+`
[user.additional_fields.company]
[user.additional_fields.newsletter]
type = "boolean"
[user.additional_fields.birthday]
type = "date"
[user.additional_fields.seats]
type = "number"
[user.additional_fields.tags]
type = "string[]"
`)
	path := foreign(
		t, `ALTER TABLE "user" ADD COLUMN company TEXT`, `ALTER TABLE "user" ADD COLUMN newsletter INTEGER`, `ALTER TABLE "user" ADD COLUMN birthday DATE`,
		`ALTER TABLE "user" ADD COLUMN seats INTEGER`, `ALTER TABLE "user" ADD COLUMN tags TEXT`, `ALTER TABLE "user" ADD COLUMN shoe_size INTEGER`,
		`UPDATE "user" SET company = 'Analytical Engines', newsletter = 1, birthday = '1815-12-10', seats = 3, tags = '["a","b"]', shoe_size = 38 WHERE email = 'ada@example.com'`,
		`UPDATE "user" SET company = x'00ff', seats = 'many' WHERE email = 'bob@example.com'`,
	)
	change(t, path, `UPDATE "user" SET birthday = '1970-12-10T00:00:00.000Z' WHERE email = 'ada@example.com'`)
	report := mustImport(t, s, path, all())
	user := signIn(s.Client(), "ada@example.com", "correct-horse-battery").Is(200, "")
	for field, want := range map[string]string{
		"company": "Analytical Engines", "newsletter": "true", "birthday": "1970-12-10T00:00:00.000Z", "seats": "3", "tags": `["a","b"]`,
	} {
		if got := user.Field("user." + field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
	bob := signIn(s.Client(), "bob@example.com", "bob-bob-bob-bob").Is(200, "")
	if bob.Field("user.company") != "" || bob.Field("user.seats") != "" {
		t.Errorf("bob has %s", bob.Body)
	}
	notes := strings.Join(report.Notes, "\n")
	for _, want := range []string{"user.shoe_size of 1 people is not imported", "user.username of 1 people", "1 values of user.company are left out", "1 values of user.seats are left out"} {
		if !strings.Contains(notes, want) {
			t.Errorf("not noted: %s\n%s", want, notes)
		}
	}
}

// TestNamesAndNumbers: who signed in by a username or a phone number before does so here, where
// both are on; a name that somebody here has stops the import before anything is written.
func TestNamesAndNumbers(t *testing.T) {
	t.Parallel()
	const on = "[username]\nenabled = true\n[phone_number]\nenabled = true\n[sms]\nurl = \"https://sms.example.com/\"\nsecret = \"a-secret-of-more-than-thirty-two-characters\"\n"
	path := foreign(
		t,
		`UPDATE "user" SET username = 'ada', displayUsername = 'Ada', phoneNumber = '+15550001234', phoneNumberVerified = 1 WHERE email = 'ada@example.com'`,
	)
	s := testkit.Start(t, scopes+on)
	mustImport(t, s, path, all())
	const password = "correct-horse-battery"
	named := s.Client().Post("/sign-in/username", map[string]any{"username": "ADA", "password": password}).Is(200, "")
	if named.Field("user.username") != "ada" || named.Field("user.displayUsername") != "Ada" {
		t.Errorf("by name: %s", named.Body)
	}
	numbered := s.Client().Post("/sign-in/phone-number", map[string]any{"phoneNumber": "+15550001234", "password": password}).Is(200, "")
	if numbered.Field("user.email") != "ada@example.com" || numbered.Field("user.phoneNumberVerified") != "true" {
		t.Errorf("by number: %s", numbered.Body)
	}

	other := testkit.Start(t, scopes+on)
	other.Client().Post("/sign-up/email", map[string]any{"name": "Other Ada", "email": "other@example.com", "password": password, "username": "ada"}).Is(200, "")
	if _, err := imported(t, other, path, all()); err == nil || !strings.Contains(err.Error(), "username") {
		t.Errorf("a name that is taken: %v", err)
	}
	if other.FileContains("bob@example.com") {
		t.Error("half of it was written")
	}
}

// TestCookiesOfBefore: with better-auth's secret configured its browsers stay signed in, and get a cookie of authd's.
func TestCookiesOfBefore(t *testing.T) {
	t.Parallel()
	const token, ada = "yRBGxVUYvV9g5hYw3Du9WFdD8kmTlf21", "N3kENLqpBJ7y8gjE7iFiMXl71WxHAfPk"
	sign := func(secret, token string) string {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(token))
		return url.QueryEscape(token + "." + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	moved := func(toml string) *testkit.Server {
		s := testkit.Start(t, scopes+toml)
		o := all()
		o.Sessions = true
		mustImport(t, s, foreign(t, `UPDATE session SET expiresAt = '`+s.Clock.Now(t.Context()).Add(6*24*time.Hour+time.Hour).Format(time.RFC3339Nano)+`'`), o)
		return s
	}
	knows, knowsNot := moved("[session]\nbetter_auth_secret = \""+foreignSecret+"\"\n"), moved("")
	for _, c := range []struct {
		name   string
		server *testkit.Server
		cookie string
	}{
		{"not without its secret", knowsNot, sign(foreignSecret, token)},
		{"not with another one", knows, sign("another-secret-0123456789-0123456789", token)},
		{"not with a token that no session has", knows, sign(foreignSecret, "zRBGxVUYvV9g5hYw3Du9WFdD8kmTlf21")},
		{"not without a signature", knows, token},
	} {
		browser := c.server.Client()
		browser.Cookies["better-auth.session_token"] = c.cookie
		if answer := browser.Get("/get-session").Is(200, ""); answer.Body != "null" {
			t.Errorf("%s: signed in: %s", c.name, answer.Body)
		}
	}
	browser := knows.Client()
	browser.Cookies["better-auth.session_token"] = sign(foreignSecret, token)
	answer := browser.Get("/get-session").Is(200, "")
	if got := answer.Field("user.id"); got != ada {
		t.Fatalf("signed in as %q", got)
	}
	given := answer.Cookie("better-auth.session_token")
	if given == nil || given.Value == sign(foreignSecret, token) || !strings.HasPrefix(given.Value, token) || given.MaxAge <= 0 {
		t.Fatalf("the cookie was not replaced: %v", given)
	}
	again := browser.Get("/get-session").Is(200, "")
	if again.Field("user.id") != ada || again.Cookie("better-auth.session_token") != nil {
		t.Errorf("with the new cookie: %s %v", again.Body, again.Cookies)
	}
	app := knows.Client()
	app.Header = http.Header{"Authorization": {"Bearer " + sign(foreignSecret, token)}}
	if got := app.Get("/get-session").Is(200, "").Field("user.id"); got != ada {
		t.Errorf("an app with the signed token is signed in as %q", got)
	}
}

// TestSigningInElsewhereAfterwards: who the provider vouches for is who they were, by the id there: its address is that of somebody else here.
func TestSigningInElsewhereAfterwards(t *testing.T) {
	t.Parallel()
	s, idp := testkit.StartWithProviders(t, scopes+"[social_providers.google]\nclient_id = \"client\"\nclient_secret = \"secret\"\n")
	mustImport(t, s, foreign(t, `UPDATE account SET providerId = 'google', accountId = '110169484474386276334' WHERE accountId = 'idp-grace@example.com'`), all())
	c := s.Client()
	begun := c.Post("/sign-in/social", map[string]any{"provider": "google", "callbackURL": "/done"}).Is(200, "").Field("url")
	c.Get("/callback/google?"+idp.Authorize(begun).Encode()).Is(302, "")
	if got := c.Get("/get-session").Is(200, "").Field("user.id"); got != "aRb0mpBAbR4GHCW8FqPBY9qYA0FN9v0F" {
		t.Errorf("signed in as %q", got)
	}
	if users, err := s.Core.Users(t.Context(), s.Core.DB, "", 20); err != nil || len(users) != 8 {
		t.Errorf("%d users are here, want the 8 who came along: %v", len(users), err)
	}
}
