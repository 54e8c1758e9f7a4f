package egress

import (
	"io"
	"net/http"
	"net/url"
)

// door checks what goes out and bounds what comes in.
type door struct {
	check   func(*url.URL) error
	next    http.RoundTripper
	maxBody int64
	agent   string
}

// RoundTrip implements http.RoundTripper.
func (d *door) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := d.check(r.URL); err != nil {
		closeBody(r)
		return nil, err
	}
	if d.agent != "" && r.Header.Get("User-Agent") == "" {
		r = r.Clone(r.Context()) // RoundTrip must not change its request
		r.Header.Set("User-Agent", d.agent)
	}
	answer, err := d.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	// Also when the length is stated: a packed body grows on its way out. One that is known to
	// be too long fails at its first byte: who only asks for the status still gets it.
	left := d.maxBody
	if answer.ContentLength > left {
		left = 0
	}
	answer.Body = &boundedBody{ReadCloser: answer.Body, left: left}
	return answer, nil
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}

// boundedBody fails where a body is too long, instead of ending there: half a
// document must not pass for a whole one.
type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more, to see whether there is one
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		n = int(b.left)
		err = ErrTooLarge
	}
	b.left -= int64(n)
	return n, err
}
