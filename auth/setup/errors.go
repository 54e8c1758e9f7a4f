package setup

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability; /setup shows them as pages.
var (
	ErrDone  = &api.Error{Status: http.StatusGone, Code: "SETUP_DONE", Message: "Set-up is done: there is an administrator"}
	ErrToken = &api.Error{Status: http.StatusForbidden, Code: "SETUP_LINK_INVALID", Message: "The set-up link is wrong, or was used; restart the server for a new one"}
)
