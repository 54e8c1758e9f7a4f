package account

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability, as the contract words them.
var (
	ErrNotFound     = &api.Error{Status: http.StatusBadRequest, Code: "ACCOUNT_NOT_FOUND", Message: "Account not found"}
	ErrLast         = &api.Error{Status: http.StatusBadRequest, Code: "FAILED_TO_UNLINK_LAST_ACCOUNT", Message: "You can't unlink your last account"}
	ErrNoAccess     = &api.Error{Status: http.StatusBadRequest, Code: "FAILED_TO_GET_ACCESS_TOKEN", Message: "Failed to get a valid access token"}
	ErrNoRefresh    = &api.Error{Status: http.StatusBadRequest, Code: "REFRESH_TOKEN_NOT_FOUND", Message: "Refresh token not found"}
	ErrRefresh      = &api.Error{Status: http.StatusBadRequest, Code: "FAILED_TO_REFRESH_ACCESS_TOKEN", Message: "Failed to refresh access token"}
	ErrNotProvider  = &api.Error{Status: http.StatusBadRequest, Code: "PROVIDER_NOT_CONFIGURED", Message: "Account is not associated with a configured social provider."}
	ErrNoToken      = &api.Error{Status: http.StatusBadRequest, Code: "ACCESS_TOKEN_NOT_FOUND", Message: "Access token not found"}
	ErrNoInfo       = &api.Error{Status: http.StatusUnauthorized, Code: "FAILED_TO_GET_USER_INFO", Message: "Failed to get user info"}
	errNotSupported = &api.Error{Status: http.StatusBadRequest, Code: "PROVIDER_NOT_SUPPORTED", Message: "Provider … is not supported."}
	// errNoSession has no body: so the contract answers where it asks for the session itself.
	errNoSession = &api.Error{Status: http.StatusUnauthorized}
)

// notSupported names the provider that is not, or no longer, configured.
func notSupported(providerID string) error {
	return &api.Error{Status: errNotSupported.Status, Code: errNotSupported.Code, Message: "Provider " + providerID + " is not supported."}
}
