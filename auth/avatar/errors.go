package avatar

import (
	"net/http"

	"authd/auth/internal/api"
)

// The errors of this capability.
var (
	ErrNotAnImage    = &api.Error{Status: http.StatusUnprocessableEntity, Code: "IMAGE_NOT_READABLE", Message: "The file is no JPEG, PNG or GIF image"}
	ErrTooManyPixels = &api.Error{Status: http.StatusUnprocessableEntity, Code: "IMAGE_TOO_LARGE", Message: "The image has too many pixels"}
)
