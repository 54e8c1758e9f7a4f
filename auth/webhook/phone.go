package webhook

import (
	"context"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// phoneData tells whose number it is; null is none.
type phoneData struct {
	UserID   string  `json:"userId"`
	Number   *string `json:"phoneNumber"`
	Previous *string `json:"previousPhoneNumber"`
}

func phoneChanged(_ context.Context, _ *store.Tx, e *core.PhoneChanged) (any, error) {
	d := phoneData{UserID: e.User.ID}
	if e.After != "" {
		d.Number = &e.After
	}
	if e.Before != "" {
		d.Previous = &e.Before
	}
	return d, nil
}
