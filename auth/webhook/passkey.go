package webhook

import (
	"context"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// passkeyData names a passkey and whose it is.
type passkeyData struct {
	Passkey struct {
		ID     string `json:"id"`
		UserID string `json:"userId"`
		Name   string `json:"name,omitempty"`
	} `json:"passkey"`
}

func passkeyEvent(_ context.Context, _ *store.Tx, e *core.PasskeyEvent) (any, error) {
	var d passkeyData
	d.Passkey.ID, d.Passkey.UserID, d.Passkey.Name = e.PasskeyID, e.User.ID, e.Name
	return d, nil
}

func examplePasskey() *core.PasskeyEvent {
	return &core.PasskeyEvent{User: exampleUser(), PasskeyID: exampleSession().ID, Name: "Blue key"}
}
