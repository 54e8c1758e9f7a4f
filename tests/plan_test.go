package tests

import (
	"database/sql"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// scansAllowed are the statements that may read a table, or an index, from end to end, and why.
func scansAllowed() map[string]string {
	const few = "a table of few rows: "
	return map[string]string{
		"FROM jwks":                        few + "signing keys",
		"FROM oauth_resource ORDER BY id":  few + "an operator lists APIs",
		"FROM oauth_registration_token":    few + "tokens that an operator made by hand",
		"FROM oauth_client ORDER BY id":    "an operator lists the clients",
		"FROM oauth_client WHERE declared": few + "an index of the clients that authd.toml has, at a start",
		"MAX(access_token_expires_in)":     "the clients, once for each rotation of a key",
		"count(*) FROM oauth_client WHERE verified = FALSE": "an index of at most client_registration_max_unverified entries, " +
			"when a client registers itself",
		"FROM operator_token":                  few + "tokens that an operator made by hand",
		"FROM sign_up_invitation WHERE expire": few + "an operator lists the invitations",
		"FROM webhook_gone":                    few + "receivers that want nothing more, at a start",
		"substr(lane, 1, $2)":                  "jobs that wait or were given up, when an operator looks at them",
		`FROM "user" u WHERE u.role LIKE`:      "users, by a job that tells administrators of somebody who waits",
		`FROM "user" LIMIT 1`:                  "the first row ends it",
		"FROM two_factor WHERE verified OR":    "a start while second factors are off; the first that counts ends it",
		"SELECT id FROM passkey LIMIT 1":       "the first row ends it",
		"two_factor WHERE secret IS NOT NULL":  "at the start after the secret was replaced",
		"two_factor_backup_code ORDER BY":      "at the start after the secret was replaced",
	}
}

// TestNoStatementScans: what is asked of the database takes as long in a file with a million
// rows as in an empty one. SQLite's own plan of each statement says so: a SCAN, or a SEARCH
// without an index, reads a table from end to end.
func TestNoStatementScans(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	allowed := scansAllowed()
	looked, used := 0, map[string]bool{}
	for _, s := range collectStatements(t) {
		looked++
		if unbounded(s.text) {
			t.Errorf("%s: a sweep that deletes without LIMIT holds the writer for as long as there are rows:\n%s", s.at, s.text)
		}
		for _, step := range planOf(t, db, s) {
			if !reads(step) {
				continue
			}
			if reason := exception(allowed, s.text); reason != "" {
				used[reason] = true
				continue
			}
			t.Errorf("%s: %s\n%s", s.at, step, s.text)
		}
	}
	if looked < 250 {
		t.Errorf("found only %d statements: the collector looks at the wrong place", looked)
	}
	for text := range allowed {
		if !used[text] {
			t.Errorf("no statement with %q reads a table from end to end any more: take it off the list", text)
		}
	}
}

// reads tells whether a step of a plan goes through a table, or an index, from end to end.
func reads(step string) bool {
	switch {
	case strings.HasPrefix(step, "SCAN"):
		return step != "SCAN CONSTANT ROW" && !strings.HasSuffix(step, "VALUES CLAUSE")
	case strings.HasPrefix(step, "SEARCH"):
		return !strings.Contains(step, " USING ")
	}
	return false
}

// unbounded tells whether a statement deletes whatever has expired, in one go.
func unbounded(text string) bool {
	return strings.HasPrefix(text, "DELETE") && strings.Contains(text, " <= $") && !strings.Contains(text, "LIMIT") &&
		!strings.Contains(text, "WHERE id = $") && !strings.Contains(text, "FROM jwks")
}

func exception(allowed map[string]string, text string) string {
	for part := range allowed {
		if strings.Contains(text, part) {
			return part
		}
	}
	return ""
}

// migrated is an empty file with all tables.
func migrated(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "plan.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	ups, _ := readMigrations(t)
	for _, s := range ups {
		if _, err := db.ExecContext(t.Context(), s.text); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
	}
	return db
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// planOf is how SQLite would go about a statement.
func planOf(t *testing.T, db *sql.DB, s statement) []string {
	t.Helper()
	highest := 0
	for _, m := range parameter.FindAllStringSubmatch(s.text, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		highest = max(highest, n)
	}
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+parameter.ReplaceAllString(s.text, "?$1"), make([]any, highest)...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", s.at, err, s.text)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}
