package passkey

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/google/uuid"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// foreign is a passkey as a better-auth server keeps it.
type foreign struct {
	ID           string     `json:"id"`
	Name         string     `json:"name"`
	PublicKey    string     `json:"publicKey"`
	UserID       string     `json:"userId"`
	CredentialID string     `json:"credentialID"`
	Counter      int64      `json:"counter"`
	DeviceType   string     `json:"deviceType"`
	BackedUp     bool       `json:"backedUp"`
	Transports   string     `json:"transports"`
	CreatedAt    *time.Time `json:"createdAt"`
	AAGUID       string     `json:"aaguid"`
}

// AdoptPasskey checks a passkey of another server's and gives what writes it; raw is
// the row as JSON in the contract's names. It signs in here where rp_id is the same.
//
// Of the other server's passkeys it is not known whether their person was verified
// when they were made. Those that may be copied were: their keepers always ask.
func (s *Service) AdoptPasskey(raw []byte) (credentialID string, write func(ctx context.Context, tx *store.Tx) error, err error) {
	var f foreign
	if err := json.Unmarshal(raw, &f); err != nil {
		return "", nil, fmt.Errorf("read a passkey: %w", err)
	}
	id, err := anyBase64(f.CredentialID)
	if err != nil || len(id) == 0 || len(id) > 1023 {
		return "", nil, errors.New("credentialID is no credential id")
	}
	key, err := anyBase64(f.PublicKey)
	if err == nil {
		_, err = webauthncose.ParsePublicKey(key)
	}
	switch {
	case err != nil:
		return "", nil, errors.New("publicKey is no public key that authd can use")
	case f.DeviceType != singleDevice && f.DeviceType != multiDevice || f.BackedUp && f.DeviceType == singleDevice:
		return "", nil, errors.New("deviceType and backedUp do not fit")
	case f.Counter < 0 || f.Counter > 1<<32-1:
		return "", nil, errors.New("counter is no number of 32 bits")
	case f.ID == "" || f.UserID == "":
		return "", nil, errors.New("id or userId is missing")
	}
	p := &Passkey{
		ID: f.ID, Name: tidy(f.Name), PublicKey: base64.StdEncoding.EncodeToString(key), UserID: f.UserID,
		CredentialID: base64.RawURLEncoding.EncodeToString(id), Counter: f.Counter, DeviceType: f.DeviceType, BackedUp: f.BackedUp,
		Transports: transports(strings.Split(f.Transports, ",")), CreatedAt: f.CreatedAt, UserVerified: f.DeviceType == multiDevice,
	}
	if model, err := uuid.Parse(f.AAGUID); err == nil {
		p.AAGUID = model.String()
	}
	return p.CredentialID, func(ctx context.Context, tx *store.Tx) error {
		err := insertPasskey(ctx, tx, p)
		if store.IsUnique(err, "passkey.credential_id") || store.IsUnique(err, "passkey.id") {
			return core.ErrAdopted
		}
		return err
	}, nil
}

// HasPasskey tells whether there is one with this credential id, or this id.
func (s *Service) HasPasskey(ctx context.Context, credentialID, id string) (bool, error) {
	for _, find := range []func() (*Passkey, error){
		func() (*Passkey, error) { return findCredential(ctx, s.core.DB, credentialID) },
		func() (*Passkey, error) { return findPasskey(ctx, s.core.DB, id) },
	} {
		_, err := find()
		if err == nil || !errors.Is(err, store.ErrNotFound) {
			return err == nil, err
		}
	}
	return false, nil
}

// anyBase64 reads base64 of either alphabet, with or without padding.
func anyBase64(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "=")))
}
