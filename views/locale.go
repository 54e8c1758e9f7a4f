package views

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed locales/*.json
var locales embed.FS

// fallback is the language of a reader whose own we do not have.
const fallback = "en"

// Catalogue holds every language authd speaks.
type Catalogue struct {
	locales []*Locale // the fallback first, as the matcher wants it
	matcher language.Matcher
}

// Locale is one language: its words, plural forms and dates.
type Locale struct {
	tag   language.Tag
	texts map[string]text
}

// Language is one entry of the language switch.
type Language struct {
	Code string // BCP 47, for the lang attribute and the form
	Name string // in the language itself
	Dir  string
}

// Message is a text that is not yet in any language.
type Message struct {
	Key  string
	Args []any // name, value, name, value, …
}

// Msg names a message; args are pairs of a placeholder's name and its value, which may be
// a string, an int, a time.Duration (said in words) or a time.Time (said as a date).
func Msg(key string, args ...any) Message { return Message{Key: key, Args: args} }

// text is one entry of a catalogue: one string, or one for each plural form.
type text struct {
	other string            // the only one, or the form that every language has
	forms map[string]string // nil where there is only one
}

// UnmarshalJSON reads "text" or {"one": "…", "other": "…"}.
func (t *text) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &t.other)
	}
	if err := json.Unmarshal(data, &t.forms); err != nil {
		return fmt.Errorf("neither a text nor plural forms: %w", err)
	}
	if t.other = t.forms["other"]; t.other == "" {
		return fmt.Errorf("plural forms without %q", "other")
	}
	return nil
}

// LoadCatalogue gives the embedded languages, which are read once.
func LoadCatalogue() (*Catalogue, error) { return loaded() }

var loaded = sync.OnceValues(readCatalogue)

func readCatalogue() (*Catalogue, error) {
	names, err := fs.Glob(locales, "locales/*.json")
	if err != nil {
		return nil, fmt.Errorf("list languages: %w", err)
	}
	sort.SliceStable(names, func(i, j int) bool { return code(names[i]) == fallback && code(names[j]) != fallback })
	c := &Catalogue{}
	var tags []language.Tag
	for _, name := range names {
		locale, err := readLocale(name)
		if err != nil {
			return nil, err
		}
		c.locales = append(c.locales, locale)
		tags = append(tags, locale.tag)
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

func code(name string) string { return strings.TrimSuffix(path.Base(name), ".json") }

func readLocale(name string) (*Locale, error) {
	data, err := locales.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read language: %w", err)
	}
	tag, err := language.Parse(code(name))
	if err != nil {
		return nil, fmt.Errorf("language of %s: %w", name, err)
	}
	locale := &Locale{tag: tag}
	if err := json.Unmarshal(data, &locale.texts); err != nil {
		return nil, fmt.Errorf("read language %s: %w", name, err)
	}
	return locale, nil
}

// Choose picks the language: what the app asked for (ui_locales, OIDC Core §3.1.2.1:
// separated by spaces, best first), else what the person chose, else what the browser says.
func (c *Catalogue) Choose(uiLocales, chosen, acceptLanguage string) *Locale {
	for _, tag := range append(strings.Fields(uiLocales), chosen) {
		if locale := c.match(tag); locale != nil {
			return locale
		}
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return c.locales[0]
	}
	_, index, _ := c.matcher.Match(tags...)
	return c.locales[index]
}

// Lookup is the language with exactly that code.
func (c *Catalogue) Lookup(code string) (*Locale, bool) {
	for _, locale := range c.locales {
		if locale.Code() == code {
			return locale, true
		}
	}
	return nil, false
}

func (c *Catalogue) match(tag string) *Locale {
	parsed, err := language.Parse(tag)
	if err != nil {
		return nil
	}
	_, index, confidence := c.matcher.Match(parsed)
	if confidence == language.No {
		return nil
	}
	return c.locales[index]
}

// Languages lists what there is to choose from.
func (c *Catalogue) Languages() []Language {
	var list []Language
	for _, locale := range c.locales {
		list = append(list, Language{Code: locale.Code(), Name: locale.T("language.name"), Dir: locale.Dir()})
	}
	return list
}

// Code is the BCP 47 tag, for the lang attribute.
func (l *Locale) Code() string { return l.tag.String() }

// Dir is the direction of the script, for the dir attribute.
func (l *Locale) Dir() string { return l.T("language.direction") }

// Say puts a Message into this language.
func (l *Locale) Say(m Message) string { return l.T(m.Key, m.Args...) }

// T is the text for key with its {placeholders} filled from pairs of name and value. The
// value named n chooses the plural form. An unknown key comes back as itself: a page with
// one odd word is better than none, and the tests find it.
func (l *Locale) T(key string, args ...any) string {
	format, known := l.format(key, args)
	if !known {
		return key
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, fmt.Sprintf("{%v}", args[i]), l.value(args[i+1]))
	}
	// One pass, so that braces inside a value stay what they are.
	return strings.NewReplacer(pairs...).Replace(format)
}

func (l *Locale) format(key string, args []any) (string, bool) {
	entry, known := l.texts[key]
	if !known {
		return "", false
	}
	for i := 0; i+1 < len(args); i += 2 {
		if n, isInt := args[i+1].(int); isInt && args[i] == "n" {
			if form := entry.forms[pluralForm(l.tag, n)]; form != "" {
				return form, true
			}
		}
	}
	return entry.other, true
}

func pluralForm(tag language.Tag, n int) string {
	switch plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0) {
	case plural.Zero:
		return "zero"
	case plural.One:
		return "one"
	case plural.Two:
		return "two"
	case plural.Few:
		return "few"
	case plural.Many:
		return "many"
	default:
		return "other"
	}
}

func (l *Locale) value(v any) string {
	switch v := v.(type) {
	case time.Duration:
		return l.Lasting(v)
	case time.Time:
		return l.Date(v)
	default:
		return fmt.Sprint(v)
	}
}
