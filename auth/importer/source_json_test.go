package importer_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"authd/auth/importer"
	"authd/auth/internal/testkit"
)

// exports writes a database as the two forms of an export.
func exports(t *testing.T, path string) (lines, object string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var line bytes.Buffer
	tables := map[string][]map[string]any{}
	for _, table := range []string{"account", "session", "user", "oauthClient", "organization", "jwks", "twoFactor"} {
		tables[table] = rowsOf(t, db, table)
		for _, row := range tables[table] {
			if err := json.NewEncoder(&line).Encode(map[string]any{"table": table, "row": row}); err != nil {
				t.Fatal(err)
			}
		}
	}
	whole, err := json.Marshal(tables)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	lines, object = filepath.Join(dir, "export.ndjson"), filepath.Join(dir, "export.json")
	if err := errors.Join(os.WriteFile(lines, line.Bytes(), 0o600), os.WriteFile(object, whole, 0o600)); err != nil {
		t.Fatal(err)
	}
	return lines, object
}

func rowsOf(t *testing.T, db *sql.DB, table string) []map[string]any {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT * FROM "`+table+`"`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	for rows.Next() {
		values, pointers := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			pointers[i] = &values[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			t.Fatal(err)
		}
		row := map[string]any{}
		for i, column := range columns {
			row[column] = values[i]
		}
		list = append(list, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestExports: the same rows as JSON, in lines or in one object, in any order of tables, are the same import.
func TestExports(t *testing.T) {
	t.Parallel()
	path := foreign(t)
	lines, object := exports(t, path)
	for name, file := range map[string]string{"lines": lines, "one object": object} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, scopes)
			report := mustImport(t, s, file, all())
			for table, want := range map[string]string{
				"user": "8 rows, 8 add, 0 present, 0 left out, 0 problems", "account": "7 rows, 7 add, 0 present, 0 left out, 0 problems",
				"oauthclient": "2 rows, 2 add, 0 present, 0 left out, 0 problems", "organization": "1 rows, 0 add, 0 present, 1 left out, 0 problems",
			} {
				if got := numbers(t, report, table); got != want {
					t.Errorf("%s: %s, want %s", table, got, want)
				}
			}
			signIn(s.Client(), "zoe@example.com", "Pässwörd ｆｕｌｌ ½ 日本語").Is(200, "")
			if again, err := imported(t, s, path, all()); err != nil || again.Imported {
				t.Errorf("the database after its export: %v, %+v", err, again)
			}
		})
	}
}

// TestTimes: as JavaScript, PostgreSQL, MySQL and SQLite write them, and in numbers of both lengths.
func TestTimes(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	var lines bytes.Buffer
	forms := []any{
		"2026-01-02T03:04:05.678Z", "2026-01-02T05:04:05.678+02:00", "2026-01-02 03:04:05.678", "2026-01-02 03:04:05.678000", "2026-01-02 03:04:05.678+00",
		"2026-01-02T03:04:05.678+0000", int64(1767323045678), "1767323045678", 1767323045.678,
	}
	for i, form := range forms {
		row := map[string]any{"id": fmt.Sprint(i), "email": fmt.Sprintf("user-%d@example.com", i), "emailVerified": i % 2, "createdAt": form, "updatedAt": form}
		if err := json.NewEncoder(&lines).Encode(map[string]any{"table": "user", "row": row}); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "export.ndjson")
	if err := os.WriteFile(path, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	mustImport(t, s, path, importer.Options{})
	for i, form := range forms {
		u, err := s.Core.User(t.Context(), s.Core.DB, fmt.Sprint(i))
		if err != nil || u.CreatedAt.UnixMilli() != 1767323045678 || u.EmailVerified != (i%2 == 1) {
			t.Errorf("%v became %v, %v", form, u, err)
		}
	}
}

// TestManyProblems: all are counted, the first thousand told one by one.
func TestManyProblems(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	var lines bytes.Buffer
	for i := range 1200 {
		fmt.Fprintf(&lines, `{"table":"user","row":{"id":"%d","email":"none"}}`+"\n", i)
	}
	fmt.Fprintf(&lines, `{"table":"user","row":{"id":"long","name":%q,"email":"long@example.com"}}`+"\n", strings.Repeat("x", 300<<10))
	fmt.Fprintf(&lines, `{"table":"user","row":{"id":"list","name":["a"],"email":{"a":1}}}`+"\n")
	path := filepath.Join(t.TempDir(), "export.ndjson")
	if err := os.WriteFile(path, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := imported(t, s, path, importer.Options{})
	if !errors.Is(err, importer.ErrProblems) || report.ProblemCount != 1202 || len(report.Problems) != 1000 || report.Problems[999].Row != 1000 {
		t.Fatalf("%v, %d problems, %d told", err, report.ProblemCount, len(report.Problems))
	}
	report, err = imported(t, s, path, importer.Options{SkipProblems: true})
	if err != nil || report.Imported {
		t.Errorf("there was nothing good: %v, %+v", err, report.Tables)
	}
}

// TestAllOrNothing: what comes in between, somebody who signs up or who stops the
// command, leaves nothing half done.
func TestAllOrNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		between func(t *testing.T, s *testkit.Server, stop func())
		want    string
		users   int
	}{
		{"somebody signs up with an address of the file", func(_ *testing.T, s *testkit.Server, _ func()) { s.SignUp("bob@example.com") }, "the database changed while rows were imported", 1},
		{"the command is stopped", func(_ *testing.T, _ *testkit.Server, stop func()) { stop() }, "context canceled", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, scopes)
			source, err := importer.Open(t.Context(), foreign(t))
			if err != nil {
				t.Fatal(err)
			}
			defer source.Close()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			o := all()
			o.Progress = func(doing, table string, _, _ int64) {
				if doing == "reading" && table == "account" { // the users were judged already
					c.between(t, s, stop)
				}
			}
			report, err := s.Importer.Import(ctx, source, o)
			if err == nil || !strings.Contains(err.Error(), c.want) || report != nil && report.Imported {
				t.Errorf("%v, %+v; want %q", err, report, c.want)
			}
			if users, err := s.Core.Users(t.Context(), s.Core.DB, "", 10); err != nil || len(users) != c.users {
				t.Errorf("%d users are here, want %d: %v", len(users), c.users, err)
			}
			if clients, err := s.OIDC.Clients(t.Context()); err != nil || len(clients) != 1 {
				t.Errorf("%d clients are here, want authd's own: %v", len(clients), err)
			}
		})
	}
}
