package conformance

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// browser is Ada's: it keeps cookies, follows what leads on, and does what a person
// does on the pages of authd. It counts how often she was asked.
type browser struct {
	t      *testing.T
	server string
	http   *http.Client
	later  time.Duration // how far ahead of the real time she is

	signIns, consents int
}

func newBrowser(t *testing.T, server string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	leaves := func(req *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(req.URL.String(), server+"/") {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &browser{t: t, server: server, http: &http.Client{Jar: jar, CheckRedirect: leaves, Timeout: 30 * time.Second}}
}

// page is what the browser shows, or the request by which it left authd.
type page struct {
	status int
	url    *url.URL
	header http.Header
	body   string
	away   *departure
}

// departure is a request to another server: a link, or a form with fields.
type departure struct {
	to     *url.URL
	fields url.Values // nil for a link
}

var (
	refreshed = regexp.MustCompile(`<meta http-equiv="refresh" content="0;url=([^"]*)"`)
	foreign   = regexp.MustCompile(`<form method="post" action="(https://[^"]*)"`)
	hidden    = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
)

func (b *browser) stamp(req *http.Request) {
	req.Header.Set("X-Authd-Clock", strconv.FormatInt(time.Now().Add(b.later).UnixMilli(), 10))
}

func (b *browser) visit(req *http.Request) page {
	b.t.Helper()
	b.stamp(req)
	req.Header.Set("Sec-Fetch-Mode", "navigate")
	req.Header.Set("Accept", "text/html")
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	shown := page{status: res.StatusCode, url: res.Request.URL, header: res.Header, body: string(body)}
	if location, err := res.Location(); err == nil {
		shown.away = &departure{to: location}
		return shown
	}
	if form := foreign.FindStringSubmatch(shown.body); form != nil {
		shown.away = &departure{to: b.parse(form[1]), fields: fieldsOf(shown.body, form[0])}
		return shown
	}
	onward := refreshed.FindStringSubmatch(shown.body)
	if onward == nil {
		return shown
	}
	to := b.parse(onward[1])
	if strings.HasPrefix(to.String(), b.server+"/") {
		return b.open(to.String())
	}
	shown.away = &departure{to: to}
	return shown
}

func (b *browser) parse(escaped string) *url.URL {
	b.t.Helper()
	u, err := url.Parse(html.UnescapeString(escaped))
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

// fieldsOf are the hidden fields of the form that begins with the text.
func fieldsOf(body, form string) url.Values {
	_, body, _ = strings.Cut(body, form)
	body, _, _ = strings.Cut(body, "</form>")
	fields := url.Values{}
	for _, input := range hidden.FindAllStringSubmatch(body, -1) {
		fields.Add(html.UnescapeString(input[1]), html.UnescapeString(input[2]))
	}
	return fields
}

func (b *browser) open(address string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.visit(req)
}

// post sends a form; site is what the browser says of where it comes from.
func (b *browser) post(address, origin, site string, fields url.Values) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, address, strings.NewReader(fields.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", origin)
	req.Header.Set("Sec-Fetch-Site", site)
	return b.visit(req)
}

// submit sends the form of a page of authd's, with what it carries.
func (b *browser) submit(shown page, action string, fields url.Values) page {
	b.t.Helper()
	form := `action="` + action + `"`
	if !strings.Contains(shown.body, form) {
		b.t.Fatalf("%s has no form for %s:\n%.600s", shown.url, action, shown.body)
	}
	for name, values := range fieldsOf(shown.body, form) {
		if fields[name] == nil {
			fields[name] = values
		}
	}
	return b.post(b.server+action, b.server, "same-origin", fields)
}

// through does what the pages ask for until the browser leaves authd, or shows
// something that asks for nothing.
func (b *browser) through(shown page) page {
	b.t.Helper()
	if shown.away == nil && shown.url.Path == "/login" {
		b.signIns++
		b.pass(time.Second) // people take their time
		shown = b.submit(shown, "/login", url.Values{"email": {email}, "password": {password}})
	}
	if shown.away == nil && shown.url.Path == "/consent" {
		b.consents++
		shown = b.submit(shown, "/consent", url.Values{"decision": {"allow"}, "scope": scopesOf(shown.body)})
	}
	return shown
}

var box = regexp.MustCompile(`<input type="checkbox" name="scope" value="([^"]*)" checked`)

// scopesOf are the ticked boxes of the consent page.
func scopesOf(body string) []string {
	var scopes []string
	for _, found := range box.FindAllStringSubmatch(body, -1) {
		scopes = append(scopes, html.UnescapeString(found[1]))
	}
	return scopes
}

func (b *browser) pass(d time.Duration) { b.later += d }
