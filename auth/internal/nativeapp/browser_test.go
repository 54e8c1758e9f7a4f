package nativeapp

import (
	"strings"
	"testing"
)

func TestWhichBrowserOpens(t *testing.T) {
	for name, test := range map[string]struct {
		system string
		env    map[string]string
		want   string
	}{
		"macOS":                        {"darwin", nil, "open URL"},
		"Windows":                      {"windows", nil, "rundll32 url.dll,FileProtocolHandler URL"},
		"a desktop":                    {"linux", map[string]string{"DISPLAY": ":0"}, "xdg-open URL"},
		"no screen":                    {"linux", nil, ""},
		"a program of one's choice":    {"linux", map[string]string{"BROWSER": "firefox -P work"}, "firefox -P work URL"},
		"the first of several":         {"linux", map[string]string{"BROWSER": "w3m:lynx"}, "w3m URL"},
		"a place for the address":      {"linux", map[string]string{"BROWSER": "open-it --url=%s --new"}, "open-it --url=URL --new"},
		"an empty choice is no choice": {"darwin", map[string]string{"BROWSER": " "}, "open URL"},
	} {
		t.Run(name, func(t *testing.T) {
			command, err := browserCommand(test.system, "URL", func(key string) string { return test.env[key] })
			if got := strings.Join(command, " "); got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("got %q %v, want %q", got, err, test.want)
			}
		})
	}
}
