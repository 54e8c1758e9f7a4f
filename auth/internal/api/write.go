package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Responder is an Out that writes itself.
type Responder interface {
	Respond(r *Request) error
}

// Appender is an Out that appends its own JSON: for answers on the hot path.
type Appender interface {
	AppendJSON(b []byte) []byte
}

// Component is what templ makes.
type Component interface {
	Render(ctx context.Context, w io.Writer) error
}

// Redirect sends the browser on, with 302 unless Status says otherwise.
type Redirect struct {
	URL    string
	Status int
}

// Respond implements [Responder].
func (d Redirect) Respond(r *Request) error {
	status := d.Status
	if status == 0 {
		status = http.StatusFound
	}
	r.Header()["Location"] = []string{d.URL}
	r.w.WriteHeader(status)
	return nil
}

// Page is HTML. The strict policy of our pages goes along: a form that would end
// at another origin answers with a page that moves on instead.
type Page struct {
	Status int
	Body   Component
	// FormOrigin is the only origin that the page's form may be posted to; "" for our own.
	FormOrigin string
	Frames     []string // the only origins that the page may frame; most frame none
}

// Respond implements [Responder].
func (p Page) Respond(r *Request) error {
	buf := bufferPool.Get().(*bytes.Buffer)
	defer putBuffer(buf)
	if err := p.Body.Render(r.ctx, buf); err != nil {
		return err
	}
	r.pageHeaders(p.FormOrigin, p.Frames)
	r.Header()["Content-Length"] = []string{strconv.Itoa(buf.Len())}
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	r.w.WriteHeader(status)
	_, err := r.w.Write(buf.Bytes())
	return ignoreClientGone(err)
}

// pageHeaders are those of every page: nothing inline, nothing from elsewhere,
// no frame around it, nothing kept by a cache, nothing told to the next site.
func (r *Request) pageHeaders(formOrigin string, frames []string) {
	h := r.Header()
	admitted, framed := "", ""
	referrer := "same-origin"
	if len(r.hosts) > 0 {
		admitted = " " + strings.Join(r.hosts, " ")
		frames = append(slices.Clip(frames), r.hosts...)
		referrer = "strict-origin-when-cross-origin" // they ask where they are
	}
	if len(frames) > 0 {
		framed = "; frame-src " + strings.Join(frames, " ")
	}
	if formOrigin == "" {
		formOrigin = "'self'"
	} else {
		referrer = "origin" // else the other side is told "Origin: null"
	}
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'"+admitted+"; img-src 'self' data:; font-src 'self'; script-src 'self'"+admitted+"; "+
		"connect-src 'self'"+admitted+"; base-uri 'none'; frame-ancestors 'none'; form-action "+formOrigin+framed)
	if strings.HasPrefix(r.Base(), "https:") {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", referrer)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// JSON is an answer with a status of its own.
type JSON struct {
	Status int
	Body   any
}

// Respond implements [Responder].
func (j JSON) Respond(r *Request) error {
	r.writeJSON(j.Status, j.Body)
	return nil
}

// Empty is a 200 without a body.
type Empty struct{}

// Respond implements [Responder].
func (Empty) Respond(r *Request) error {
	r.w.WriteHeader(http.StatusOK)
	return nil
}

// NoContent is a 204.
type NoContent struct{}

// Respond implements [Responder].
func (NoContent) Respond(r *Request) error {
	r.w.WriteHeader(http.StatusNoContent)
	return nil
}

// Bytes is a prepared answer.
type Bytes struct {
	Type string
	Body []byte
}

// Respond implements [Responder].
func (p Bytes) Respond(r *Request) error {
	h := r.Header()
	h["Content-Type"] = []string{p.Type}
	h["Content-Length"] = []string{strconv.Itoa(len(p.Body))}
	r.w.WriteHeader(http.StatusOK)
	_, err := r.w.Write(p.Body)
	return ignoreClientGone(err)
}

// HandlerFunc serves with plain net/http what is not worth a type: static files, metrics.
type HandlerFunc func(w http.ResponseWriter, r *http.Request)

// Respond implements [Responder].
func (f HandlerFunc) Respond(r *Request) error {
	f(r.w, r.HTTP)
	return nil
}

// ignoreClientGone: a client that stops reading is no failure of the server.
func ignoreClientGone(error) error { return nil }

var (
	bufferPool = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	slicePool  = sync.Pool{New: func() any { b := make([]byte, 0, 4096); return &b }}
	jsonType   = []string{MediaJSON}
)

func putBuffer(b *bytes.Buffer) {
	if b.Cap() > 1<<16 {
		return
	}
	b.Reset()
	bufferPool.Put(b)
}

// writeOut writes what a handler returned.
func (r *Request) writeOut(out any) error {
	switch out := out.(type) {
	case Responder:
		return out.Respond(r)
	case Appender:
		b := slicePool.Get().(*[]byte)
		*b = out.AppendJSON((*b)[:0])
		r.writeBody(http.StatusOK, *b)
		if cap(*b) <= 1<<16 {
			slicePool.Put(b)
		}
	default:
		r.writeJSON(http.StatusOK, out)
	}
	return nil
}

// writeJSON is the one place where JSON is written: as JavaScript writes it,
// without HTML escapes and without a final newline.
func (r *Request) writeJSON(status int, v any) {
	buf := bufferPool.Get().(*bytes.Buffer)
	defer putBuffer(buf)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		r.logFailure(err)
		r.w.WriteHeader(http.StatusInternalServerError)
		return
	}
	r.writeBody(status, bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}))
}

func (r *Request) writeBody(status int, body []byte) {
	h := r.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	r.w.WriteHeader(status)
	_, err := r.w.Write(body)
	_ = ignoreClientGone(err)
}
