package importer_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

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
