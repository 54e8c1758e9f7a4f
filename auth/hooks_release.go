//go:build !testhooks

package auth

import (
	"context"
	"net/http"
)

// requestContext is the request's own: only builds for black-box tests take the
// time from a header.
func requestContext(hr *http.Request) context.Context { return hr.Context() }
