package importer_test

import (
	"encoding/base32"
	"errors"
	"strings"
	"testing"

	"github.com/pquerna/otp/totp"

	"authd/auth/importer"
	"authd/auth/internal/testkit"
)

const (
	tomsID  = "6f8QOFrKJfkTpXp0VgyMbQJq9lw6tYQF"
	tomsKey = "q1w2e3r4t5z6u7i8o9p0a1s2d3f4g5h6"
)

// withFactor is testdata, where Tom has an authenticator app and two backup codes.
func withFactor(t *testing.T, secret, codes string, verified string) string {
	t.Helper()
	path := foreign(t)
	change(t, path, `INSERT INTO "twoFactor" (id, secret, backupCodes, userId, verified) VALUES ('f1', '`+sealed(t, secret, tomsKey)+`', '`+codes+`', '`+tomsID+`', `+verified+`)`)
	return path
}

const backupCodes = `["AbCdE-12345","fGhIj-67890"]`

// TestSecondFactorsComeAlong: who had one is asked for it, by the same app and the same paper.
func TestSecondFactorsComeAlong(t *testing.T) {
	t.Parallel()
	for name, codes := range map[string]string{"sealed backup codes": sealed(t, foreignSecret, backupCodes), "backup codes in clear": backupCodes} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, scopes)
			report := mustImport(t, s, withFactor(t, foreignSecret, codes, "1"), importer.Options{Secrets: []string{foreignSecret}})
			if got := numbers(t, report, "twofactor"); got != "1 rows, 1 add, 0 present, 0 left out, 0 problems" {
				t.Error(got)
			}
			if s.FileContains(tomsKey) || s.FileContains("AbCdE") {
				t.Error("a secret lies in the database")
			}
			c := s.Client()
			a := signIn(c, "tom@example.com", "tom-tom-tom-tom").Is(200, "")
			if want := `{"twoFactorRedirect":true,"twoFactorMethods":["totp","otp"]}`; a.Body != want {
				t.Fatalf("%s, want %s", a.Body, want)
			}
			code, err := totp.GenerateCode(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(tomsKey)), s.Clock.Now(t.Context()))
			if err != nil {
				t.Fatal(err)
			}
			c.Post("/two-factor/verify-totp", map[string]string{"code": code}).Is(200, "")
			b := s.Client()
			signIn(b, "tom@example.com", "tom-tom-tom-tom").Is(200, "")
			b.Post("/two-factor/verify-backup-code", map[string]string{"code": "fGhIj-67890"}).Is(200, "")
			signIn(b, "tom@example.com", "tom-tom-tom-tom").Is(200, "")
			b.Post("/two-factor/verify-backup-code", map[string]string{"code": "fGhIj-67890"}).Is(401, "INVALID_BACKUP_CODE")
			if again := mustPresent(t, s, withFactor(t, foreignSecret, codes, "1")); again != "1 rows, 0 add, 1 present, 0 left out, 0 problems" {
				t.Errorf("a second run: %s", again)
			}
		})
	}
}

func mustPresent(t *testing.T, s *testkit.Server, path string) string {
	t.Helper()
	report, err := imported(t, s, path, importer.Options{Secrets: []string{foreignSecret}})
	if err != nil {
		t.Fatal(err)
	}
	return numbers(t, report, "twofactor")
}

// TestNobodyLosesTheirSecondFactorUnasked: it stops the import where it cannot be taken over.
func TestNobodyLosesTheirSecondFactorUnasked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		toml string
		o    importer.Options
	}{
		"it is sealed":                  {scopes, importer.Options{}},
		"it is sealed with another key": {scopes, importer.Options{Secrets: []string{"another-secret"}}},
		"two_factor is off":             {scopes + "\n[two_factor]\nenabled = false\n", importer.Options{Secrets: []string{foreignSecret}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, c.toml)
			report, err := imported(t, s, withFactor(t, foreignSecret, sealed(t, foreignSecret, backupCodes), "1"), c.o)
			if !errors.Is(err, importer.ErrProblems) || len(report.Problems) != 1 || report.Problems[0].Email != "tom@example.com" || !strings.Contains(report.Problems[0].What, "second factor") {
				t.Fatalf("%v, %+v", err, report.Problems)
			}
		})
	}
	t.Run("given up", func(t *testing.T) {
		t.Parallel()
		s := testkit.Start(t, scopes)
		report := mustImport(t, s, withFactor(t, foreignSecret, backupCodes, "1"), all())
		if got := numbers(t, report, "twofactor"); got != "1 rows, 0 add, 0 present, 1 left out, 0 problems" {
			t.Error(got)
		}
		if a := signIn(s.Client(), "tom@example.com", "tom-tom-tom-tom").Is(200, ""); a.Field("user.twoFactorEnabled") != "false" {
			t.Error(a.Body)
		}
	})
	t.Run("never used", func(t *testing.T) {
		t.Parallel()
		s := testkit.Start(t, scopes)
		mustImport(t, s, withFactor(t, foreignSecret, backupCodes, "0"), importer.Options{Secrets: []string{foreignSecret}})
		a := signIn(s.Client(), "tom@example.com", "tom-tom-tom-tom").Is(200, "")
		if want := `{"twoFactorRedirect":true,"twoFactorMethods":["otp"]}`; a.Body != want {
			t.Errorf("%s, want %s", a.Body, want)
		}
	})
}
