package password_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"authd/auth"
	"authd/auth/internal/config"
	"authd/auth/internal/testkit"
)

func TestAPasswordIsMoreThanWhoseItIs(t *testing.T) {
	s := testkit.Start(t, "")
	for name, c := range map[string]struct {
		password string
		refused  bool
	}{
		"the name":                            {"Ada Lovelace", true},
		"the name and a year":                 {"lovelace1815", true},
		"the address":                         {"countess@maths.example", true},
		"the address with a number":           {"Countess-2024!", true},
		"the name of the software":            {"authd12345", true},
		"a name within a sentence":            {"ada likes trains", false},
		"another's name":                      {"grace-hopper", false},
		"letters that are part of many words": {"canada-dry-stream", false},
		"no composition is asked for":         {"trains trains trains", false},
		"what is not personal may be digits":  {"918273645", false},
	} {
		t.Run(name, func(t *testing.T) {
			email := strings.NewReplacer(" ", "-", "'", "").Replace(name) + ".countess@maths.example"
			a := s.Client().Post("/sign-up/email", map[string]any{"name": "Ada Lovelace", "email": email, "password": c.password})
			if !c.refused {
				a.Is(200, "")
				return
			}
			a.Is(400, "PASSWORD_TOO_PERSONAL")
			s.Client().Post("/sign-in/email", map[string]any{"email": email, "password": c.password}).Is(401, "")
		})
	}
}

func TestThePersonsOwnWordsCountWhenAPasswordIsReplaced(t *testing.T) {
	s := testkit.Start(t, "")
	ada := s.Client()
	ada.Post("/sign-up/email", map[string]any{"name": "Ada Lovelace", "email": "ada@example.com", "password": testkit.Password}).Is(200, "")
	ada.Post("/change-password", map[string]any{"currentPassword": testkit.Password, "newPassword": "lovelace1815"}).Is(400, "PASSWORD_TOO_PERSONAL")
	ada.Post("/request-password-reset", map[string]any{"email": "ada@example.com"}).Is(200, "")
	token := s.Token("reset-password")
	ada.Post("/reset-password", map[string]any{"token": token, "newPassword": "lovelace1815"}).Is(400, "PASSWORD_TOO_PERSONAL")
	// The link was not used up by that.
	ada.Post("/reset-password", map[string]any{"token": token, "newPassword": "trains and engines"}).Is(200, "")
}

func TestTheRuleCanBeSwitchedOff(t *testing.T) {
	s := testkit.Start(t, "[password_rules]\nrefuse_personal = false\n")
	s.Client().Post("/sign-up/email", map[string]any{"name": "Ada Lovelace", "email": "ada@example.com", "password": "lovelace1815"}).Is(200, "")
}

func TestListedPasswordsAreRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(file, []byte("letmein-please\r\n\nOpenSesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := testkit.Start(t, "[password_rules]\nlist_file = \""+file+"\"\n")
	for _, password := range []string{"letmein-please", "opensesame", "OPENSESAME"} {
		s.Client().Post("/sign-up/email", map[string]any{"name": "Ada", "email": "ada@example.com", "password": password}).Is(400, "PASSWORD_NOT_ALLOWED")
	}
	page := s.Client().Form("./signup", url.Values{"name": {"Ada"}, "email": {"ada@example.com"}, "password": {"opensesame"}})
	if page.Status != 422 || !strings.Contains(page.Body, "too common") {
		t.Errorf("%d %s", page.Status, page.Body)
	}
	s.Client().Post("/sign-up/email", map[string]any{"name": "Ada", "email": "ada@example.com", "password": "opensesame-2"}).Is(200, "")
}

func TestAListThatCannotBeReadStopsTheStart(t *testing.T) {
	for _, key := range []string{"PASSWORD_RULES__LIST_FILE", "SIGN_UP__DISPOSABLE_DOMAINS_FILE"} {
		cfg, err := config.Load(config.Options{Environ: []string{
			"AUTHD_DATA=" + t.TempDir(), "AUTHD_SECRET=" + strings.Repeat("s", 40), "AUTHD_SIGN_UP__BLOCK_DISPOSABLE=true",
			"AUTHD_" + key + "=" + filepath.Join(t.TempDir(), "none"),
		}})
		if err != nil {
			t.Fatal(err)
		}
		named := strings.ToLower(strings.ReplaceAll(key, "__", "."))
		server, err := auth.New(t.Context(), cfg, auth.Deps{})
		if err == nil || !strings.Contains(err.Error(), named) {
			t.Errorf("%s: %v", named, err)
		}
		if server != nil {
			_ = server.Close()
		}
	}
}
