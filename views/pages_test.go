package views

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
)

// read is what a page's HTML tells a browser and a screen reader.
type read struct {
	ids, refs, autofocus, labelled, inputs []string
	h1, mains                              int
	title                                  string
	lang, dir                              string
	forbidden                              []string
}

func readPage(t *testing.T, html string) read {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(html))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var r read
	var open []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return r
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, token.Name.Local)
			r.element(token, open)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 && open[len(open)-1] == "title" {
				r.title += string(token)
			}
		}
	}
}

func (r *read) element(e xml.StartElement, open []string) {
	name := e.Name.Local
	attr := map[string]string{}
	for _, a := range e.Attr {
		attr[a.Name.Local] = a.Value
		if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") {
			r.forbidden = append(r.forbidden, name+" "+a.Name.Local)
		}
		switch a.Name.Local {
		case "id":
			r.ids = append(r.ids, a.Value)
		case "for", "aria-describedby", "aria-labelledby":
			r.refs = append(r.refs, strings.Fields(a.Value)...)
		case "autofocus":
			r.autofocus = append(r.autofocus, name)
		}
	}
	switch name {
	case "html":
		r.lang, r.dir = attr["lang"], attr["dir"]
	case "h1":
		r.h1++
	case "main":
		r.mains++
	case "script":
		if _, late := attr["defer"]; !late || attr["src"] == "" {
			r.forbidden = append(r.forbidden, "a script that is not a file of its own")
		}
	case "style":
		r.forbidden = append(r.forbidden, name)
	case "form":
		if attr["method"] != "post" || attr["action"] == "" {
			r.forbidden = append(r.forbidden, "a form that is not posted somewhere")
		}
	case "label":
		r.labelled = append(r.labelled, attr["for"])
	case "input":
		_, hidden := attr["hidden"]
		if attr["type"] == "hidden" || hidden || slices.Contains(open, "label") {
			return
		}
		r.inputs = append(r.inputs, attr["id"])
		if attr["autocomplete"] == "" {
			r.forbidden = append(r.forbidden, "input "+attr["name"]+" without autocomplete")
		}
	}
}

func TestEveryPageIsSound(t *testing.T) {
	c := catalogue(t)
	for _, l := range c.locales {
		for name, page := range samples(c, l) {
			t.Run(name+"/"+l.Code(), func(t *testing.T) {
				var html bytes.Buffer
				if err := page.Render(t.Context(), &html); err != nil {
					t.Fatal(err)
				}
				r := readPage(t, html.String())
				check := func(ok bool, what string, details ...string) {
					if !ok {
						t.Error(what, details)
					}
				}
				check(r.lang == l.Code() && r.dir == "ltr", "the page does not say its language", r.lang, r.dir)
				check(r.h1 == 1 && r.mains == 1, "not one h1 in one main")
				check(strings.HasSuffix(r.title, "· Example Home") && len(r.title) > len("· Example Home")+3, "the title", r.title)
				check(len(r.forbidden) == 0, "what the Content-Security-Policy or the rules forbid", r.forbidden...)
				check(len(r.autofocus) <= 1, "the focus cannot be in two places", r.autofocus...)
				ids := slices.Sorted(slices.Values(r.ids))
				check(len(slices.Compact(slices.Clone(ids))) == len(ids), "an id stands twice", ids...)
				for _, ref := range r.refs {
					check(slices.Contains(ids, ref), "a reference leads nowhere:", ref)
				}
				for _, input := range r.inputs {
					check(slices.Contains(r.labelled, input), "an input has no label:", input)
				}
				for key := range l.texts {
					check(!strings.Contains(html.String(), ">"+key+"<"), "an untranslated message:", key)
				}
			})
		}
	}
}

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var html bytes.Buffer
	if err := c.Render(t.Context(), &html); err != nil {
		t.Fatal(err)
	}
	return html.String()
}

func TestSearchEnginesListOnlyWhereOneSignsIn(t *testing.T) {
	c := catalogue(t)
	p := samplePage(c, c.locales[0])
	p.Carry = nil
	journey := p
	journey.Carry = url.Values{"return_to": {"/account"}}
	for name, test := range map[string]struct {
		page   templ.Component
		listed bool
	}{
		"signing in":                   {Login(p, LoginForm{}), true},
		"signing in on somebody's way": {Login(journey, LoginForm{}), false},
		"signing up":                   {SignUp(p, SignUpForm{}), false},
	} {
		html := render(t, test.page)
		if got := !strings.Contains(html, `content="noindex"`); got != test.listed || got != strings.Contains(html, `name="description"`) {
			t.Errorf("%s: listed is %t", name, got)
		}
	}
}

