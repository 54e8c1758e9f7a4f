package siwe

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Message is a message of EIP-4361 as it was signed.
type Message struct {
	Scheme    string // of the origin that asks, "" where it is not said
	Domain    string // RFC 3986 authority of that origin
	Address   string // in the form of EIP-55
	Statement string
	URI       string
	ChainID   int64
	Nonce     string
	IssuedAt  time.Time
	// ExpirationTime and NotBefore are zero where they are not said.
	ExpirationTime, NotBefore time.Time
	RequestID                 string
	Resources                 []string
}

// maxMessage bounds what is parsed: a message is shown to a person.
const maxMessage = 16 << 10

const (
	header = " wants you to sign in with your Ethereum account:"
	// maxChainID is what JavaScript counts to without a mistake.
	maxChainID = 1<<53 - 1
	minNonce   = 8
	maxNonce   = 250
)

var errForm = errors.New("not a message of EIP-4361")

// Parse reads a message by the ABNF of EIP-4361: what a person was shown is what is
// acted on, so that nothing may stand in it twice, in another order, or beside it.
// Without a statement one empty line may stand for two, as viem writes it.
func Parse(text string) (*Message, error) {
	if len(text) > maxMessage {
		return nil, errForm
	}
	p := &parser{lines: strings.Split(text, "\n")}
	m := &Message{}
	p.origin(m)
	p.must(p.address(m))
	p.must(p.line() == "")
	p.statement(m)
	m.URI = p.field("URI: ")
	p.must(isURI(m.URI))
	p.must(p.field("Version: ") == "1")
	m.ChainID = p.chainID()
	m.Nonce = p.field("Nonce: ")
	p.must(isNonce(m.Nonce))
	m.IssuedAt = p.time(p.field("Issued At: "))
	if p.has("Expiration Time: ") {
		m.ExpirationTime = p.time(p.field("Expiration Time: "))
	}
	if p.has("Not Before: ") {
		m.NotBefore = p.time(p.field("Not Before: "))
	}
	if p.has("Request ID: ") {
		m.RequestID = p.field("Request ID: ")
		p.must(all(m.RequestID, isPchar))
	}
	p.resources(m)
	p.must(len(p.lines) == 0)
	if p.failed {
		return nil, errForm
	}
	return m, nil
}

// parser takes a message apart line by line; after a mistake the rest says nothing.
type parser struct {
	lines  []string
	failed bool
}

func (p *parser) must(holds bool) { p.failed = p.failed || !holds }

func (p *parser) line() string {
	if len(p.lines) == 0 {
		p.failed = true
		return ""
	}
	line := p.lines[0]
	p.lines = p.lines[1:]
	return line
}

func (p *parser) has(prefix string) bool {
	return len(p.lines) > 0 && strings.HasPrefix(p.lines[0], prefix)
}

func (p *parser) field(prefix string) string {
	value, ok := strings.CutPrefix(p.line(), prefix)
	p.must(ok)
	return value
}

// origin = [ scheme "://" ] domain " wants you …:".
func (p *parser) origin(m *Message) {
	origin, ok := strings.CutSuffix(p.line(), header)
	p.must(ok)
	m.Domain = origin
	if scheme, domain, ok := strings.Cut(origin, "://"); ok {
		p.must(isScheme(scheme))
		m.Scheme, m.Domain = scheme, domain
	}
	p.must(m.Domain != "" && all(m.Domain, isAuthority))
}

func (p *parser) address(m *Message) (ok bool) {
	m.Address, ok = Checksum(p.line())
	return ok
}

// statement = [ statement LF ] LF; a statement is 1*( reserved / unreserved / " " ).
func (p *parser) statement(m *Message) {
	if p.has("URI: ") {
		return
	}
	if m.Statement = p.line(); m.Statement == "" {
		return
	}
	p.must(all(m.Statement, func(b byte) bool { return isReserved(b) || isUnreserved(b) || b == ' ' }))
	p.must(p.line() == "")
}

func (p *parser) chainID() int64 {
	text := p.field("Chain ID: ")
	p.must(text != "" && all(text, isDigit))
	id, err := strconv.ParseInt(text, 10, 64)
	p.must(err == nil && id > 0 && id <= maxChainID)
	return id
}

// time is a date-time of RFC 3339; Go's parser also takes a comma.
func (p *parser) time(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	p.must(err == nil && !strings.Contains(text, ","))
	return t
}

func (p *parser) resources(m *Message) {
	if len(p.lines) == 0 {
		return
	}
	p.must(p.line() == "Resources:")
	for len(p.lines) > 0 {
		one := p.field("- ")
		p.must(isURI(one))
		m.Resources = append(m.Resources, one)
	}
}

func isNonce(text string) bool {
	return len(text) >= minNonce && len(text) <= maxNonce && all(text, func(b byte) bool { return isAlpha(b) || isDigit(b) })
}

// isURI tells whether a text is a URI with a scheme (RFC 3986 §3).
func isURI(text string) bool {
	if !all(text, func(b byte) bool { return isReserved(b) || isUnreserved(b) || b == '%' }) {
		return false
	}
	u, err := url.Parse(text)
	return err == nil && u.Scheme != "" && len(u.Scheme)+1 < len(text)
}

func isScheme(text string) bool {
	return text != "" && isAlpha(text[0]) && all(text, func(b byte) bool { return isAlpha(b) || isDigit(b) || strings.IndexByte("+-.", b) >= 0 })
}

func all(text string, is func(byte) bool) bool {
	for i := range len(text) {
		if !is(text[i]) {
			return false
		}
	}
	return true
}

func isAlpha(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// The classes of RFC 3986 §2 and §3.3.
func isUnreserved(b byte) bool { return isAlpha(b) || isDigit(b) || strings.IndexByte("-._~", b) >= 0 }
func isReserved(b byte) bool   { return strings.IndexByte(":/?#[]@!$&'()*+,;=", b) >= 0 }
func isPchar(b byte) bool {
	return isUnreserved(b) || strings.IndexByte("!$&'()*+,;=:@%", b) >= 0
}

func isAuthority(b byte) bool {
	return isUnreserved(b) || strings.IndexByte("!$&'()*+,;=:@%[]", b) >= 0
}
