package egress

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Want says how a document is read. The zero value is a document of a stranger's,
// as large and slow as the client allows.
type Want struct {
	// Trusted goes through the door for addresses of the configuration.
	Trusted bool
	// Accept is the media type asked for; "" is application/json.
	Accept string
	// MaxBody and Timeout tighten the client's own bounds; 0 leaves them.
	MaxBody int64
	Timeout time.Duration
	// Header are further headers of a Fetch.
	Header map[string]string
}

// Document is what was read with 200.
type Document struct {
	Type string // media type without parameters, in small letters
	Body []byte
	// MaxAge is how long the other side lets it be kept (RFC 9111 §5.2.2); 0 when
	// it says nothing or forbids it.
	MaxAge time.Duration
}

// Fetch reads a document with GET. Anything but 200 is an error, redirects too.
// Errors: ErrForbidden, ErrTooLarge, and those of the network.
func (c *Client) Fetch(ctx context.Context, address string, want Want) (Document, error) {
	if want.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, want.Timeout)
		defer cancel()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Document{}, fmt.Errorf("%w: cannot be read", ErrForbidden)
	}
	if want.Accept == "" {
		want.Accept = "application/json"
	}
	request.Header.Set("Accept", want.Accept)
	for name, value := range want.Header {
		request.Header.Set(name, value)
	}
	door := c.public
	if want.Trusted {
		door = c.trusted
	}
	answer, err := door.Do(request)
	if err != nil {
		return Document{}, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return Document{}, fmt.Errorf("answered %d", answer.StatusCode)
	}
	body := io.Reader(answer.Body)
	if want.MaxBody > 0 {
		body = &boundedBody{ReadCloser: answer.Body, left: want.MaxBody}
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return Document{}, err
	}
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	return Document{Type: kind, Body: raw, MaxAge: maxAge(answer.Header.Values("Cache-Control"))}, nil
}

// maxAge reads Cache-Control.
func maxAge(headers []string) time.Duration {
	age := time.Duration(0)
	for _, directive := range strings.Split(strings.Join(headers, ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			n, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
			if err == nil {
				age = time.Duration(n) * time.Second
			}
		}
	}
	return age
}

// PostForm sends a form and tells the status of the answer, whose body it leaves
// unread. Errors: ErrForbidden, and those of the network.
func (c *Client) PostForm(ctx context.Context, address string, form url.Values, want Want) (status int, err error) {
	if want.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, want.Timeout)
		defer cancel()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, fmt.Errorf("%w: cannot be read", ErrForbidden)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	door := c.public
	if want.Trusted {
		door = c.trusted
	}
	answer, err := door.Do(request)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}
