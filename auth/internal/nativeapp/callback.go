package nativeapp

import (
	"context"
	"errors"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"time"
)

const callbackPath = "/callback"

// arrival is the browser's answer, and the way to tell the browser how it went.
type arrival struct {
	answer url.Values
	done   chan<- error
}

// await serves the one page that the browser is sent back to, until it was there.
func (a *App) await(ctx context.Context, listener net.Listener, t *attempt) (*Tokens, error) {
	arrivals := make(chan arrival)
	server := &http.Server{
		Handler:           callback(ctx, listener.Addr().String(), arrivals),
		ReadHeaderTimeout: 5 * time.Second,
		MaxHeaderBytes:    64 << 10,
	}
	go func() { _ = server.Serve(listener) }()
	defer stop(server)
	t.request.Visit(t.address())
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case came := <-arrivals:
		tokens, err := a.accept(ctx, t, came.answer)
		came.done <- err
		return tokens, err
	}
}

func (a *App) accept(ctx context.Context, t *attempt, answer url.Values) (*Tokens, error) {
	code, err := t.check(answer)
	if err != nil {
		return nil, err
	}
	tokens, err := a.redeem(ctx, t, code)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return nil, cause
	}
	return tokens, err
}

// stop lets the page reach the browser.
func stop(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		_ = server.Close()
	}
}

// callback hands over the first answer and shows how it went. It listens to
// nobody who calls it by another name than its address (DNS rebinding).
func callback(ctx context.Context, host string, arrivals chan<- arrival) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != host || r.URL.Path != callbackPath || r.Method != http.MethodGet {
			http.NotFound(w, r)
			return
		}
		done := make(chan error, 1)
		select {
		case arrivals <- arrival{r.URL.Query(), done}:
		case <-r.Context().Done():
			return
		case <-ctx.Done():
			show(w, context.Cause(ctx))
			return
		case <-time.After(time.Second): // another answer was first
			show(w, errors.New("this login is already finished"))
			return
		}
		show(w, <-done)
	})
}

// show writes the page; the code that stands in its address is used up by then.
func show(w http.ResponseWriter, err error) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	header.Set("Connection", "close")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
	// The browser may be gone; the command line tells the same.
	_ = template.Must(template.New("page").Parse(page)).Execute(w, err)
}

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{if .}}Not signed in{{else}}Signed in{{end}}</title>
</head>
<body>
<main>
{{if .}}<h1>Not signed in</h1>
<p>{{.}}</p>
<p>You can close this window and go back to the command line.</p>
{{else}}<h1>You are signed in</h1>
<p>You can close this window and go back to the command line.</p>
{{end}}</main>
</body>
</html>
`
