package webhook

import (
	"context"
	"encoding/json"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// lockedData is guesses that are to wait. user is null where they were at a name
// that is nobody's, or at many.
type lockedData struct {
	What      string          `json:"what"`
	User      json.RawMessage `json:"user"`
	IPAddress string          `json:"ipAddress"`
}

func attemptsLocked(_ context.Context, _ *store.Tx, e core.AttemptsLocked) (any, error) {
	d := lockedData{What: e.Kind, IPAddress: e.IP}
	if e.User != nil {
		d.User = core.UserJSON(e.User)
	}
	return d, nil
}
