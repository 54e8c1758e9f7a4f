package webhook

import (
	"context"
	"encoding/json"
	"slices"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

type twoFactorData struct {
	User   json.RawMessage `json:"user"`
	Reason string          `json:"reason,omitempty"`
	Left   *int            `json:"left,omitempty"`
}

// twoFactor tells of what became of a second factor, where it is one of these.
func twoFactor(of ...string) func(context.Context, *store.Tx, *core.TwoFactorChanged) (any, error) {
	return func(_ context.Context, _ *store.Tx, e *core.TwoFactorChanged) (any, error) {
		if !slices.Contains(of, e.What) {
			return nil, nil
		}
		d := twoFactorData{User: core.UserJSON(e.User)}
		switch e.What {
		case "off":
			d.Reason = "owner"
		case "reset":
			d.Reason = "reset"
		case "backup-code-used":
			d.Left = &e.Left
		}
		return d, nil
	}
}
