package passkey

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// The cookie that ties a ceremony to a browser, and how long one may take.
const (
	cookie = "better-auth-passkey"
	life   = 5 * time.Minute
)

// What challenges are good for.
const (
	purposeRegister     = "passkey-registration"
	purposeAuthenticate = "passkey-authentication"
)

// timeout is how long the browser's dialog stays, in milliseconds.
const timeout = 60000

// CreationOptions are PublicKeyCredentialCreationOptionsJSON (WebAuthn L3 §5.1.9).
type CreationOptions struct {
	Challenge              string          `json:"challenge"`
	RP                     party           `json:"rp"`
	User                   account         `json:"user"`
	PubKeyCredParams       []parameter     `json:"pubKeyCredParams"`
	Timeout                int             `json:"timeout"`
	Attestation            string          `json:"attestation"`
	ExcludeCredentials     []descriptor    `json:"excludeCredentials"`
	AuthenticatorSelection selection       `json:"authenticatorSelection"`
	Extensions             map[string]bool `json:"extensions"`
	Hints                  []string        `json:"hints"`
}

// RequestOptions are PublicKeyCredentialRequestOptionsJSON (WebAuthn L3 §5.1.10).
type RequestOptions struct {
	RPID             string       `json:"rpId"`
	Challenge        string       `json:"challenge"`
	AllowCredentials []descriptor `json:"allowCredentials,omitempty"`
	Timeout          int          `json:"timeout"`
	UserVerification string       `json:"userVerification"`
}

type party struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

type account struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

type parameter struct {
	Alg  int    `json:"alg"`
	Type string `json:"type"`
}

type descriptor struct {
	ID         string   `json:"id"`
	Transports []string `json:"transports,omitempty"`
	Type       string   `json:"type"`
}

type selection struct {
	ResidentKey             string `json:"residentKey"`
	UserVerification        string `json:"userVerification"`
	AuthenticatorAttachment string `json:"authenticatorAttachment,omitempty"`
	RequireResidentKey      bool   `json:"requireResidentKey"`
}

const publicKey = "public-key"

// Algorithms that are asked for and taken: EdDSA, ES256, RS256 (RFC 9053, RFC 8812).
var algorithms = [...]int{-8, -7, -257}

// registration is what is kept of a registration that was begun. The subject is
// the user; "" when the person is to become one.
type registration struct {
	Challenge string  `json:"challenge"` // its hash
	Handle    string  `json:"handle"`
	Person    *Person `json:"person,omitempty"`
}

// authentication is what is kept of a sign-in that was begun. The subject is the
// user whose passkeys alone are asked for, "" for anybody's.
type authentication struct {
	Challenge string `json:"challenge"`
}

// Wish is what whoever asks for a registration wants of it.
type Wish struct {
	Name       string // shown by the authenticator, in place of the address
	Attachment string // "platform", "cross-platform", "" for what is configured
	Resident   bool   // a key that needs no name to sign in with, and no other
}

// Registration begins the making of a passkey for a user.
func (s *Service) Registration(r *api.Request, u *core.User, wish Wish) (*CreationOptions, error) {
	ctx := r.Context()
	keys, err := listPasskeys(ctx, s.core.DB, u.ID)
	if err != nil {
		return nil, err
	}
	o := s.creation(wish, u.Email)
	o.User.ID = handleOf(keys)
	for _, p := range keys {
		o.ExcludeCredentials = append(o.ExcludeCredentials, describe(p))
	}
	return o, s.keep(r, purposeRegister, u.ID, registration{Challenge: core.HashToken(o.Challenge), Handle: o.User.ID})
}

