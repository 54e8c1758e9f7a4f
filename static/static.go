// Package static holds the few files that pages load and serves them under URLs that name
// their content, so that browsers keep them for good and a new version is a new URL.
//
// It imports nothing else of authd, and nothing in it depends on who asks.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed authd.css captcha.js code.js favicon.svg icon.png passkey.js submit.js wallet.js
var files embed.FS

// Prefix is where Handler must be mounted.
const Prefix = "/static/"

type asset struct {
	url         string
	contentType string
	plain       []byte
	gzipped     []byte // nil where compressing does not pay
}

// assets are made once, when the first page needs them.
var assets = sync.OnceValue(load)

// URL is where the file with that name is served. An unknown name is a mistake in the code
// and gives an empty URL, which the tests of the pages notice.
func URL(name string) string { return assets()[name].url }

func load() map[string]asset {
	all := map[string]asset{}
	for name, contentType := range map[string]string{
		"authd.css":   "text/css; charset=utf-8",
		"favicon.svg": "image/svg+xml",
		"icon.png":    "image/png",
		"passkey.js":  "text/javascript; charset=utf-8",
		"submit.js":   "text/javascript; charset=utf-8",
		"captcha.js":  "text/javascript; charset=utf-8",
		"code.js":     "text/javascript; charset=utf-8",
		"wallet.js":   "text/javascript; charset=utf-8",
	} {
		content, err := files.ReadFile(name)
		if err != nil {
			continue // cannot be: the names are those of the embed line, and a test says so
		}
		sum := sha256.Sum256(content)
		ext := path.Ext(name)
		all[name] = asset{
			url:         Prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext,
			contentType: contentType,
			plain:       content,
			gzipped:     compress(content),
		}
	}
	return all
}

func compress(content []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(content); err != nil {
		return nil
	}
	if err := w.Close(); err != nil || out.Len() > len(content)*9/10 {
		return nil
	}
	return out.Bytes()
}

// Handler serves the files. A page of an older version may still ask for an older hash: it
// gets what there is now, not to be kept.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, r *http.Request) {
	file, known := assets()[plainName(strings.TrimPrefix(r.URL.Path, Prefix))]
	switch {
	case !known:
		http.NotFound(w, r)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	header := w.Header()
	header.Set("Content-Type", file.contentType)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-cache")
	if r.URL.Path == file.url {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := file.plain
	if file.gzipped != nil {
		header.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			header.Set("Content-Encoding", "gzip")
			body = file.gzipped
		}
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the reader has gone: nothing is left to do
	}
}

// plainName turns authd.0123456789ab.css into authd.css.
func plainName(hashed string) string {
	ext := path.Ext(hashed)
	base := strings.TrimSuffix(hashed, ext)
	return strings.TrimSuffix(base, path.Ext(base)) + ext
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3) as far as gzip is concerned.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, params, err := mime.ParseMediaType("x/" + strings.TrimSpace(part))
		if err != nil || coding != "x/gzip" {
			continue
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		return params["q"] == "" || (err == nil && q > 0)
	}
	return false
}
