package importer_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver that makes foreign databases

	"authd/auth/importer"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

// foreignSecret is that of the server that testdata came from.
const foreignSecret = "authd-reference-oracle-secret-0123456789"

// foreign makes the file that testdata was, with statements run on it afterwards.
func foreign(t testing.TB, statements ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "better-auth.sql"))
	if err != nil {
		t.Fatal(err)
	}
	return database(t, append([]string{string(text)}, statements...)...)
}

// database makes a SQLite file of statements.
func database(t testing.TB, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sqlite.db")
	change(t, path, statements...)
	return path
}

func change(t testing.TB, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement[:min(len(statement), 200)], err)
		}
	}
}

// imported imports a file and gives the report.
func imported(t testing.TB, s *testkit.Server, path string, o importer.Options) (*importer.Report, error) {
	t.Helper()
	source, err := importer.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	return s.Importer.Import(t.Context(), source, o)
}

// all is what takes everything there is in testdata.
func all() importer.Options {
	return importer.Options{DropFactors: true, Secrets: []string{"another", foreignSecret}}
}

// scopes has those that a client of testdata asks for.
const scopes = `
[oauth_provider]
scopes = ["openid", "profile", "email", "offline_access", "read:things"]
`

func mustImport(t testing.TB, s *testkit.Server, path string, o importer.Options) *importer.Report {
	t.Helper()
	report, err := imported(t, s, path, o)
	if err != nil || !report.Imported || report.ProblemCount != 0 {
		t.Fatalf("import: %v, %+v", err, report)
	}
	return report
}

// numbers are a table's counts in the report.
func numbers(t testing.TB, r *importer.Report, table string) string {
	t.Helper()
	for _, one := range r.Tables {
		if one.Name == table {
			return fmt.Sprintf("%d rows, %d add, %d present, %d left out, %d problems", one.Rows, one.Add, one.Present, one.LeftOut, one.Problems)
		}
	}
	return "not told"
}

func signIn(c *testkit.Client, email, password string) *testkit.Answer {
	return c.Post("/sign-in/email", map[string]any{"email": email, "password": password})
}

// TestPeopleSignInAfterwards: with the passwords they had, as who they were.
func TestPeopleSignInAfterwards(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, scopes)
	report := mustImport(t, s, foreign(t), all())
	for table, want := range map[string]string{
		"user": "8 rows, 8 add, 0 present, 0 left out, 0 problems", "account": "7 rows, 7 add, 0 present, 0 left out, 0 problems",
		"session": "8 rows, 0 add, 0 present, 8 left out, 0 problems", "oauthclient": "2 rows, 2 add, 0 present, 0 left out, 0 problems",
		"organization": "1 rows, 0 add, 0 present, 1 left out, 0 problems", "apikey": "1 rows, 0 add, 0 present, 1 left out, 0 problems",
	} {
		if got := numbers(t, report, table); got != want {
			t.Errorf("%s: %s, want %s", table, got, want)
		}
	}
	for _, person := range []struct{ name, email, password, id string }{
		{"under the id they had", "ada@example.com", "correct-horse-battery", "N3kENLqpBJ7y8gjE7iFiMXl71WxHAfPk"},
		{"with an address in another case", "ADA@example.com", "correct-horse-battery", "N3kENLqpBJ7y8gjE7iFiMXl71WxHAfPk"},
		{"with a password beyond ASCII", "zoe@example.com", "Pässwörd ｆｕｌｌ ½ 日本語", "qQMJtrQS5l3TWUjcqbDhmvr9TVkXUfzp"},
		{"with the same password from another keyboard", "zoe@example.com", "Pa\u0308sswo\u0308rd full 1⁄2 日本語", "qQMJtrQS5l3TWUjcqbDhmvr9TVkXUfzp"},
		{"whose second factor was given up", "tom@example.com", "tom-tom-tom-tom", "6f8QOFrKJfkTpXp0VgyMbQJq9lw6tYQF"},
	} {
		t.Run(person.name, func(t *testing.T) {
			c := s.Client()
			if got := signIn(c, person.email, person.password).Is(200, "").Field("user.id"); got != person.id {
				t.Errorf("signed in as %s, want %s", got, person.id)
			}
			if got := c.Get("/get-session").Is(200, "").Field("user.id"); got != person.id {
				t.Errorf("the session is of %q", got)
			}
		})
	}
	signIn(s.Client(), "ada@example.com", "correct-horse-batterx").Is(401, "INVALID_EMAIL_OR_PASSWORD")
	signIn(s.Client(), "eve@example.com", "eve-eve-eve-eve").Is(403, "BANNED_USER")
	signIn(s.Client(), "grace@example.com", "idp-grace@example.com").Is(401, "INVALID_EMAIL_OR_PASSWORD")
}

