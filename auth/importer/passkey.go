package importer

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"authd/auth/internal/store"
)

// Passkeys keep people's passkeys.
type Passkeys interface {
	// AdoptPasskey checks a passkey and gives its credential id and what writes it. raw
	// is better-auth's row as JSON.
	AdoptPasskey(raw []byte) (credentialID string, write func(ctx context.Context, tx *store.Tx) error, err error)
	// HasPasskey tells whether there is one with this credential id, or this id.
	HasPasskey(ctx context.Context, credentialID, id string) (bool, error)
}

// tablePasskey is better-auth's table of passkeys.
const tablePasskey = "passkey"

// passkeyOf reads a passkey as JSON in better-auth's names.
func passkeyOf(r *row) (id, userID string, raw []byte, err error) {
	fields := map[string]any{}
	for _, name := range []string{"id", "name", "publicKey", "userId", "credentialID", "deviceType", "transports", "aaguid"} {
		text, err := r.text(fold(name), maxText)
		if err != nil {
			return id, userID, nil, err
		}
		fields[name] = text
	}
	id, userID = fields["id"].(string), fields["userId"].(string)
	var created *time.Time
	backedUp, err := r.flag("backedup")
	if err = errors.Join(err, into(&created)(r.time("createdat"))); err != nil {
		return id, userID, nil, err
	}
	counter, err := r.text("counter", maxID)
	if err == nil {
		fields["counter"], err = strconv.ParseInt(counter, 10, 64)
	}
	if err != nil {
		return id, userID, nil, errors.New("counter is no number")
	}
	fields["backedUp"], fields["createdAt"] = backedUp, created
	raw, err = json.Marshal(fields)
	return id, userID, raw, err
}

// judgePasskey takes the passkeys of people who are new here: who was here before
// may have removed theirs.
func (r *run) judgePasskey(ctx context.Context, row *row) (bool, error) {
	t := r.report.table(tablePasskey)
	t.Rows++
	id, userID, raw, err := passkeyOf(row)
	switch r.people[digestOf(userID)] {
	case isPresent:
		t.Present++
		return false, nil
	case isRefused:
		t.leaveOut("of people who are left out")
		return false, nil
	case isNew:
	default:
		t.leaveOut("of nobody in the file")
		return false, nil
	}
	refuse := func(what string) (bool, error) {
		r.report.problem(Problem{
			Table: tablePasskey, Row: row.number, ID: id, What: what, Do: "correct the row, or leave it out with --skip-problems: its owner then adds the passkey anew",
		})
		return false, nil
	}
	if err != nil {
		return refuse(err.Error())
	}
	credential, _, err := r.passkeys.AdoptPasskey(raw)
	if err != nil {
		return refuse(err.Error())
	}
	if r.twice("passkey", id) || r.twice("credential", credential) {
		return refuse("the passkey stands in the file twice")
	}
	here, err := r.passkeys.HasPasskey(ctx, credential, id)
	if err != nil {
		return false, err
	}
	if here {
		return refuse("the passkey belongs to a user here")
	}
	t.Add++
	return true, nil
}

func (r *run) writePasskey(ctx context.Context, tx *store.Tx, row *row) error {
	_, _, raw, err := passkeyOf(row)
	if err != nil {
		return err
	}
	_, write, err := r.passkeys.AdoptPasskey(raw)
	if err != nil {
		return err
	}
	return write(ctx, tx)
}
