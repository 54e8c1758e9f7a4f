package passkey

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/go-webauthn/webauthn/protocol"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// method is how logs and events call a sign-in with a passkey.
const method = "passkey"

// Authenticate ends a sign-in: response is what the authenticator said. The session
// outlasts the browser where it is to be remembered.
// Errors: ErrChallenge, ErrUnknown, ErrAuthentication, ErrSignature, those of a sign-in.
func (s *Service) Authenticate(r *api.Request, response map[string]any, remember bool) (*core.Auth, error) {
	var begun authentication
	value, subject, err := s.begun(r, purposeAuthenticate, &begun)
	if err != nil {
		return nil, err
	}
	auth, err := s.authenticate(r, value, subject, begun, response, remember)
	var told *api.Error
	if errors.As(err, &told) && !errors.Is(err, ErrChallenge) {
		return nil, errors.Join(err, s.waste(r.Context(), purposeAuthenticate, value))
	}
	return auth, err
}

func (s *Service) authenticate(r *api.Request, value, subject string, begun authentication, response map[string]any, remember bool) (*core.Auth, error) {
	ctx := r.Context()
	id, _ := response["id"].(string)
	p, err := findCredential(ctx, s.core.DB, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	if subject != "" && p.UserID != subject {
		return nil, s.refused(r, ErrAuthentication, errOwner)
	}
	signed, err := s.asserted(r, p, response, begun)
	if err != nil {
		return nil, err
	}
	user, err := s.core.User(ctx, s.core.DB, p.UserID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrUnknown // gone since
	}
	if err != nil {
		return nil, err
	}
	entering := s.signInOf(r, user, signed.verified && p.UserVerified)
	entering.Remember = remember
	auth, err := s.core.SignIn(r, entering, func(tx *store.Tx) error {
		if err := s.take(ctx, tx, purposeAuthenticate, value); err != nil {
			return err
		}
		used, err := usePasskey(ctx, tx, p, signed, subject != "", s.now(ctx))
		if err == nil && !used {
			return errCopied
		}
		return err
	})
	if errors.Is(err, errCopied) {
		return nil, s.copied(r, p)
	}
	return auth, err
}

// signInOf is a sign-in with a passkey. AMR: a key that is the person's, used by
// somebody who was there; with their PIN or body it is two factors (RFC 8176 §2).
func (s *Service) signInOf(r *api.Request, u *core.User, verified bool) *core.SignIn {
	amr := []string{"pop", "user"}
	if verified {
		amr = append(amr, "mfa")
	}
	in := core.NewSignIn(r, u, method, true, amr...)
	in.MultiFactor = verified
	return in
}

// assertion is what a signature stands for.
type assertion struct {
	counter  int64
	backedUp bool
	verified bool
	handle   string
}

// asserted verifies a signature with a passkey (§7.2). Errors: ErrAuthentication, ErrSignature.
func (s *Service) asserted(r *api.Request, p *Passkey, response map[string]any, begun authentication) (*assertion, error) {
	raw, err := json.Marshal(response)
	if err != nil { // it was read from JSON
		return nil, ErrAuthentication
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(raw)
	if err != nil {
		return nil, s.refused(r, ErrAuthentication, err)
	}
	client := parsed.Response.CollectedClientData
	if core.HashToken(client.Challenge) != begun.Challenge || !s.allowedOrigin(client.Origin, r.Origins().Trusts) {
		return nil, s.refused(r, ErrAuthentication, errCeremony)
	}
	key, err := base64.StdEncoding.DecodeString(p.PublicKey)
	if err != nil {
		return nil, s.refused(r, ErrAuthentication, err)
	}
	origins := []string{client.Origin}
	if err := parsed.Verify(client.Challenge, s.cfg.RPID, "", origins, origins, nil, protocol.TopOriginExplicitVerificationMode, false,
		s.verifiesUser(), true, key, protocol.SignaturePolicy{}); err != nil {
		return nil, s.refused(r, answerTo(err), err)
	}
	return s.credible(r, p, parsed)
}

// answerTo tells a signature that does not hold from everything else, as the contract does.
func answerTo(err error) error {
	var e *protocol.Error
	if errors.As(err, &e) && e.Type == protocol.ErrAssertionSignature.Type {
		return ErrSignature
	}
	return ErrAuthentication
}

// credible compares what was signed with what is known of the passkey
// (§7.2 steps 6, 18, 19 and 22).
func (s *Service) credible(r *api.Request, p *Passkey, parsed *protocol.ParsedCredentialAssertionData) (*assertion, error) {
	data := parsed.Response.AuthenticatorData
	handle, err := base64.RawURLEncoding.DecodeString(p.UserHandle)
	given := parsed.Response.UserHandle
	if err != nil || p.UserHandle != "" && len(given) > 0 && !bytes.Equal(handle, given) {
		return nil, s.refused(r, ErrAuthentication, errHandle)
	}
	if eligible := data.Flags.HasBackupEligible(); eligible != (p.DeviceType == multiDevice) || data.Flags.HasBackupState() && !eligible {
		return nil, s.refused(r, ErrAuthentication, errBackup)
	}
	counter := int64(data.Counter)
	if counter <= p.Counter && (counter != 0 || p.Counter != 0) {
		return nil, s.copied(r, p)
	}
	a := &assertion{counter: counter, backedUp: data.Flags.HasBackupState(), verified: data.Flags.HasUserVerified()}
	if p.UserHandle == "" && len(given) <= 64 {
		a.handle = base64.RawURLEncoding.EncodeToString(given)
	}
	return a, nil
}

// copied refuses a sign-in whose counter went back, marks the passkey and tells
// whoever runs the server: two devices may hold the key.
func (s *Service) copied(r *api.Request, p *Passkey) error {
	r.Security("passkey-copied", "user", p.UserID, "passkey", p.ID)
	err := s.core.DB.Write(r.Context(), func(tx *store.Tx) error { return markCopied(r.Context(), tx, p.ID, s.now(r.Context())) })
	return errors.Join(s.refused(r, ErrAuthentication, errCopied), err)
}

// waysIn are a user's passkeys, for core's question what is left to sign in with: those that
// do so alone.
func (s *Service) waysIn(ctx context.Context, q store.Querier, u *core.User) ([]core.WayIn, error) {
	keys, err := listPasskeys(ctx, q, u.ID)
	ways := make([]core.WayIn, 0, len(keys))
	for _, p := range keys {
		if !p.NeedsName {
			ways = append(ways, core.WayIn{Kind: method, ID: p.ID})
		}
	}
	return ways, err
}
