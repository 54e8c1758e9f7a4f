// Package attack_test has an attacker's scripts, one for each guard: guessing from
// many addresses, stuffing, having mails sent to somebody, and asking which accounts
// exist, by the answer and by how long it takes. They run against the program itself,
// in its own process, and know no more of it than a stranger does.
package attack_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"authd/tests/authdtest"
)

func TestMain(m *testing.M) { os.Exit(authdtest.Main(m)) }

const (
	operatorToken = "operator-token-0123456789-0123456789-0123"
	password      = "correct-horse-battery"
)

// world is the server under attack, and where its mails and texts go.
type world struct {
	*authdtest.Server
	Mails *mailbox
	Texts *phones
}

// everything is a server with every way in, where no limit of requests hides a guard.
const everything = `
[rate_limit]
enabled = false
[email_and_password]
require_email_verification = true
[magic_link]
enabled = true
[email_otp]
enabled = true
[username]
enabled = true
[phone_number]
enabled = true
sign_up_on_verification = true
[passkey]
enabled = true
[two_factor]
enabled = true
`

func begin(t *testing.T, toml string) *world {
	t.Helper()
	w := &world{Mails: newMailbox(t), Texts: newPhones(t)}
	w.Server = authdtest.Start(t, authdtest.Options{TOML: everything + toml, Env: map[string]string{
		"AUTHD_SMTP_URL":       "smtp://" + w.Mails.addr,
		"AUTHD_MAIL__FROM":     "authd@example.com",
		"AUTHD_SMS__URL":       w.Texts.url,
		"AUTHD_SMS__SECRET":    "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
		"AUTHD_OPERATOR_TOKEN": operatorToken,
		"AUTHD_LOG__LEVEL":     "warn",
	}})
	return w
}

// person makes an account as an administrator would.
func (w *world) person(t *testing.T, n int) {
	t.Helper()
	c := w.Client()
	c.Path, c.Header = "/api/operator", http.Header{"Authorization": {"Bearer " + operatorToken}}
	made := c.Post(t, "/createUser", map[string]any{
		"name": "Somebody", "email": email("known", n), "password": password, "emailVerified": true,
		"data": map[string]any{"username": username("known", n), "phoneNumber": number("known", n), "phoneNumberVerified": true},
	})
	if made.Status != http.StatusOK {
		t.Fatalf("%d %s", made.Status, made.Body)
	}
}

// Names of people who are there and of those who are not have the same length.
func email(who string, n int) string    { return fmt.Sprintf("%.5s.%04d@example.com", who+"xx", n) }
func username(who string, n int) string { return fmt.Sprintf("%.5s_%04d", who+"xx", n) }

func number(who string, n int) string {
	if who == "known" {
		return fmt.Sprintf("+1555000%04d", n)
	}
	return fmt.Sprintf("+1555001%04d", n)
}

// mailbox is a mail server that counts what it takes for each address.
type mailbox struct {
	addr string
	mu   sync.Mutex
	got  map[string]int
	last map[string]string // what the newest one says
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	m := &mailbox{got: map[string]int{}, last: map[string]string{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.addr = l.Addr().String()
	s := smtp.NewServer(m)
	s.Domain = "localhost"
	go func() { _ = s.Serve(l) }() // ends with Close
	t.Cleanup(func() { _ = s.Close() })
	return m
}

// To is how many mails an address has got.
func (m *mailbox) To(address string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.got[address]
}

// Last is what the newest mail to an address says.
func (m *mailbox) Last(address string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last[address]
}

// NewSession implements [smtp.Backend].
func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &letter{box: m}, nil }

type letter struct {
	box *mailbox
	to  string
}

func (l *letter) Reset()                                    {}
func (l *letter) Logout() error                             { return nil }
func (l *letter) Mail(string, *smtp.MailOptions) error      { return nil }
func (l *letter) Rcpt(to string, _ *smtp.RcptOptions) error { l.to = to; return nil }

func (l *letter) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	l.box.mu.Lock()
	defer l.box.mu.Unlock()
	l.box.got[l.to]++
	l.box.last[l.to] = string(text)
	return err
}

// phones is where texts are posted to.
type phones struct {
	url string
	mu  sync.Mutex
	got map[string]int
	all int
	// last is what the newest text to a number says.
	last map[string]string
}

// To is how many texts a number has got, and the newest.
func (p *phones) To(number string) (int, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.got[number], p.last[number]
}

// All is how many texts went out.
func (p *phones) All() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

func newPhones(t *testing.T) *phones {
	t.Helper()
	p := &phones{got: map[string]int{}, last: map[string]string{}}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var sent struct{ Data struct{ To, Text string } }
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		text := sent.Data
		p.mu.Lock()
		defer p.mu.Unlock()
		p.all++
		p.got[text.To]++
		p.last[text.To] = text.Text
	}))
	t.Cleanup(s.Close)
	p.url = s.URL
	return p
}

// eventually waits for what the server does after it has answered.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 seconds: %s", what)
		}
	}
}
