package testkit

import (
	"io"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Password is everybody's in tests.
const Password = "correct-horse-battery"

// SignUp makes an account and returns its browser.
func (s *Server) SignUp(email string) *Client {
	s.t.Helper()
	c := s.Client()
	c.Post("/sign-up/email", map[string]any{"email": email, "password": Password, "name": "Test"}).Is(200, "")
	return c
}

// SignIn returns a browser that is signed in.
func (s *Server) SignIn(email string) *Client {
	s.t.Helper()
	c := s.Client()
	c.Post("/sign-in/email", map[string]any{"email": email, "password": Password}).Is(200, "")
	return c
}

// Mails are the mails of a kind that were written to the outbox, oldest first.
func (s *Server) Mails(kind string) []string {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Dir, "outbox", "*-"+kind+".eml"))
	if err != nil {
		s.t.Fatal(err)
	}
	mails := make([]string, 0, len(files))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			s.t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(string(b))))
		if err != nil {
			text = b
		}
		mails = append(mails, string(text))
	}
	return mails
}

var tokenPattern = regexp.MustCompile(`(?:[?&]token=|/reset-password/)([A-Za-z0-9]{32})`)

// Token is the one-time token of the newest mail of a kind.
func (s *Server) Token(kind string) string {
	s.t.Helper()
	mails := s.Mails(kind)
	if len(mails) == 0 {
		s.t.Fatalf("no %s mail was written", kind)
	}
	m := tokenPattern.FindStringSubmatch(mails[len(mails)-1])
	if m == nil {
		s.t.Fatalf("the newest %s mail has no token:\n%s", kind, mails[len(mails)-1])
	}
	return m[1]
}