func (s *Service) creation(wish Wish, name string) *CreationOptions {
	chosen := s.cfg.AuthenticatorSelection
	o := &CreationOptions{
		Challenge: random(), RP: party{s.cfg.RPName, s.cfg.RPID}, User: account{Name: name, DisplayName: name},
		Timeout: timeout, Attestation: "none", ExcludeCredentials: []descriptor{},
		AuthenticatorSelection: selection{chosen.ResidentKey, chosen.UserVerification, chosen.AuthenticatorAttachment, false},
		Extensions:             map[string]bool{"credProps": true}, Hints: []string{},
	}
	for _, alg := range algorithms {
		o.PubKeyCredParams = append(o.PubKeyCredParams, parameter{alg, publicKey})
	}
	if wish.Name != "" {
		o.User.Name = wish.Name
	}
	if wish.Attachment != "" {
		o.AuthenticatorSelection.AuthenticatorAttachment = wish.Attachment
	}
	if wish.Resident {
		o.AuthenticatorSelection.ResidentKey = "required"
	}
	o.AuthenticatorSelection.RequireResidentKey = o.AuthenticatorSelection.ResidentKey == "required"
	return o
}

// handleOf is the user handle for a further passkey: that of the newest, so that
// authenticators keep one account of the person, or a new one.
func handleOf(keys []*Passkey) string {
	for i := len(keys) - 1; i >= 0; i-- {
		if keys[i].UserHandle != "" {
			return keys[i].UserHandle
		}
	}
	return random()
}

// Authentication begins a sign-in with any passkey, or one of u's where u is not nil.
func (s *Service) Authentication(r *api.Request, u *core.User) (*RequestOptions, error) {
	o := &RequestOptions{
		RPID: s.cfg.RPID, Challenge: random(), Timeout: timeout, UserVerification: s.cfg.AuthenticatorSelection.UserVerification,
	}
	subject := ""
	if u != nil {
		keys, err := listPasskeys(r.Context(), s.core.DB, u.ID)
		if err != nil {
			return nil, err
		}
		for _, p := range keys {
			o.AllowCredentials = append(o.AllowCredentials, describe(p))
			subject = u.ID
		}
	}
	return o, s.keep(r, purposeAuthenticate, subject, authentication{Challenge: core.HashToken(o.Challenge)})
}

func describe(p *Passkey) descriptor {
	d := descriptor{ID: p.CredentialID, Type: publicKey}
	if p.Transports != "" {
		d.Transports = strings.Split(p.Transports, ",")
	}
	return d
}

// random is 32 bytes that nobody guesses, in base64url (§13.4.3 asks for 16).
func random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process rather than return an error
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// keep stores what a ceremony needs at its end and gives the browser the value
// that it is found by.
func (s *Service) keep(r *api.Request, purpose, subject string, data any) error {
	var value string
	err := s.core.DB.Write(r.Context(), func(tx *store.Tx) (err error) {
		value, err = s.core.NewVerification(r.Context(), tx, purpose, subject, data, life)
		return err
	})
	if err != nil {
		return err
	}
	s.core.SetSigned(r, cookie, value, int(life.Seconds()))
	return nil
}

// begun finds the ceremony that the browser is in. Errors: ErrChallenge.
func (s *Service) begun(r *api.Request, purpose string, data any) (value, subject string, err error) {
	value = s.core.Signed(r, cookie)
	if value == "" {
		return "", "", ErrChallenge
	}
	v, err := s.core.PeekVerification(r.Context(), s.core.DB, purpose, value)
	if errors.Is(err, store.ErrNotFound) {
		return "", "", ErrChallenge
	}
	if err != nil {
		return "", "", err
	}
	return value, v.Subject, v.Data(data)
}

// take uses a challenge up, in the transaction that it is for. Errors: ErrChallenge.
func (s *Service) take(ctx context.Context, tx *store.Tx, purpose, value string) error {
	_, err := s.core.UseVerification(ctx, tx, purpose, value)
	if errors.Is(err, store.ErrNotFound) {
		return ErrChallenge
	}
	return err
}

// waste uses a challenge up that was answered wrong: one try is all it is good for.
func (s *Service) waste(ctx context.Context, purpose, value string) error {
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return s.take(ctx, tx, purpose, value) })
	if errors.Is(err, ErrChallenge) {
		return nil // somebody else was faster: all the same
	}
	return err
}
