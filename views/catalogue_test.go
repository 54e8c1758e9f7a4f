package views

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	placeholder = regexp.MustCompile(`\{\w+\}`)
	// A message is named by T("…"), Msg("…") and rich(l, "…"); keys that are passed on to
	// one of those stand in quotes too.
	saying = regexp.MustCompile(`(?:\bT|\bMsg|\bt)\("([^"]+)"|\brich\(p\.Locale, "([^"]+)"`)
	quoted = regexp.MustCompile(`"([a-z_]+(?:\.[a-z_]+)+)"`)
)

func TestEveryLanguageSaysEverything(t *testing.T) {
	c := catalogue(t)
	first := c.locales[0]
	for _, l := range c.locales[1:] {
		for _, key := range slices.Sorted(maps.Keys(first.texts)) {
			if _, known := l.texts[key]; !known {
				t.Errorf("%s lacks %q", l.Code(), key)
			}
		}
		for key := range l.texts {
			if _, known := first.texts[key]; !known {
				t.Errorf("%s has %q, which %s lacks", l.Code(), key, first.Code())
			}
		}
	}
}

func TestPlaceholdersAgree(t *testing.T) {
	c := catalogue(t)
	for key, entry := range c.locales[0].texts {
		want := placeholders(entry.other)
		for _, l := range c.locales {
			for form, said := range l.texts[key].each {
				if got := placeholders(said); !slices.Equal(got, want) {
					t.Errorf("%s %q (%s) has the placeholders %v, want %v", l.Code(), key, form, got, want)
				}
				if strings.TrimSpace(said) == "" {
					t.Errorf("%s %q (%s) says nothing", l.Code(), key, form)
				}
			}
		}
	}
}

// each is what the text says in each of its forms.
func (t text) each(yield func(form, said string) bool) {
	if !yield("other", t.other) {
		return
	}
	for form, said := range t.forms {
		if !yield(form, said) {
			return
		}
	}
}

func placeholders(s string) []string {
	return slices.Compact(slices.Sorted(slices.Values(placeholder.FindAllString(s, -1))))
}

func TestEveryKeyIsKnownAndUsed(t *testing.T) {
	c := catalogue(t)
	texts := c.locales[0].texts
	used := map[string]bool{}
	for _, source := range sources(t) {
		for _, m := range saying.FindAllStringSubmatch(source.text, -1) {
			key := m[1] + m[2]
			if _, known := texts[key]; !known {
				t.Errorf("%s says %q, which no catalogue has", source.name, key)
			}
		}
		for _, m := range quoted.FindAllStringSubmatch(source.text, -1) {
			used[m[1]] = true
		}
	}
	for key := range texts {
		if !used[key] {
			t.Errorf("nothing says %q", key)
		}
	}
}

type source struct{ name, text string }

// sources are all files that may name a message: the pages here and the code that fills them.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, root := range []string{".", "../auth"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			name := filepath.Base(path)
			switch {
			case err != nil:
				return err
			case d.IsDir(), strings.HasSuffix(name, "_test.go"), strings.HasSuffix(name, "_templ.go"):
				return nil
			case filepath.Ext(name) != ".go" && filepath.Ext(name) != ".templ":
				return nil
			}
			if root != "." && !strings.Contains(path, "pages") {
				return nil
			}
			text, err := os.ReadFile(path)
			all = append(all, source{path, string(text)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestChoose(t *testing.T) {
	c := catalogue(t)
	for name, tc := range map[string]struct{ uiLocales, chosen, accept, want string }{
		"nothing said: English":                            {"", "", "", "en"},
		"the browser's language":                           {"", "", "de-AT,de;q=0.9,en;q=0.8", "de"},
		"the browser's second language, when known":        {"", "", "fi, de;q=0.5", "de"},
		"none we speak: English":                           {"", "", "fi", "en"},
		"the choice wins over the browser":                 {"", "en", "de", "en"},
		"the app's wish wins over the choice":              {"de-CH fr", "en", "en", "de"},
		"the app's second wish, when the first is unknown": {"fi de", "en", "en", "de"},
		"an app's wish for a language we lack is no wish":  {"fi", "de", "en", "de"},
		"nonsense is no wish":                              {"%%% ../../etc", "<script>", "a;q=x,;;", "en"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.Choose(tc.uiLocales, tc.chosen, tc.accept).Code(); got != tc.want {
				t.Errorf("chose %s, want %s", got, tc.want)
			}
		})
	}
}

func TestTimesInWords(t *testing.T) {
	c := catalogue(t)
	en, _ := c.Lookup("en")
	de, known := c.Lookup("de")
	if !known {
		t.Fatal("no German")
	}
	for name, tc := range map[string]struct{ got, want string }{
		"a moment":                      {en.Ago(now.Add(-59*time.Second), now), "just now"},
		"a clock that runs ahead":       {en.Ago(now.Add(time.Hour), now), "just now"},
		"one minute":                    {en.Ago(now.Add(-61*time.Second), now), "1 minute ago"},
		"some hours, in German":         {de.Ago(now.Add(-5*time.Hour), now), "vor 5 Stunden"},
		"one day, in German":            {de.Ago(now.Add(-25*time.Hour), now), "vor 1 Tag"},
		"long ago: the date":            {en.Ago(now.AddDate(0, -2, 0), now), "on 21 September 2026"},
		"long ago, in German":           {de.Ago(now.AddDate(0, -2, 0), now), "am 21. September 2026"},
		"a wait is rounded up":          {en.Lasting(39100 * time.Millisecond), "40 seconds"},
		"no wait is still one second":   {en.Lasting(0), "1 second"},
		"a whole minute":                {en.Lasting(time.Minute), "1 minute"},
		"an uneven span":                {en.Lasting(100 * time.Second), "2 minutes"},
		"a whole hour":                  {de.Lasting(time.Hour), "1 Stunde"},
		"a week":                        {de.Lasting(7 * day), "7 Tage"},
		"a moment with the time of day": {de.Moment(now), "21. November 2026, 14:05 Uhr UTC"},
		"braces in a value stay":        {en.T("signup.closed_title") + en.T("login.to_client", "client", "{client}"), "By invitation onlyto continue to {client}"},
		"an unknown key is itself":      {en.T("no.such.key"), "no.such.key"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %q, want %q", name, tc.got, tc.want)
		}
	}
}

func TestDevices(t *testing.T) {
	en := catalogue(t).locales[0]
	const safari = "AppleWebKit/605.1.15 (KHTML, like Gecko) "
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0": "Edge on Windows",
		"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36":     "Chrome on Android",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " + safari + "Version/18.5 Safari/605.1.15":                            "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) " + safari + "CriOS/140.0 Mobile/15E148 Safari/604.1":           "Chrome on iPhone",
		"curl/8.14.1": "curl",
		"":            "Unknown device",
		"<b>x</b>":    "Unknown device",
	} {
		if got := agentName(en, agent); got != want {
			t.Errorf("%q is called %q, want %q", agent, got, want)
		}
	}
}
