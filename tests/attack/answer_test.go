package attack_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	moment = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z`)
	token  = regexp.MustCompile(`[A-Za-z0-9_-]{20,}`)
)

// plain is a text without what is another in every answer: who was asked about, times,
// and random values, of which the length stays.
func plain(text, who string, n int) string {
	for _, name := range []string{email(who, n), username(who, n), number(who, n)} {
		text = strings.ReplaceAll(text, name, "NAME")
		text = strings.ReplaceAll(text, strings.ReplaceAll(name, "@", "%40"), "NAME")
	}
	text = moment.ReplaceAllString(text, "MOMENT")
	return token.ReplaceAllStringFunc(text, func(t string) string { return fmt.Sprintf("TOKEN%d", len(t)) })
}

// cookie is one without its value, of which the length stays.
func cookie(text string) string {
	pair, attributes, _ := strings.Cut(text, ";")
	name, value, _ := strings.Cut(pair, "=")
	if plain, err := url.PathUnescape(value); err == nil {
		value = plain
	}
	return fmt.Sprintf("%s, %d bytes;%s", name, len(value), attributes)
}

// face is all of an answer that somebody can compare.
func face(a answer, who string, n int) string {
	var lines []string
	for name, values := range a.header {
		for _, value := range values {
			if name == "Set-Cookie" {
				lines = append(lines, name+": "+cookie(value))
				continue
			}
			lines = append(lines, fmt.Sprintf("%s: %d bytes", name, len(plain(value, who, n))))
		}
	}
	slices.Sort(lines)
	return fmt.Sprintf("%d\n%s\n\n%s", a.status, strings.Join(lines, "\n"), plain(a.body, who, n))
}

// TestAnAnswerTellsNobody: the first time as the thirtieth, when something has to wait.
func TestAnAnswerTellsNobody(t *testing.T) {
	t.Parallel()
	w := begin(t, "")
	for n, q := range questions() {
		w.person(t, n)
		l := dial(t, w.URL)
		for i := range 30 {
			if q.fresh && i > 0 {
				break // the second time the new one is there
			}
			known, unknown := face(l.ask(q, "known", n), "known", n), face(l.ask(q, "nobody", n), "nobody", n)
			if known != unknown {
				t.Errorf("%s, try %d: the answers differ:\n%s\n-- and for nobody --\n%s", q.name, i+1, known, unknown)
				break
			}
		}
	}
}