// TestUsersAreWhoTheyWere: what stands in a user stays, and a password is hashed anew by its next use.
func TestUsersAreWhoTheyWere(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, scopes)
	mustImport(t, s, foreign(t), all())
	ctx := t.Context()
	ada, err := s.Core.UserByEmail(ctx, s.Core.DB, "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if ada.Name != "Ada Lovelace" || !ada.EmailVerified || ada.Image == nil || *ada.Image != "https://example.com/ada.png" || ada.Role != "admin" ||
		ada.CreatedAt.Format(time.RFC3339Nano) != "2026-11-21T19:36:19.564Z" || ada.UpdatedAt.Format(time.RFC3339Nano) != "2026-11-21T19:36:19.649Z" {
		t.Errorf("ada is %+v", ada)
	}
	if done, err := s.Setup.Done(ctx); err != nil || !done {
		t.Errorf("an administrator came along, and set-up still waits: %v", err)
	}
	eve, err := s.Core.UserByEmail(ctx, s.Core.DB, "eve@example.com")
	if err != nil || !eve.Banned || eve.BanReason == nil || *eve.BanReason != "spam" || eve.BanExpires != nil {
		t.Errorf("eve is %+v, %v", eve, err)
	}
	before, err := s.Core.PasswordHash(ctx, s.Core.DB, ada.ID)
	if err != nil || !regexp.MustCompile(`^[0-9a-f]{32}:[0-9a-f]{128}$`).MatchString(before) {
		t.Fatalf("the hash is not the one that came along: %v", err)
	}
	signIn(s.Client(), "ada@example.com", "correct-horse-battery").Is(200, "")
	after, err := s.Core.PasswordHash(ctx, s.Core.DB, ada.ID)
	if err != nil || !strings.HasPrefix(after, "$argon2id$") {
		t.Errorf("the hash was not made anew: %v", err)
	}
	signIn(s.Client(), "ada@example.com", "correct-horse-battery").Is(200, "")
}

// TestSecondRun: what is here stays as it is, whatever happened to it since.
func TestSecondRun(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, scopes)
	path := foreign(t)
	mustImport(t, s, path, all())
	ctx := t.Context()
	signIn(s.Client(), "bob@example.com", "bob-bob-bob-bob").Is(200, "")
	if err := s.Passwords.Set(ctx, "LfDjYWJMxWGiuTiMd9gflXedqocSiq7X", "another-password"); err != nil {
		t.Fatal(err)
	}
	zoe, err := s.Core.UserByEmail(ctx, s.Core.DB, "zoe@example.com")
	if err != nil {
		t.Fatal(err)
	}
	zoe.Email, zoe.Name = "zoe@example.org", "Zoë"
	grace, err := s.Core.AccountOf(ctx, s.Core.DB, "mock", "idp-grace@example.com")
	if err != nil {
		t.Fatal(err)
	}
	err = s.Core.DB.Write(ctx, func(tx *store.Tx) error {
		_, unlinkErr := s.Core.UnlinkAccount(ctx, tx, grace)
		return errors.Join(unlinkErr, s.Core.SaveUser(ctx, tx, zoe))
	})
	if err != nil {
		t.Fatal(err)
	}

	report, err := imported(t, s, path, all())
	if err != nil || report.Imported || report.ProblemCount != 0 {
		t.Fatalf("second run: %v, %+v", err, report)
	}
	if got := numbers(t, report, "user"); got != "8 rows, 0 add, 8 present, 0 left out, 0 problems" {
		t.Errorf("users: %s", got)
	}
	if got := numbers(t, report, "account"); got != "7 rows, 0 add, 7 present, 0 left out, 0 problems" {
		t.Errorf("accounts: %s", got)
	}
	signIn(s.Client(), "bob@example.com", "another-password").Is(200, "")
	signIn(s.Client(), "bob@example.com", "bob-bob-bob-bob").Is(401, "")
	signIn(s.Client(), "zoe@example.org", "Pässwörd ｆｕｌｌ ½ 日本語").Is(200, "")
	if _, err := s.Core.AccountOf(ctx, s.Core.DB, "mock", "idp-grace@example.com"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what was unlinked here came back: %v", err)
	}

	change(t, path, `INSERT INTO "user" (id, name, email, emailVerified, createdAt, updatedAt) VALUES ('new', 'New', 'new@example.com', 0, '2026-11-22T00:00:00.000Z', '2026-11-22T00:00:00.000Z')`)
	if got := numbers(t, mustImport(t, s, path, all()), "user"); got != "9 rows, 1 add, 8 present, 0 left out, 0 problems" {
		t.Errorf("users who came since: %s", got)
	}
}

// TestNothingIsWritten by a dry run, nor when there are problems: all or nothing.
func TestNothingIsWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		toml  string
		o     importer.Options
		wrong bool
	}{
		{"by a dry run", scopes, importer.Options{DryRun: true, DropFactors: true}, false},
		{"while people would lose their second factor", scopes + "[two_factor]\nenabled = false\n", importer.Options{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, c.toml)
			report, err := imported(t, s, foreign(t), c.o)
			if errors.Is(err, importer.ErrProblems) != c.wrong || report.Imported || err != nil && !c.wrong {
				t.Fatalf("%v, %+v", err, report)
			}
			if has, err := s.Core.HasUsers(t.Context(), s.Core.DB); err != nil || has {
				t.Errorf("there are users: %v", err)
			}
			if clients, err := s.OIDC.Clients(t.Context()); err != nil || len(clients) != 1 {
				t.Errorf("there are %d clients: %v", len(clients), err)
			}
		})
	}
}
