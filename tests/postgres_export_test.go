//go:build postgres

package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPostgresExport runs the export of docs/moving-from-better-auth.md, as it is written there,
// on tables as better-auth makes them on PostgreSQL, and looks at its lines.
func TestPostgresExport(t *testing.T) {
	ctx := context.Background()
	db := startPostgres(ctx, t)
	if _, err := db.Exec(ctx, `
CREATE TABLE "user" (id text PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, "emailVerified" boolean NOT NULL, image text,
  "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL);
CREATE TABLE account (id text PRIMARY KEY, "accountId" text NOT NULL, "providerId" text NOT NULL, "userId" text NOT NULL REFERENCES "user", password text,
  "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL);
CREATE TABLE session (id text PRIMARY KEY, "expiresAt" timestamptz NOT NULL, token text NOT NULL, "userId" text NOT NULL REFERENCES "user",
  "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL);
INSERT INTO "user" VALUES ('u1', E'Zoë "Z"\n日本', 'zoe@example.com', true, NULL, '2026-01-02 03:04:05.678+00', '2026-01-02 03:04:05.678+00');
INSERT INTO account VALUES ('a1', 'u1', 'credential', 'u1', '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy', now(), now());`); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join("..", "docs", "moving-from-better-auth.md"))
	if err != nil {
		t.Fatal(err)
	}
	script := regexp.MustCompile("(?ms)^```sh export\\.sh\n(.*?)^```$").FindSubmatch(page)
	if script == nil {
		t.Fatal("the page has no export.sh")
	}
	dir := t.TempDir()
	run := exec.CommandContext(ctx, "sh", "-eu")
	run.Dir, run.Stdin, run.Stderr = dir, bytes.NewReader(script[1]), os.Stderr
	config := db.Config()
	run.Env = append(os.Environ(), "DATABASE_URL=postgresql:///"+config.Database+"?host="+config.Host+"&user="+config.User)
	if err := run.Run(); err != nil {
		t.Fatal(err)
	}
	export, err := os.ReadFile(filepath.Join(dir, "export.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(export)), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines:\n%s", len(lines), export)
	}
	var user struct {
		Table string
		Row   map[string]any
	}
	if err := json.Unmarshal([]byte(lines[0]), &user); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"id": "u1", "name": "Zoë \"Z\"\n日本", "emailVerified": true, "image": nil} {
		if user.Table != "user" || user.Row[name] != want {
			t.Errorf("%s: %s is %v, want %v", user.Table, name, user.Row[name], want)
		}
	}
	if made, _ := user.Row["createdAt"].(string); !regexp.MustCompile(`^2026-01-0\dT\d\d:\d\d:05\.678[+-]\d\d:\d\d$`).MatchString(made) {
		t.Errorf("createdAt is %q", made)
	}
}