func TestProblemsAreAnnounced(t *testing.T) {
	c := catalogue(t)
	p := samplePage(c, c.locales[0])
	wrong := p
	wrong.Alert = Alert{Problem, Msg("error.banned")}
	said := c.locales[0].T("error.banned")

	t.Run("the title begins with the problem", func(t *testing.T) {
		title := readPage(t, render(t, Login(wrong, LoginForm{}))).title
		if !strings.HasPrefix(title, strings.TrimSuffix(said, ".")+" – Sign in") {
			t.Error(title)
		}
	})
	t.Run("a problem of the whole form is told by the field that has the focus", func(t *testing.T) {
		html := render(t, Login(wrong, LoginForm{Email: "ada@example.org"}))
		if !strings.Contains(html, `<div id="alert" class="alert problem" role="alert">`) {
			t.Error("no alert")
		}
		password := html[strings.Index(html, `id="password"`):]
		password = password[:strings.Index(password, ">")]
		if !strings.Contains(password, `aria-describedby="alert"`) || !strings.Contains(password, "autofocus") {
			t.Error(password)
		}
	})
	t.Run("a field's problem stands beside it and takes the focus", func(t *testing.T) {
		html := render(t, SignUp(p, SignUpForm{Errors: Errors{"password": Msg("error.banned")}}))
		password := html[strings.Index(html, `id="password"`):]
		password = password[:strings.Index(password, ">")]
		for _, want := range []string{`aria-invalid="true"`, `aria-describedby="password-problem"`, "autofocus"} {
			if !strings.Contains(password, want) {
				t.Errorf("%s lacks %s", password, want)
			}
		}
		if !strings.Contains(html, `<p id="password-problem" class="field-problem" role="alert">`) {
			t.Error("the problem is not announced")
		}
	})
	t.Run("a problem of a page without a form takes the focus itself", func(t *testing.T) {
		if !strings.Contains(render(t, Account(wrong, AccountPage{})), `role="alert" tabindex="-1" autofocus`) {
			t.Error("the focus stays where it was")
		}
	})
}

func TestWhatOthersWroteIsOnlyText(t *testing.T) {
	c := catalogue(t)
	p := samplePage(c, c.locales[0])
	const evil = `"><script>alert(1)</script>{client}`
	p.Self, p.App, p.Carry = evil, evil, url.Values{"flow": {evil}}
	p.Origin = Origin{Here: evil, Configured: evil, URL: "javascript:alert(1)"}
	user := User{Name: evil, Email: evil}
	for name, page := range map[string]templ.Component{
		"request": RequestFailed(p, evil, RequestProblem{Client: evil, ClientID: evil, Wrong: []WrongParameter{{Parameter: evil, Received: evil, Expected: "values", Values: []string{evil}, Hint: evil}, {Reason: evil}}}),
		"consent": Consent(p, ConsentPage{User: user, Client: evil, ClientURL: evil, SelfNamed: true, Logo: evil, Policy: evil, Terms: evil, Scopes: []Scope{{Name: evil}}, Leads: Destination{App, evil}}),
		"device":  DeviceAsk(p, DevicePage{User: user, Code: evil, Client: evil, ClientURL: evil, SelfNamed: true, Scopes: []Scope{{Name: evil}}, Resources: []string{evil}, IPAddress: evil}),
		"code":    DeviceCode(p, DeviceForm{Code: evil}),
		"login":   Login(p, LoginForm{Email: evil, Client: evil}),
		"account": Account(p, AccountPage{User: user}),
		"devices": SessionsPanel(p, []Session{{ID: evil, UserAgent: evil, IPAddress: evil}}),
		"handoff": Handoff(p, HandoffPage{Client: evil, URL: "https://x.example/" + evil}),
		"error":   Failed(p, evil),
		"mail":    letterPage(letter{from: Sender{Locale: c.locales[0], App: evil, Host: evil}, url: "javascript:alert(1)"}),
	} {
		html := render(t, page)
		for _, bad := range []string{"<script", `href="javascript:`} {
			if strings.Contains(html, bad) {
				t.Errorf("%s has %s", name, bad)
			}
		}
	}
}

func TestMails(t *testing.T) {
	c := catalogue(t)
	for _, l := range c.locales {
		for name, mail := range letters(t, l) {
			t.Run(name+"/"+l.Code(), func(t *testing.T) {
				const link, code = "https://id.example.org/x?token=Zm9v&a=1", "042137"
				if !strings.Contains(mail.Text, "\n"+link+"\n") && !strings.Contains(mail.Text, "\n"+code+"\n") {
					t.Error("the text has no line with the link, or the code")
				}
				if strings.Count(mail.HTML, strings.ReplaceAll(link, "&", "&amp;")) != 3 && strings.Count(mail.HTML, ">"+code+"<") != 1 {
					t.Error("the HTML has not the link as a button and as text, nor the code")
				}
				if mail.Subject == "" || strings.ContainsAny(mail.Subject, "\r\n{}") {
					t.Errorf("subject %q", mail.Subject)
				}
				if strings.Contains(mail.HTML, "<img") || strings.Contains(mail.HTML, "src=") {
					t.Error("the mail loads something")
				}
				for _, key := range slices.Collect(maps.Keys(l.texts)) {
					if strings.HasPrefix(key, "mail.") && strings.Contains(mail.Text, key) {
						t.Errorf("untranslated %s", key)
					}
				}
				if placeholder.MatchString(mail.Text) {
					t.Error("a placeholder is left")
				}
			})
		}
	}
}
