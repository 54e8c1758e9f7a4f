package mail

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"net/url"
	"strconv"

	gomail "github.com/wneessen/go-mail"
)

// server is what an SMTP URL says.
type server struct {
	host           string
	port           int
	user, password string
	implicit       bool             // TLS from the first byte
	starttls       gomail.TLSPolicy // else: when to turn to TLS
	clear          bool             // the password may go over an unencrypted line
	unverified     bool             // any certificate will do
}

// The errors of parseServer never show the URL: it has a password in it.
var (
	errURL  = errors.New("mail: not an SMTP URL; smtp://user:password@host:587 and smtps://user:password@host:465 are, with special characters of the password percent-encoded")
	errMode = errors.New("mail: the tls parameter of an smtp URL is starttls, opportunistic or none; an smtps URL takes none")
)

// parseServer reads `smtp://user:password@host:587?tls=…` or `smtps://…`.
//
// With smtp, STARTTLS is mandatory (RFC 8314 §3.3 wants no fallback). The query
// may say tls=opportunistic or tls=none. On the loopback interface nobody
// listens, and servers there rarely have a certificate: STARTTLS is used when
// it is offered, with any certificate.
func parseServer(text string) (server, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return server{}, errURL
	}
	s := server{host: u.Hostname(), user: u.User.Username()}
	s.password, _ = u.User.Password()
	port := u.Port()
	switch u.Scheme {
	case "smtps":
		s.implicit, s.port = true, 465
	case "smtp":
		s.port = 587
	default:
		return server{}, errURL
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return server{}, errURL
		}
		s.port = int(n)
	}
	return s.withMode(u.Query())
}

// withMode reads the query of the URL.
func (s server) withMode(query url.Values) (server, error) {
	mode := query.Get("tls")
	if len(query) > 1 || len(query) == 1 && (!query.Has("tls") || s.implicit) {
		return server{}, errMode
	}
	local := isLoopback(s.host)
	switch mode {
	case "starttls":
		s.starttls = gomail.TLSMandatory
	case "opportunistic":
		s.starttls = gomail.TLSOpportunistic
		s.clear = local
	case "none":
		s.starttls = gomail.NoTLS
		s.clear = true
	case "":
		s.starttls = gomail.TLSMandatory
		if local && !s.implicit {
			s.starttls, s.clear, s.unverified = gomail.TLSOpportunistic, true, true
		}
	default:
		return server{}, errMode
	}
	return s, nil
}

// mechanisms are the ways to prove who we are, the best first.
func (s server) mechanisms() []gomail.SMTPAuthType {
	m := []gomail.SMTPAuthType{
		gomail.SMTPAuthSCRAMSHA256PLUS, gomail.SMTPAuthSCRAMSHA256,
		gomail.SMTPAuthSCRAMSHA1PLUS, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthCramMD5,
	}
	if s.clear {
		return append(m, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc)
	}
	return append(m, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin)
}

func (s server) tls(base *tls.Config) *tls.Config {
	c := base.Clone()
	if c == nil {
		c = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	c.ServerName = s.host
	c.InsecureSkipVerify = s.unverified
	return c
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
