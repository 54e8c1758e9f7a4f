package views

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var gallery = flag.String("gallery", "", "also write every page as HTML into this folder, to look at")

// TestGallery renders every page in every language: go test ./views -run Gallery -gallery DIR.
func TestGallery(t *testing.T) {
	c := catalogue(t)
	for _, l := range c.locales {
		for name, page := range samples(c, l) {
			var html bytes.Buffer
			if err := page.Render(t.Context(), &html); err != nil {
				t.Fatalf("%s in %s: %v", name, l.Code(), err)
			}
			hang(t, name+"."+l.Code()+".html", html.Bytes())
		}
		for name, mail := range letters(t, l) {
			hang(t, "mail-"+name+"."+l.Code()+".html", []byte(mail.HTML))
			hang(t, "mail-"+name+"."+l.Code()+".txt", []byte(mail.Text))
		}
	}
}

func hang(t *testing.T, name string, content []byte) {
	t.Helper()
	if *gallery == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*gallery, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}
