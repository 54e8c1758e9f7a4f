// Package views holds every page and mail that people see: templ files over plain structs,
// and the message catalogue their words come from.
//
// It only turns values into HTML and text. It imports nothing else of authd, reads no
// request and no database, decides nothing about who may do what, and writes no style or
// script into a page: the Content-Security-Policy allows neither. All forms work without
// JavaScript.
package views

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

//go:generate go tool -modfile=../.ci/tools/go.mod templ generate

// Page is what every page knows about itself and its reader.
type Page struct {
	Locale    *Locale
	Languages []Language // what the footer offers
	App       string     // the name people know this server by
	Host      string     // where they are, shown under the name
	Assets    Assets
	Self      string // path and query that show this page again by GET; "" hides the language switch
	Now       time.Time
	Alert     Alert
	Origin    Origin
	Captcha   Captcha    // before the form of this page, if it has one
	Carry     url.Values // goes along with every form and link of a journey, such as return_to or flow

	onward string // where the page moves on to by itself
	script string // the URL of its script; nearly no page has one
	wallet bool   // the page asks wallets, too
	about  string // what search engines may say of it; "" keeps it out of them
}

// listed lets search engines find the page where people look for it, unless it is
// one of somebody's journey.
func (p Page) listed(about string) Page {
	if len(p.Carry) == 0 {
		p.about = about
	}
	return p
}

// Assets are the hashed URLs of the files that pages load.
type Assets struct {
	CSS       string
	Icon      string
	TouchIcon string
	Submit    string // the script that posts the form of the page it is on
	Passkey   string // the script that asks the browser for passkeys
	Wallet    string // the script that asks a wallet to sign
	Code      string // the script that posts a code as soon as it is complete
	Captcha   string // the script that fills in a proof of work
}

// Alert says what just happened. The zero value says nothing.
type Alert struct {
	Kind AlertKind
	Text Message
}

// AlertKind is how an alert looks and how urgently it is announced.
type AlertKind string

// The kinds of Alert.
const (
	Problem AlertKind = "problem"
	Success AlertKind = "success"
	Info    AlertKind = "info"
)

// Origin is set when somebody opened a page at another address than the configured one.
type Origin struct {
	Here       string // the origin in the browser's address bar
	Configured string // the origin the server was set up for
	URL        string // this page, there
}

// Errors are the problems of a form's fields, by field name.
type Errors map[string]Message

// T says a message in the reader's language.
func (p Page) T(key string, args ...any) string { return p.Locale.T(key, args...) }

// Say puts a Message into the reader's language.
func (p Page) Say(m Message) string { return p.Locale.Say(m) }

// Link is a path with the values that travel through the journey.
func (p Page) Link(path string) string {
	if len(p.Carry) == 0 {
		return path
	}
	return path + "?" + p.Carry.Encode()
}

// title begins with the problem when there is one, so that a screen reader says it first.
func (p Page) title(title string, errs Errors, order ...string) string {
	var parts []string
	if p.Alert.Kind == Problem {
		parts = append(parts, p.Say(p.Alert.Text))
	} else if name := errs.first(order...); name != "" {
		parts = append(parts, p.Say(errs[name]))
	}
	for i := range parts {
		parts[i] = strings.TrimRight(parts[i], ".")
	}
	return strings.Join(append(parts, title), " – ") + " · " + p.App
}

// first is the name of the first field in order that has a problem.
func (e Errors) first(order ...string) string {
	for _, name := range order {
		if _, bad := e[name]; bad {
			return name
		}
	}
	return ""
}

// hidden lists what Carry holds in a stable order.
func (p Page) hidden() []pair {
	var pairs []pair
	for name, values := range p.Carry {
		for _, value := range values {
			pairs = append(pairs, pair{name, value})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	return pairs
}

type pair struct{ name, value string }
