package egress

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Answer is what came back to a message.
type Answer struct {
	Status int
	// Body is its beginning, at most Want.MaxBody bytes; Whole says that this is all of it.
	Body  []byte
	Whole bool
	// RetryAfter is how long the other side wants to be left alone (RFC 9110 section 10.2.3).
	RetryAfter time.Duration
}

// Post sends a message. Any status is an answer, redirects too, and so is one whose body is too
// long or does not end in time: the other side has taken the message or refused it by then.
// Errors: ErrForbidden, and those of the network.
func (c *Client) Post(ctx context.Context, address string, header map[string]string, body []byte, want Want) (Answer, error) {
	if want.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, want.Timeout)
		defer cancel()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("%w: cannot be read", ErrForbidden)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	door := c.public
	if want.Trusted {
		door = c.trusted
	}
	response, err := door.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	answer := Answer{Status: response.StatusCode, RetryAfter: retryAfter(response.Header)}
	if want.MaxBody <= 0 {
		return answer, nil
	}
	start, err := io.ReadAll(io.LimitReader(response.Body, want.MaxBody+1))
	answer.Whole = err == nil && int64(len(start)) <= want.MaxBody
	answer.Body = start[:min(int64(len(start)), want.MaxBody)]
	return answer, nil
}

// retryAfter reads seconds, or a time by the other side's own clock.
func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(text)
	now, nowErr := http.ParseTime(header.Get("Date"))
	if err != nil || nowErr != nil {
		return 0
	}
	return max(0, until.Sub(now))
}
