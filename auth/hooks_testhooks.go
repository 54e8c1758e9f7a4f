//go:build testhooks

package auth

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"authd/auth/internal/clock"
)

// requestContext takes the time of a request from its X-Authd-Clock header.
func requestContext(hr *http.Request) context.Context {
	ms, err := strconv.ParseInt(hr.Header.Get("X-Authd-Clock"), 10, 64)
	if err != nil {
		return hr.Context()
	}
	return clock.With(hr.Context(), time.UnixMilli(ms))
}
