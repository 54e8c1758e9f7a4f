package mail

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/mail"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"authd/auth/internal/clock"
)

// SMTPOptions say how mail leaves.
type SMTPOptions struct {
	URL  string // smtp://user:password@host:587 or smtps://…, see parseServer
	From string // `Name <address>` or an address
	// Timeout bounds the time until the server has greeted and let us in, and
	// then again the time of the message; 0 means 20 s.
	Timeout time.Duration
	Clock   clock.Clock
	// TLS is the base of the TLS configuration; nil means the system's roots.
	TLS *tls.Config
}

// SMTP sends through a mail server, one connection for each message.
type SMTP struct {
	server  server
	from    *mail.Address
	timeout time.Duration
	clock   clock.Clock
	tls     *tls.Config
	scrub   scrubber
}

// NewSMTP makes a sender. It does not connect yet.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	s, err := parseServer(o.URL)
	if err != nil {
		return nil, err
	}
	from, err := parseFrom(o.From)
	if err != nil {
		return nil, err
	}
	if o.Timeout <= 0 {
		o.Timeout = 20 * time.Second
	}
	return &SMTP{
		server: s, from: from, timeout: o.Timeout, clock: o.Clock,
		tls: s.tls(o.TLS), scrub: newScrubber(s.user, s.password),
	}, nil
}

// Send hands the message over to the server. An error is ErrPermanent when the
// server refuses this recipient or this message for good.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := compose(s.from, m, s.clock(ctx))
	if err != nil {
		return err
	}
	l := line{dial: s.dial}
	client, err := s.client(&l)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	defer l.close()
	// go-mail looks at ctx only while it connects, so the connection is cut.
	defer context.AfterFunc(ctx, l.close)()
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return s.failure(ctx, "connect", err)
	}
	if err := client.SendWithSMTPClient(session, msg); err != nil {
		return s.failure(ctx, "send", err)
	}
	// The server has the message, so an error while parting is none.
	_ = session.Quit()
	return nil
}

// client sets go-mail up for one message.
func (s *SMTP) client(l *line) (*gomail.Client, error) {
	policy := s.server.starttls
	if s.server.implicit {
		policy = gomail.NoTLS // no second time: the line has it
	}
	options := []gomail.Option{
		gomail.WithPort(s.server.port),
		gomail.WithTimeout(s.timeout),
		gomail.WithTLSConfig(s.tls),
		gomail.WithTLSPolicy(policy),
		gomail.WithDialContextFunc(l.open),
		// Not this machine's name, which is nobody's business.
		gomail.WithHELO(s.helo()),
		// A line for one message is neither probed before nor reset after it; an
		// error then would have the same message sent twice.
		gomail.WithoutNoop(),
		gomail.WithoutRset(),
	}
	if s.server.user != "" {
		options = append(options,
			gomail.WithUsername(s.server.user), gomail.WithPassword(s.server.password),
			gomail.WithOpportunisticSMTPAuth(s.server.mechanisms()...))
	}
	return gomail.NewClient(s.server.host, options...)
}

// helo is the name to greet with (RFC 5321 §4.1.1.1), which is ASCII.
func (s *SMTP) helo() string {
	name := domain(s.from)
	for _, r := range name {
		if r >= unicode.MaxASCII {
			return "localhost"
		}
	}
	return name
}

// dial connects, by TLS where that is how the server listens.
func (s *SMTP) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.server.implicit {
		d := tls.Dialer{Config: s.tls}
		return d.DialContext(ctx, network, address)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}
