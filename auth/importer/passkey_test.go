package importer_test

import (
	"encoding/base64"
	"fmt"
	"testing"

	"authd/auth/internal/testkit"
)

const (
	ada          = "N3kENLqpBJ7y8gjE7iFiMXl71WxHAfPk"
	passkeyTable = `CREATE TABLE "passkey" ("id" text not null primary key, "name" text, "publicKey" text not null, "userId" text not null references "user" ("id") on delete cascade,
"credentialID" text not null, "counter" integer not null, "deviceType" text not null, "backedUp" integer not null, "transports" text, "createdAt" date, "aaguid" text)`
)

// passkeyRow is a passkey as better-auth keeps it.
func passkeyRow(t testing.TB, id, userID string, k *testkit.SoftKey, counter int, device string) string {
	t.Helper()
	return fmt.Sprintf(`INSERT INTO passkey VALUES ('%s', 'Ada''s phone', '%s', '%s', '%s', %d, '%s', 0, 'internal,hybrid', '2026-11-21T19:40:00.000Z', 'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4')`,
		id, base64.StdEncoding.EncodeToString(k.PublicKey(t)), userID, k.CredentialID(), counter, device)
}

func passkeySignIn(c *testkit.Client, a *testkit.Authenticator, k *testkit.SoftKey) *testkit.Answer {
	options := c.Get("/passkey/generate-authenticate-options").Is(200, "")
	return c.Post("/passkey/verify-authentication", map[string]any{"response": a.Get(options, k)})
}

// TestPasskeysSignInAfterwards: with the keys that better-auth knew, counters and all.
func TestPasskeysSignInAfterwards(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, scopes)
	a := s.Authenticator()
	counted, silent, nobodys := a.Key("127.0.0.1", []byte("made-by-better-auth-1")), a.Key("127.0.0.1", []byte("made-by-better-auth-2")), a.Key("127.0.0.1", nil)
	counted.Counter = 7
	path := foreign(t, passkeyTable, passkeyRow(t, "pk1", ada, counted, 7, "singleDevice"),
		passkeyRow(t, "pk2", ada, silent, 0, "multiDevice"), passkeyRow(t, "pk3", "nobody", nobodys, 0, "multiDevice"))
	report := mustImport(t, s, path, all())
	if got, want := numbers(t, report, "passkey"), "3 rows, 2 add, 0 present, 1 left out, 0 problems"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	c := s.Client()
	if who := passkeySignIn(c, a, counted).Is(200, ""); who.Field("user.id") != ada {
		t.Errorf("signed in as %s", who.Body)
	}
	clone := *counted
	clone.Counter = 6
	passkeySignIn(s.Client(), a, &clone).Is(400, "AUTHENTICATION_FAILED")
	a.Counts, a.BackupAble = false, true
	for range 2 { // the second time the user handle is known
		passkeySignIn(s.Client(), a, silent).Is(200, "")
	}
	silent.Handle = []byte("another")
	passkeySignIn(s.Client(), a, silent).Is(400, "AUTHENTICATION_FAILED")
	passkeySignIn(s.Client(), a, nobodys).Is(401, "PASSKEY_NOT_FOUND")
	list := c.Get("/passkey/list-user-passkeys").Is(200, "").JSON().([]any)
	if len(list) != 2 || list[0].(map[string]any)["name"] != "Ada's phone" || list[0].(map[string]any)["createdAt"] != "2026-11-21T19:40:00.000Z" {
		t.Errorf("listed %v", list)
	}
	again, err := imported(t, s, path, all())
	if got, want := numbers(t, again, "passkey"), "3 rows, 0 add, 2 present, 1 left out, 0 problems"; got != want {
		t.Errorf("again: %s, %v, want %s", got, err, want)
	}
}

// TestPasskeysThatCannotBeUsedAreToldOf: and written only when somebody says so, without them.
func TestPasskeysThatCannotBeUsedAreToldOf(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, scopes)
	a := s.Authenticator()
	good := a.Key("127.0.0.1", []byte("h"))
	path := foreign(t, passkeyTable, passkeyRow(t, "pk1", ada, good, 0, "singleDevice"), passkeyRow(t, "pk2", ada, good, 0, "singleDevice"),
		`INSERT INTO passkey SELECT 'pk3', name, 'AAAA', userId, 'AAAA', counter, deviceType, backedUp, transports, createdAt, aaguid FROM passkey WHERE id = 'pk1'`,
		`INSERT INTO passkey SELECT 'pk4', name, publicKey, userId, 'BBBB', counter, 'toaster', backedUp, transports, createdAt, aaguid FROM passkey WHERE id = 'pk1'`,
		`INSERT INTO passkey SELECT 'pk5', name, publicKey, userId, '', counter, deviceType, backedUp, transports, createdAt, aaguid FROM passkey WHERE id = 'pk1'`)
	report, err := imported(t, s, path, all())
	if err == nil {
		t.Error("imported")
	}
	if got, want := numbers(t, report, "passkey"), "5 rows, 1 add, 0 present, 0 left out, 4 problems"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	passkeySignIn(s.Client(), a, good).Is(401, "PASSKEY_NOT_FOUND")
	o := all()
	o.SkipProblems = true
	if report, err := imported(t, s, path, o); err != nil || !report.Imported {
		t.Fatalf("import: %v, %+v", err, report)
	}
	passkeySignIn(s.Client(), a, good).Is(200, "")
}
