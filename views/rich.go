package views

import (
	"context"
	"html"
	"io"
	"strings"

	"github.com/a-h/templ"
)

// rich is a message whose values stand out. Everything is escaped; each value is isolated
// (<bdi>), so that a name in another script does not turn the sentence around it.
func rich(l *Locale, key string, args ...any) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		format, known := l.format(key, args)
		if !known {
			format = key
		}
		pairs := make([]string, 0, len(args))
		for i := 0; i+1 < len(args); i += 2 {
			name, _ := args[i].(string)
			value := html.EscapeString(l.value(args[i+1]))
			pairs = append(pairs, "{"+name+"}", "<strong><bdi>"+value+"</bdi></strong>")
		}
		_, err := io.WriteString(w, strings.NewReplacer(pairs...).Replace(html.EscapeString(format)))
		return err
	})
}
