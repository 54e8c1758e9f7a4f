package notice_test

import (
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

// from is a browser at an address.
func from(s *testkit.Server, agent, address string) *testkit.Client {
	c := s.Client()
	c.Header.Set("User-Agent", agent)
	c.Header.Set("X-Forwarded-For", address)
	return c
}

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	newer   = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
	safari  = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"
)

func TestASignInFromElsewhereIsToldOf(t *testing.T) {
	s := testkit.Start(t, "")
	who := map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A"}
	from(s, firefox, "203.0.113.7").Post("/sign-up/email", who).Is(200, "")
	told := 0
	for _, step := range []struct {
		name, agent, address string
		news                 bool
	}{
		{"the same again", firefox, "203.0.113.7", false},
		{"a newer version, and another address of the network", newer, "203.0.113.99", false},
		{"another browser", safari, "203.0.113.7", true},
		{"that one again", safari, "203.0.113.7", false},
		{"another network", firefox, "198.51.100.1", true},
		{"both, each known", safari, "198.51.100.2", false},
		{"an IPv6 network", firefox, "2001:db8:85a3::1", true},
		{"the same one, another device in it", firefox, "2001:db8:85a3:8d3::2", false},
	} {
		from(s, step.agent, step.address).Post("/sign-in/email", who).Is(200, "")
		if step.news {
			told++
		}
		if n := len(s.Mails("new-device")); n != told {
			t.Fatalf("%s: %d mails, want %d", step.name, n, told)
		}
	}
	from(s, safari, "192.0.2.9").Post("/sign-in/email", map[string]any{"email": "a@example.com", "password": "wrong-wrong"}).Is(401, "")
	if n := len(s.Mails("new-device")); n != told {
		t.Fatal("a failed sign-in was told of as one")
	}
	mails := s.Mails("new-device")
	if last := mails[len(mails)-1]; !strings.Contains(last, "2001:db8:85a3::1") || !strings.Contains(last, "To: <a@example.com>") {
		t.Fatal(last)
	}
}

func TestAnothersSignInsAreNoNews(t *testing.T) {
	s := testkit.Start(t, "")
	for _, email := range []string{"a@example.com", "b@example.com"} {
		from(s, firefox, "203.0.113.7").Post("/sign-up/email", map[string]any{"email": email, "password": testkit.Password, "name": "A"}).Is(200, "")
	}
	if n := len(s.Mails("new-device")); n != 0 {
		t.Fatalf("%d mails", n)
	}
	from(s, safari, "203.0.113.7").Post("/sign-in/email", map[string]any{"email": "b@example.com", "password": testkit.Password}).Is(200, "")
	if mails := s.Mails("new-device"); len(mails) != 1 || !strings.Contains(mails[0], "b@example.com") {
		t.Fatal(mails)
	}
}

func TestBothAddressesAreToldOfAChange(t *testing.T) {
	s := testkit.Start(t, "[user.change_email]\nupdate_email_without_verification = true\n")
	s.SignUp("old@example.com").Post("/change-email", map[string]string{"newEmail": "new@example.com"}).Is(200, "")
	mails := s.Mails("email-changed")
	if len(mails) != 2 || !strings.Contains(mails[0], "To: <old@example.com>") || !strings.Contains(mails[1], "To: <new@example.com>") {
		t.Fatal(mails)
	}
}

func TestNoticesCanBeTurnedOff(t *testing.T) {
	s := testkit.Start(t, "[notices]\npassword_changed = false\nemail_changed = false\nnew_device = false\n[user.change_email]\nupdate_email_without_verification = true\n")
	who := map[string]any{"email": "a@example.com", "password": testkit.Password, "name": "A"}
	c := s.Client()
	c.Post("/sign-up/email", who).Is(200, "")
	from(s, safari, "198.51.100.1").Post("/sign-in/email", who).Is(200, "")
	c.Post("/change-password", map[string]any{"currentPassword": testkit.Password, "newPassword": "another-password"}).Is(200, "")
	c.Post("/change-email", map[string]string{"newEmail": "b@example.com"}).Is(200, "")
	for _, kind := range []string{"new-device", "password-changed", "email-changed"} {
		if n := len(s.Mails(kind)); n != 0 {
			t.Errorf("%d %s mails", n, kind)
		}
	}
}
