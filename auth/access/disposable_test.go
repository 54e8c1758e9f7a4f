package access_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

func TestDisposableAddresses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "more.txt")
	if err := os.WriteFile(file, []byte("# ours\nminutes.example # seen last week\nBÜCHER.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	on := "[sign_up]\nblock_disposable = true\n"
	ours := on + "disposable_domains_file = \"" + file + "\"\n"
	for name, c := range map[string]struct {
		toml, email string
		refused     bool
	}{
		"a known service":                        {on, "ada@mailinator.com", true},
		"in any case":                            {on, "ada@MailiNator.com", true},
		"a domain below it":                      {on, "ada@any.mailinator.com", true},
		"a name that only ends like it":          {on, "ada@notamailinator.com", false},
		"everybody else":                         {on, "ada@example.com", false},
		"off, as it is from the start":           {"", "ada@mailinator.com", false},
		"a domain of one's own list":             {ours, "ada@minutes.example", true},
		"one written outside ASCII":              {ours, "ada@xn--bcher-kva.example", true},
		"the built-in list counts beside it":     {ours, "ada@mailinator.com", true},
		"a domain that is allowed is no service": {on + "allowed_domains = ['mailinator.com']\n", "ada@mailinator.com", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, c.toml)
			a := s.Client().Post("/sign-up/email", map[string]any{"name": "Ada", "email": c.email, "password": testkit.Password})
			if !c.refused {
				a.Is(200, "")
				return
			}
			a.Is(403, "EMAIL_DISPOSABLE")
			page := s.Client().Form("./signup", url.Values{"name": {"Ada"}, "email": {c.email}, "password": {testkit.Password}})
			if page.Status != 422 || !strings.Contains(page.Body, "that you will keep") {
				t.Errorf("%d %s", page.Status, page.Body)
			}
			s.Client().Post("/sign-in/email", map[string]any{"email": c.email, "password": testkit.Password}).Is(401, "")
		})
	}
}
