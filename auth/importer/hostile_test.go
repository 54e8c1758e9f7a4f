package importer_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"authd/auth/importer"
	"authd/auth/internal/testkit"
)

const (
	userTable = `CREATE TABLE "user" (id, name, email, emailVerified, createdAt, updatedAt, role, banned, banExpires, image)`
	bobAlone  = `INSERT INTO "user" VALUES ('bob', 'Bob', 'bob@example.com', 1, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', 'user', 0, NULL, NULL)`
	accounts  = `CREATE TABLE account (id, accountId, providerId, userId, accessToken, refreshToken, idToken, accessTokenExpiresAt, refreshTokenExpiresAt, scope, password, createdAt, updatedAt)`
	good      = `'2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'`
)

// TestProblems: each odd row is told with its place and reason, nothing is written
// because of it, and with it left out the others come along.
func TestProblems(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	users := func() int {
		list, err := s.Core.Users(t.Context(), s.Core.DB, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	for i, c := range []struct {
		name, statement string
		what            string
	}{
		{"no id", `INSERT INTO "user" VALUES (NULL, 'X', 'x@example.com', 1, ` + good + `, NULL, 0, NULL, NULL)`, "id is missing"},
		{"an id with line breaks", `INSERT INTO "user" VALUES ('a' || char(10) || 'b', 'X', 'x@example.com', 1, ` + good + `, NULL, 0, NULL, NULL)`, "id is missing, or has spaces"},
		{"an id that is too long", `INSERT INTO "user" VALUES (hex(zeroblob(200)), 'X', 'x@example.com', 1, ` + good + `, NULL, 0, NULL, NULL)`, "id is too long"},
		{"an id twice", `INSERT INTO "user" VALUES ('bob', 'X', 'x@example.com', 1, ` + good + `, NULL, 0, NULL, NULL)`, "the id stands in the file twice"},
		{"no address", `INSERT INTO "user" VALUES ('x', 'X', NULL, 1, ` + good + `, NULL, 0, NULL, NULL)`, "there is no e-mail address"},
		{"a blob for an address", `INSERT INTO "user" VALUES ('x', 'X', x'ff00ff', 1, ` + good + `, NULL, 0, NULL, NULL)`, "email has bytes that are no text"},
		{"an address that is none", `INSERT INTO "user" VALUES ('x', 'X', 'not an address', 1, ` + good + `, NULL, 0, NULL, NULL)`, "none that authd takes"},
		{"an address with a header in it", `INSERT INTO "user" VALUES ('x', 'X', 'x@example.com' || char(13) || char(10) || 'Bcc: y@example.com', 1, ` + good + `, NULL, 0, NULL, NULL)`, "none that authd takes"},
		{"an address twice in another case", `INSERT INTO "user" VALUES ('x', 'X', ' BOB@Example.com', 1, ` + good + `, NULL, 0, NULL, NULL)`, "the e-mail address stands in the file twice"},
		{"a huge name", `INSERT INTO "user" VALUES ('x', hex(zeroblob(5000000)), 'x@example.com', 1, ` + good + `, NULL, 0, NULL, NULL)`, "name is too long: 10000000 bytes"},
		{"a name that is a number with a point", `INSERT INTO "user" VALUES ('x', 1.5, 'x@example.com', 1, ` + good + `, NULL, 0, NULL, NULL)`, "name is not a text"},
		{"a flag that is none", `INSERT INTO "user" VALUES ('x', 'X', 'x@example.com', 'maybe', ` + good + `, NULL, 0, NULL, NULL)`, "emailverified is neither true nor false"},
		{"a ban that is none", `INSERT INTO "user" VALUES ('x', 'X', 'x@example.com', 1, ` + good + `, NULL, 7, NULL, NULL)`, "banned is neither true nor false"},
		{"an end of a ban that is no time", `INSERT INTO "user" VALUES ('x', 'X', 'x@example.com', 1, ` + good + `, NULL, 1, 'tomorrow', NULL)`, "banexpires is not a time"},
		{"a time that is none", `INSERT INTO "user" VALUES ('x', 'X', 'x@example.com', 1, 'soon', 'soon', NULL, 0, NULL, NULL)`, "createdat is not a time"},
		{"an identity twice", `INSERT INTO account VALUES ('1', 'them', 'github', 'bob', NULL, NULL, NULL, NULL, NULL, NULL, NULL, ` + good + `), ('2', 'them', 'github', 'bob', NULL, NULL, NULL, NULL, NULL, NULL, NULL, ` + good + `)`, "somebody at github stands in the file twice"},
		{"an identity of nobody", `INSERT INTO account VALUES ('1', NULL, 'github', 'bob', NULL, NULL, NULL, NULL, NULL, NULL, NULL, ` + good + `)`, "accountId is missing"},
		{"an account without a provider", `INSERT INTO account VALUES ('1', 'x', NULL, 'bob', NULL, NULL, NULL, NULL, NULL, NULL, NULL, ` + good + `)`, "id or providerId is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Every case has a good user of its own in the place of bob.
			id := fmt.Sprintf("bob%d", i)
			other := strings.NewReplacer("'bob'", "'"+id+"'", "bob@", id+"@", "BOB@", strings.ToUpper(id)+"@")
			path := database(t, userTable, accounts, other.Replace(bobAlone), other.Replace(c.statement))
			report, err := imported(t, s, path, importer.Options{})
			if !errors.Is(err, importer.ErrProblems) || report.Imported || report.ProblemCount != 1 || len(report.Problems) != 1 {
				t.Fatalf("%v, %+v", err, report)
			}
			if got := report.Problems[0]; !strings.Contains(got.What, c.what) || got.Row == 0 || got.Do == "" {
				t.Errorf("told %+v, want %q", got, c.what)
			}
			if n := users(); n != i {
				t.Errorf("somebody was imported all the same: %d users, want %d", n, i)
			}
			report, err = imported(t, s, path, importer.Options{SkipProblems: true})
			if err != nil || !report.Imported {
				t.Fatalf("with the row left out: %v, %+v", err, report)
			}
			bob, err := s.Core.User(t.Context(), s.Core.DB, id)
			if err != nil || bob.Email != id+"@example.com" || bob.Name != "Bob" {
				t.Errorf("bob is %+v, %v", bob, err)
			}
			if n := users(); n != i+1 {
				t.Errorf("%d users are here, want %d", n, i+1)
			}
		})
	}
}

// TestConflicts: who is here already is never overwritten, nor mistaken for somebody else.
func TestConflicts(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	mustImport(t, s, database(t, userTable, accounts, bobAlone,
		`INSERT INTO account VALUES ('1', 'them', 'github', 'bob', NULL, NULL, NULL, NULL, NULL, NULL, NULL, `+good+`)`), importer.Options{})
	c := s.SignUp("ada@example.com")
	ada := c.Get("/get-session").Field("user.id")
	for _, one := range []struct{ name, statement, what string }{
		{"the address of somebody here", `INSERT INTO "user" VALUES ('ada', 'X', 'Ada@example.com', 1, ` + good + `, NULL, 0, NULL, NULL)`, "belongs to a user here with another id, " + ada},
		{"the id of somebody here, who is not they", `INSERT INTO "user" VALUES ('bob', 'X', 'bobby@example.com', 1, '2025-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z', NULL, 0, NULL, NULL)`, "belongs to somebody else here, bob@example.com"},
		{
			"the identity of somebody here", `INSERT INTO "user" VALUES ('eve', 'Eve', 'eve@example.com', 1, ` + good + `, NULL, 0, NULL, NULL);
INSERT INTO account VALUES ('9', 'them', 'github', 'eve', NULL, NULL, NULL, NULL, NULL, NULL, NULL, ` + good + `)`, "belongs to a user here, bob",
		},
	} {
		t.Run(one.name, func(t *testing.T) {
			report, err := imported(t, s, database(t, userTable, accounts, one.statement), importer.Options{})
			if !errors.Is(err, importer.ErrProblems) || report.Imported || len(report.Problems) != 1 || !strings.Contains(report.Problems[0].What, one.what) {
				t.Errorf("%v, %+v", err, report.Problems)
			}
		})
	}
	if bob, err := s.Core.User(t.Context(), s.Core.DB, "bob"); err != nil || bob.Email != "bob@example.com" {
		t.Errorf("bob is %+v, %v", bob, err)
	}
	c.Get("/get-session").Is(200, "")
}

// TestOddRowsThatAreNoProblem: what can be taken is taken, in the form that authd has for it.
func TestOddRowsThatAreNoProblem(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	path := database(
		t, `CREATE TABLE users (id INTEGER, name TEXT, email TEXT, email_verified TEXT, created_at INTEGER, updated_at INTEGER, role TEXT, image TEXT)`,
		`CREATE TABLE accounts (id INTEGER, account_id TEXT, provider_id TEXT, user_id INTEGER, password TEXT, created_at INTEGER, updated_at INTEGER)`,
		`INSERT INTO users VALUES (7, NULL, ' Ada@Example.COM ', 'true', 1767225600, 1767225600000, 'admin, editor', hex(zeroblob(40000)))`,
		`INSERT INTO users VALUES (8, 'Bob', 'bob@example.com', NULL, NULL, NULL, '<script>', NULL)`,
		`INSERT INTO accounts VALUES (1, 'whatever', 'credential', 7, '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy', 1767225600, 1767225600)`,
		`INSERT INTO accounts VALUES (2, 'x', 'credential', 8, 'plain text', 1767225600, 1767225600), (3, 'x', 'credential', 99, 'of nobody', 1767225600, 1767225600)`,
	)
	report := mustImport(t, s, path, importer.Options{})
	if got := numbers(t, report, "account"); got != "3 rows, 1 add, 0 present, 2 left out, 0 problems" {
		t.Errorf("accounts: %s", got)
	}
	ada, err := s.Core.UserByEmail(t.Context(), s.Core.DB, "ada@example.com")
	if err != nil || ada.ID != "7" || ada.Name != "" || !ada.EmailVerified || ada.Role != "admin,editor" || ada.Image != nil || !ada.CreatedAt.Equal(ada.UpdatedAt) || ada.CreatedAt.Year() != 2026 {
		t.Errorf("ada is %+v, %v", ada, err)
	}
	bob, err := s.Core.User(t.Context(), s.Core.DB, "8")
	if err != nil || bob.Role != "" || bob.EmailVerified {
		t.Errorf("bob is %+v, %v", bob, err)
	}
	if again, err := imported(t, s, path, importer.Options{}); err != nil || again.Imported {
		t.Errorf("second run: %v, %+v", err, again)
	}
}

// TestOpen: a file that is none of ours to read is refused in words.
func TestOpen(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, content string) string {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole, err := os.ReadFile(foreign(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path func(t *testing.T) string
		want string
	}{
		"not there":                  {func(t *testing.T) string { return filepath.Join(t.TempDir(), "none.db") }, "no such file"},
		"a folder":                   {func(t *testing.T) string { return t.TempDir() }, "is not a file"},
		"empty":                      {func(t *testing.T) string { return write(t, "") }, "is empty"},
		"some text":                  {func(t *testing.T) string { return write(t, "hello\n") }, "neither a SQLite database nor an export"},
		"a list":                     {func(t *testing.T) string { return write(t, `[{"id":"1"}]`) }, "neither a SQLite database nor an export"},
		"a line of another form":     {func(t *testing.T) string { return write(t, `{"table":"user","row":{"id":"1"}}`+"\n"+`{"id":"1"}`) }, "line 2 is not"},
		"an export cut short":        {func(t *testing.T) string { return write(t, `{"user":[{"id":"1"},{"id":`) }, "at byte"},
		"an export without users":    {func(t *testing.T) string { return write(t, `{"account":[]}`) }, "has no table of users"},
		"a database cut short":       {func(t *testing.T) string { return write(t, string(whole[:len(whole)/2])) }, "damaged file"},
		"the head of a database":     {func(t *testing.T) string { return write(t, "SQLite format 3\x00garbage garbage garbage garbage") }, "not a database"},
		"a database of another kind": {func(t *testing.T) string { return database(t, `CREATE TABLE orders (id)`) }, "has no table of users; it has: orders"},
		"authd's own":                {func(t *testing.T) string { return filepath.Join(testkit.Start(t, "").Dir, "authd.db") }, "is a database of authd's"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := importer.Open(t.Context(), c.path(t))
			if err == nil {
				source.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("said %q, want %q", err, c.want)
			}
		})
	}
}

// TestForeignFileStaysAsItIs, and is read while its program writes: what is in the
// write-ahead log counts, what comes later does not.
func TestForeignFileStaysAsItIs(t *testing.T) {
	t.Parallel()
	path := foreign(t, "PRAGMA journal_mode = WAL")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	insert := func(id string) {
		if _, err := db.ExecContext(t.Context(), `INSERT INTO "user" (id, name, email, emailVerified, createdAt, updatedAt) VALUES (?, 'X', ? || '@example.com', 0, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')`, id, id); err != nil {
			t.Fatal(err)
		}
	}
	insert("logged")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	source, err := importer.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	insert("later")
	s := testkit.Start(t, scopes)
	report, err := s.Importer.Import(t.Context(), source, all())
	if err != nil || !report.Imported {
		t.Fatalf("%v, %+v", err, report)
	}
	if got := numbers(t, report, "user"); got != "9 rows, 9 add, 0 present, 0 left out, 0 problems" {
		t.Errorf("users: %s", got)
	}
	after, err := os.ReadFile(path)
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("the file was written to: %v", err)
	}
}

