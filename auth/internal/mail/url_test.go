package mail

import (
	"strings"
	"testing"

	gomail "github.com/wneessen/go-mail"
)

func TestServerURL(t *testing.T) {
	const must, may, never = gomail.TLSMandatory, gomail.TLSOpportunistic, gomail.NoTLS
	for _, c := range []struct {
		rule, url string
		want      server
	}{
		{"STARTTLS is mandatory on port 587", "smtp://u:p%40%2F@mail.example", server{host: "mail.example", port: 587, user: "u", password: "p@/", starttls: must}},
		{"implicit TLS on port 465", "smtps://mail.example/", server{host: "mail.example", port: 465, implicit: true, starttls: must}},
		{"another port", "smtp://mail.example:2525", server{host: "mail.example", port: 2525, starttls: must}},
		{"opportunistic when stated, never with the password in the clear", "smtp://u:p@mail.example?tls=opportunistic", server{host: "mail.example", port: 587, user: "u", password: "p", starttls: may}},
		{"none when stated", "smtp://u:p@mail.example?tls=none", server{host: "mail.example", port: 587, user: "u", password: "p", starttls: never, clear: true}},
		{"what is offered, on loopback", "smtp://localhost:25", server{host: "localhost", port: 25, starttls: may, clear: true, unverified: true}},
		{"what is offered, on loopback by address", "smtp://[::1]:25", server{host: "::1", port: 25, starttls: may, clear: true, unverified: true}},
		{"mandatory when stated on loopback", "smtp://127.0.0.1?tls=starttls", server{host: "127.0.0.1", port: 587, starttls: must}},
		{"a name that only looks like loopback", "smtp://localhost.example", server{host: "localhost.example", port: 587, starttls: must}},
		{"implicit TLS on loopback is verified", "smtps://localhost", server{host: "localhost", port: 465, implicit: true, starttls: must}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got, err := parseServer(c.url)
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
	for _, c := range []struct{ rule, url string }{
		{"no URL", "hunter2"},
		{"another scheme", "https://u:hunter2@mail.example"},
		{"no host", "smtp://u:hunter2@"},
		{"a port that is none", "smtp://u:hunter2@mail.example:0"},
		{"a port that is too high", "smtp://u:hunter2@mail.example:65536"},
		{"a path", "smtp://u:hunter2@mail.example/x"},
		{"an unencoded slash in the password", "smtp://u:hunter2/@mail.example"},
		{"an unknown parameter", "smtp://u:hunter2@mail.example?starttls=no"},
		{"an unknown mode", "smtp://u:hunter2@mail.example?tls=hunter2"},
		{"a mode of implicit TLS", "smtps://u:hunter2@mail.example?tls=none"},
		{"bad encoding", "smtp://u:hunter2%zz@mail.example"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if got, err := parseServer(c.url); err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestFailureTextIsScrubbed(t *testing.T) {
	s := newScrubber("mailer", "hunter2")
	for _, c := range []struct{ rule, text, want string }{
		{"the password", "550 hunter2 x", "550 [secret] x"},
		{"the password as PLAIN sends it", "550 AG1haWxlcgBodW50ZXIy x", "550 [secret] x"},
		{"the password as LOGIN sends it", "550 aHVudGVyMg== x", "550 [secret] x"},
		{"a link", "554 HTTPS://a.example/?token=x seen", "554 [link] seen"},
		{"the recipient that go-mail adds", "550 no, affected recipient(s): ada@example.com", "550 no"},
		{"control characters", "550 a\nb\x1b[31m", "550 a b [31m"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if got := s.clean(c.text); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := s.clean(strings.Repeat("ä", 1000)); len(got) > maxFailure+3 {
		t.Errorf("%d bytes", len(got))
	}
}
