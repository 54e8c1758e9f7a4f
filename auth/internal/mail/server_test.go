package mail_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/md5"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	user     = "mailer"
	password = `p@ss/word:with%"signs\`
)

// smtpServer is a mail server as RFC 5321 has it, as far as one client needs.
type smtpServer struct {
	listener net.Listener
	tls      *tls.Config
	roots    *x509.CertPool
	implicit bool
	starttls bool
	auth     string            // mechanisms offered, "" for none
	answers  map[string]string // a verb or "CONNECT", "BODY": answered with this instead; "" hangs up
	slow     map[string]bool   // a verb that is never answered

	mu       sync.Mutex
	received []received
	verbs    []string
	done     chan struct{}
}

type received struct {
	from, to, body, user string
	encrypted            bool
}

func startServer(t *testing.T, configure func(*smtpServer)) *smtpServer {
	t.Helper()
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	s := &smtpServer{
		tls: &tls.Config{Certificates: certified.TLS.Certificates}, roots: roots,
		answers: map[string]string{}, slow: map[string]bool{}, done: make(chan struct{}),
	}
	configure(s)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.listener = listener
	var sessions sync.WaitGroup
	sessions.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			sessions.Go(func() { s.session(conn) })
		}
	})
	t.Cleanup(func() {
		close(s.done)
		listener.Close()
		sessions.Wait()
	})
	return s
}

// url is where the server is, with credentials and a query.
func (s *smtpServer) url(credentials, query string) string {
	scheme := "smtp"
	if s.implicit {
		scheme = "smtps"
	}
	return fmt.Sprintf("%s://%s%s%s", scheme, credentials, s.listener.Addr(), query)
}

func (s *smtpServer) mails() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received
}

func (s *smtpServer) saw(verb string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.verbs {
		if v == verb {
			return true
		}
	}
	return false
}

// session is one connection.
type session struct {
	*smtpServer
	conn net.Conn
	in   *bufio.Reader
	mail received
}

func (s *smtpServer) session(conn net.Conn) {
	defer func() { conn.Close() }()
	go func() { <-s.done; conn.Close() }()
	if s.implicit {
		conn = tls.Server(conn, s.tls)
	}
	c := &session{smtpServer: s, conn: conn, in: bufio.NewReader(conn)}
	c.mail.encrypted = s.implicit
	if !c.says("CONNECT", "220 ready") {
		return
	}
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return
		}
		if !c.command(strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}

// says answers, or does what the test wants instead.
func (c *session) says(verb, answer string) bool {
	if c.slow[verb] {
		<-c.done
		return false
	}
	if other, ok := c.answers[verb]; ok {
		answer = other
	}
	if answer == "" {
		return false
	}
	_, err := fmt.Fprintf(c.conn, "%s\r\n", answer)
	return err == nil && !strings.HasPrefix(answer, "221")
}

func (c *session) command(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	c.mu.Lock()
	c.verbs = append(c.verbs, verb)
	c.mu.Unlock()
	switch verb {
	case "EHLO":
		return c.says(verb, c.hello())
	case "STARTTLS":
		if !c.says(verb, "220 go on") {
			return false
		}
		c.conn = tls.Server(c.conn, c.tls)
		c.in = bufio.NewReader(c.conn)
		c.mail.encrypted = true
		return true
	case "AUTH":
		if c.login(rest) {
			return c.says(verb, "235 welcome")
		}
		return c.says(verb, "535 5.7.8 no")
	case "MAIL":
		c.mail.from = rest
		return c.says(verb, "250 fine")
	case "RCPT":
		c.mail.to = rest
		return c.says(verb, "250 fine")
	case "DATA":
		if _, refused := c.answers[verb]; refused {
			return c.says(verb, "")
		}
		return c.says(verb, "354 go on") && c.body()
	case "RSET":
		return c.says(verb, "250 fine")
	case "QUIT":
		return c.says(verb, "221 bye")
	default:
		return c.says(verb, "502 what?")
	}
}

func (c *session) hello() string {
	lines := []string{"250-test", "250-8BITMIME", "250-ENHANCEDSTATUSCODES"}
	if c.starttls && !c.mail.encrypted {
		lines = append(lines, "250-STARTTLS")
	}
	if c.auth != "" {
		lines = append(lines, "250-AUTH "+c.auth)
	}
	return strings.Join(append(lines, "250 SIZE 1000000"), "\r\n")
}

func (c *session) body() bool {
	var body strings.Builder
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		body.WriteString(strings.TrimPrefix(line, "."))
	}
	c.mail.body = body.String()
	if _, refused := c.answers["BODY"]; !refused {
		c.mu.Lock()
		c.received = append(c.received, c.mail)
		c.mu.Unlock()
	}
	return c.says("BODY", "250 queued")
}

// asks sends a challenge and reads the answer.
func (c *session) asks(challenge string) string {
	fmt.Fprintf(c.conn, "334 %s\r\n", base64.StdEncoding.EncodeToString([]byte(challenge)))
	line, err := c.in.ReadString('\n')
	if err != nil {
		return ""
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	if err != nil {
		return ""
	}
	return string(text)
}

func (c *session) login(rest string) bool {
	mechanism, initial, _ := strings.Cut(rest, " ")
	c.mail.user = mechanism + " " + user
	switch mechanism {
	case "PLAIN":
		text, err := base64.StdEncoding.DecodeString(initial)
		return err == nil && string(text) == "\x00"+user+"\x00"+password
	case "LOGIN":
		return c.asks("Username:") == user && c.asks("Password:") == password
	case "CRAM-MD5":
		challenge := fmt.Sprintf("<%d@test>", time.Now().UnixNano())
		h := hmac.New(md5.New, []byte(password))
		h.Write([]byte(challenge))
		return c.asks(challenge) == user+" "+hex.EncodeToString(h.Sum(nil))
	default:
		return false
	}
}