// TestForeignFileInALockedFolder: a database without a log is read where nothing may be written beside it.
func TestForeignFileInALockedFolder(t *testing.T) {
	t.Parallel()
	path := foreign(t, "PRAGMA journal_mode = WAL", "PRAGMA wal_checkpoint(TRUNCATE)")
	dir := filepath.Dir(path)
	for _, mode := range []struct {
		path string
		mode os.FileMode
	}{{path, 0o400}, {dir, 0o500}} {
		if err := os.Chmod(mode.path, mode.mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	s := testkit.Start(t, scopes)
	mustImport(t, s, path, all())
}

// TestForeignSchemaRunsNothing: names are only names, and views are not tables.
func TestForeignSchemaRunsNothing(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	path := database(
		t, `CREATE TABLE "user" (id TEXT, email TEXT, name TEXT GENERATED ALWAYS AS (upper(id)), emailVerified, createdAt, "x""; DROP TABLE y; --" TEXT)`,
		`CREATE VIEW account AS SELECT id, id AS accountId, 'credential' AS providerId, id AS userId, 'x' AS password FROM "user"`,
		`INSERT INTO "user" (id, email, emailVerified, createdAt, "x""; DROP TABLE y; --") VALUES ('a', 'a@example.com', 1, '2026-01-01T00:00:00.000Z', 'y')`,
		`CREATE TABLE "y'; --" (a)`,
	)
	report := mustImport(t, s, path, importer.Options{})
	if got := numbers(t, report, "account"); got != "not told" && got != "0 rows, 0 add, 0 present, 0 left out, 0 problems" {
		t.Errorf("a view was taken for a table: %s", got)
	}
}
