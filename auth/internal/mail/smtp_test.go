package mail_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/clock"
	"authd/auth/internal/mail"
)

var message = mail.Message{
	Kind: "reset-password", To: "ada@example.com", Subject: "Reset your password – größer",
	Text: "Hello,\n.\nhttps://auth.example/reset-password?token=s3cr3t\n", HTML: "<p>Grüße</p>",
}

var credentials = url.UserPassword(user, password).String() + "@"

func sender(t *testing.T, s *smtpServer, credentials, query string) *mail.SMTP {
	t.Helper()
	smtp, err := mail.NewSMTP(mail.SMTPOptions{
		URL: s.url(credentials, query), From: "Example <no-reply@example.com>", Timeout: 5 * time.Second,
		Clock: clock.System, TLS: &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12},
	})
	if err != nil {
		t.Fatal(err)
	}
	return smtp
}

func TestMailArrives(t *testing.T) {
	for _, c := range []struct {
		rule      string
		configure func(*smtpServer)
		login     string
		query     string
		want      received
	}{
		{"no TLS, no login, on loopback", func(*smtpServer) {}, "", "", received{}},
		{"STARTTLS when offered on loopback", func(s *smtpServer) { s.starttls = true }, "", "", received{encrypted: true}},
		{"not when forbidden", func(s *smtpServer) { s.starttls = true }, "", "?tls=none", received{}},
		{"STARTTLS mandatory, PLAIN", func(s *smtpServer) { s.starttls, s.auth = true, "PLAIN LOGIN" }, credentials, "?tls=starttls", received{encrypted: true, user: "PLAIN mailer"}},
		{"opportunistic, offered", func(s *smtpServer) { s.starttls = true }, "", "?tls=opportunistic", received{encrypted: true}},
		{"opportunistic, not offered", func(*smtpServer) {}, "", "?tls=opportunistic", received{}},
		{"implicit TLS, PLAIN", func(s *smtpServer) { s.implicit, s.auth = true, "PLAIN" }, credentials, "", received{encrypted: true, user: "PLAIN mailer"}},
		{"implicit TLS, LOGIN", func(s *smtpServer) { s.implicit, s.auth = true, "LOGIN" }, credentials, "", received{encrypted: true, user: "LOGIN mailer"}},
		{"the better mechanism is taken", func(s *smtpServer) { s.starttls, s.auth = true, "LOGIN PLAIN CRAM-MD5" }, credentials, "", received{encrypted: true, user: "CRAM-MD5 mailer"}},
		{"login in the clear on loopback", func(s *smtpServer) { s.auth = "PLAIN" }, credentials, "", received{user: "PLAIN mailer"}},
		{"an error while parting is none", func(s *smtpServer) { s.answers["QUIT"] = "" }, "", "", received{}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			s := startServer(t, c.configure)
			if err := sender(t, s, c.login, c.query).Send(t.Context(), message); err != nil {
				t.Fatal(err)
			}
			mails := s.mails()
			if len(mails) != 1 {
				t.Fatalf("%d mails arrived", len(mails))
			}
			got := mails[0]
			if !strings.HasPrefix(got.from, "FROM:<no-reply@example.com>") || !strings.HasPrefix(got.to, "TO:<ada@example.com>") {
				t.Errorf("envelope %q, %q", got.from, got.to)
			}
			checkMessage(t, got.body)
			got.from, got.to, got.body = "", "", ""
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// checkMessage reads the message as a mail program would.
func checkMessage(t *testing.T, text string) {
	t.Helper()
	read, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
	if err != nil || subject != message.Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	for name, want := range map[string]string{
		"From": `"Example" <no-reply@example.com>`, "To": "<ada@example.com>",
		"Auto-Submitted": "auto-generated", "X-Authd-Kind": message.Kind, "User-Agent": "", "X-Mailer": "",
	} {
		if got := read.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if id := read.Header.Get("Message-ID"); !strings.HasSuffix(id, "@example.com>") {
		t.Errorf("Message-ID %q", id)
	}
	if _, err := read.Header.Date(); err != nil {
		t.Error(err)
	}
	kind, parameters, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s, %v", kind, err)
	}
	parts := multipart.NewReader(read.Body, parameters["boundary"])
	for _, want := range []struct{ kind, content string }{
		{"text/plain; charset=UTF-8", message.Text}, {"text/html; charset=UTF-8", message.HTML},
	} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil || part.Header.Get("Content-Type") != want.kind ||
			strings.TrimSpace(string(bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n")))) != strings.TrimSpace(want.content) {
			t.Errorf("part %s: %q, %v", part.Header.Get("Content-Type"), content, err)
		}
	}
	for line := range strings.Lines(text) {
		if len(line) > 1000 || !strings.HasSuffix(line, "\r\n") {
			t.Errorf("a line that RFC 5322 §2.1.1 does not allow: %q", line)
		}
	}
}

func TestRefusalsArePermanentOrNot(t *testing.T) {
	echo := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
	for _, c := range []struct {
		rule         string
		configure    func(*smtpServer)
		login, query string
		permanent    bool
		says         string
	}{
		{"unknown recipient", func(s *smtpServer) { s.answers["RCPT"] = "550 5.1.1 no such user" }, "", "", true, `550 "5.1.1 no such user"`},
		{"recipient's box is full", func(s *smtpServer) { s.answers["RCPT"] = "452 4.2.2 full" }, "", "", false, `452 "4.2.2 full"`},
		{"content refused", func(s *smtpServer) {
			s.answers["BODY"] = "554 5.7.1 bad link https://auth.example/reset-password?token=s3cr3t, go away"
		}, "", "", true, `554 "5.7.1 bad link [link] go away"`},
		{"content refused for now", func(s *smtpServer) { s.answers["BODY"] = "451 4.7.1 greylisted" }, "", "", false, `451 "4.7.1 greylisted"`},
		{"no data", func(s *smtpServer) { s.answers["DATA"] = "554 5.5.1 no recipients" }, "", "", true, `554 "5.5.1`},
		{"sender refused: configuration", func(s *smtpServer) { s.answers["MAIL"] = "550 5.7.1 domain not verified" }, "", "", false, `550 "5.7.1 domain not verified"`},
		{"login needed: configuration", func(s *smtpServer) { s.answers["MAIL"] = "530 5.7.0 log in first" }, "", "", false, `530 "5.7.0`},
		{"login refused: configuration", func(s *smtpServer) {
			s.implicit, s.auth, s.answers["AUTH"] = true, "PLAIN", "535 5.7.8 bad: "+echo+" "+password
		}, credentials, "", false, "code 535"},
		{"no way to log in", func(s *smtpServer) { s.implicit, s.auth = true, "GSSAPI" }, credentials, "", false, "auth"},
		{"login not offered", func(s *smtpServer) { s.implicit = true }, credentials, "", false, "AUTH"},
		{"greeting refused", func(s *smtpServer) { s.answers["CONNECT"] = "554 not you" }, "", "", false, "code 554"},
		{"STARTTLS not offered", func(s *smtpServer) { s.auth = "PLAIN" }, credentials, "?tls=starttls", false, "STARTTLS"},
		{"STARTTLS refused", func(s *smtpServer) { s.starttls, s.answers["STARTTLS"] = true, "454 4.7.0 not now" }, "", "?tls=starttls", false, "code 454"},
		{"hang-up at once", func(s *smtpServer) { s.answers["CONNECT"] = "" }, "", "", false, "connect"},
		{"hang-up at MAIL", func(s *smtpServer) { s.answers["MAIL"] = "" }, "", "", false, "send"},
		{"hang-up after the content", func(s *smtpServer) { s.answers["BODY"] = "" }, "", "", false, "send"},
		{"the refusal quotes the password", func(s *smtpServer) {
			s.auth, s.answers["RCPT"] = "PLAIN", "550 never "+echo+" or "+password
		}, credentials, "", true, `550 "never [secret] or [secret]"`},
	} {
		t.Run(c.rule, func(t *testing.T) {
			s := startServer(t, c.configure)
			err := sender(t, s, c.login, c.query).Send(t.Context(), message)
			if err == nil || errors.Is(err, mail.ErrPermanent) != c.permanent || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v", err)
			}
			if len(s.mails()) != 0 {
				t.Error("the mail arrived all the same")
			}
			for _, secret := range []string{password, echo, "s3cr3t", url.QueryEscape(password)} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("error tells %q: %v", secret, err)
				}
			}
		})
	}
}

