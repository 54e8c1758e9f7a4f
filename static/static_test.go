package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func get(t *testing.T, method, path, encoding string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestServe(t *testing.T) {
	css := URL("authd.css")
	const forever = "public, max-age=31536000, immutable"
	for name, c := range map[string]struct {
		method, path, encoding string
		status                 int
		cache, contentEncoding string
	}{
		"a hashed URL is kept for good":         {"GET", css, "", 200, forever, ""},
		"gzip is taken when offered":            {"GET", css, "br, gzip;q=0.8", 200, forever, "gzip"},
		"gzip is not sent when it is refused":   {"GET", css, "gzip;q=0", 200, forever, ""},
		"a picture is not compressed again":     {"GET", URL("icon.png"), "gzip", 200, forever, ""},
		"HEAD answers like GET":                 {"HEAD", css, "gzip", 200, forever, "gzip"},
		"an old hash gets the file, not for it": {"GET", "/static/authd.000000000000.css", "", 200, "no-cache", ""},
		"an unknown name is not found":          {"GET", "/static/other.000000000000.css", "", 404, "", ""},
		"no way out of the folder":              {"GET", "/static/../static.go", "", 404, "", ""},
		"nothing can be posted":                 {"POST", css, "", 405, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			res := get(t, c.method, c.path, c.encoding)
			defer res.Body.Close()
			if res.StatusCode != c.status {
				t.Fatalf("status %d, want %d", res.StatusCode, c.status)
			}
			if got := res.Header.Get("Cache-Control"); got != c.cache {
				t.Errorf("Cache-Control %q, want %q", got, c.cache)
			}
			if got := res.Header.Get("Content-Encoding"); got != c.contentEncoding {
				t.Errorf("Content-Encoding %q, want %q", got, c.contentEncoding)
			}
		})
	}
}

func TestCompressedIsTheSameFile(t *testing.T) {
	plain := get(t, "GET", URL("authd.css"), "")
	defer plain.Body.Close()
	packed := get(t, "GET", URL("authd.css"), "gzip")
	defer packed.Body.Close()
	want, err := io.ReadAll(plain.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(unpacked)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("unpacked %d bytes, want %d (%v)", len(got), len(want), err)
	}
}

func TestEveryEmbeddedFileHasItsURL(t *testing.T) {
	entries, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if URL(entry.Name()) == "" {
			t.Errorf("%s has no URL", entry.Name())
		}
	}
	if URL("nowhere.js") != "" {
		t.Error("an unknown file has a URL")
	}
}

func TestTheStylesheetIsSmallAndLoadsNothing(t *testing.T) {
	css, err := files.ReadFile("authd.css")
	if err != nil {
		t.Fatal(err)
	}
	if len(css) > 14<<10 {
		t.Errorf("%d bytes of CSS, want at most 14 KiB", len(css))
	}
	for _, banned := range []string{"url(", "@import", "margin-left", "margin-right", "padding-left", "padding-right", "text-align: left", "text-align: right"} {
		if strings.Contains(string(css), banned) {
			t.Errorf("the stylesheet has %q", banned)
		}
	}
}