func TestNoPasswordOverAnUnencryptedLine(t *testing.T) {
	s := startServer(t, func(s *smtpServer) { s.auth = "PLAIN LOGIN" })
	if err := sender(t, s, credentials, "?tls=starttls").Send(t.Context(), message); err == nil {
		t.Error("sent")
	}
	if s.saw("AUTH") {
		t.Error("the password was sent")
	}
}

func TestUnknownCertificateIsRefused(t *testing.T) {
	for _, implicit := range []bool{true, false} {
		s := startServer(t, func(s *smtpServer) { s.implicit, s.starttls, s.auth = implicit, !implicit, "PLAIN" })
		query := "?tls=starttls"
		if implicit {
			query = ""
		}
		smtp, err := mail.NewSMTP(mail.SMTPOptions{URL: s.url(credentials, query), From: "a@example.com", Clock: clock.System})
		if err != nil {
			t.Fatal(err)
		}
		if err := smtp.Send(t.Context(), message); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("implicit %v: %v", implicit, err)
		}
		if s.saw("AUTH") {
			t.Error("the password was sent")
		}
	}
}

func TestSlowServer(t *testing.T) {
	for _, verb := range []string{"CONNECT", "EHLO", "MAIL", "BODY"} {
		s := startServer(t, func(s *smtpServer) { s.slow[verb] = true })
		t.Run(verb+" until the timeout", func(t *testing.T) {
			smtp, err := mail.NewSMTP(mail.SMTPOptions{
				URL: s.url("", ""), From: "a@example.com", Clock: clock.System, Timeout: 150 * time.Millisecond,
			})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			err = smtp.Send(t.Context(), message)
			if err == nil || errors.Is(err, mail.ErrPermanent) || time.Since(start) > 3*time.Second {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		})
		t.Run(verb+" until the context ends", func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			start := time.Now()
			err := sender(t, s, "", "").Send(ctx, message)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 3*time.Second {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	smtp, err := mail.NewSMTP(mail.SMTPOptions{URL: "smtp://" + credentials + "127.0.0.1:1", From: "a@example.com", Clock: clock.System})
	if err != nil {
		t.Fatal(err)
	}
	err = smtp.Send(t.Context(), message)
	if err == nil || errors.Is(err, mail.ErrPermanent) || strings.Contains(err.Error(), password) {
		t.Error(err)
	}
}

func TestMessageThatCannotBeSentIsPermanent(t *testing.T) {
	s := startServer(t, func(*smtpServer) {})
	smtp := sender(t, s, "", "")
	for rule, change := range map[string]func(*mail.Message){
		"no address":               func(m *mail.Message) { m.To = "" },
		"a second line":            func(m *mail.Message) { m.To = "ada@example.com\r\nBcc: eve@example.com" },
		"two addresses":            func(m *mail.Message) { m.To = "ada@example.com, eve@example.com" },
		"a name and an address":    func(m *mail.Message) { m.To = "Ada <ada@example.com>" },
		"a group":                  func(m *mail.Message) { m.To = "all: ada@example.com;" },
		"a kind of two lines":      func(m *mail.Message) { m.Kind = "x\r\nBcc: eve@example.com" },
		"a kind that leaves a dir": func(m *mail.Message) { m.Kind = "../x" },
		"no kind":                  func(m *mail.Message) { m.Kind = "" },
	} {
		t.Run(rule, func(t *testing.T) {
			m := message
			change(&m)
			if err := smtp.Send(t.Context(), m); !errors.Is(err, mail.ErrPermanent) {
				t.Error(err)
			}
		})
	}
	if s.saw("MAIL") {
		t.Error("something was sent")
	}
}

func TestSubjectCannotAddAHeader(t *testing.T) {
	s := startServer(t, func(*smtpServer) {})
	m := message
	m.Subject = "Hi\r\nBcc: eve@example.com\r\n\r\n<script>\u2028x\x00"
	if err := sender(t, s, "", "").Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	read, err := netmail.ReadMessage(strings.NewReader(s.mails()[0].body))
	if err != nil || read.Header.Get("Bcc") != "" || read.Header.Get("Subject") == "" {
		t.Errorf("%v, %v", read.Header, err)
	}
}
