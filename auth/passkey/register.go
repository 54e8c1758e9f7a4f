package passkey

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/google/uuid"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Made is a passkey that was made, and who it signed in, where it was to.
type Made struct {
	*Passkey
	Auth *core.Auth // nil where nobody was signed in
}

// Register ends the making of a passkey: of the caller's, or of a person who has
// no account yet and then gets one. signIn makes a session of it.
// Errors: ErrChallenge, ErrNotYours, ErrRegistration, ErrBadUser, those of a
// sign-up and of a sign-in.
func (s *Service) Register(r *api.Request, caller *core.Auth, response any, name string, signIn bool) (*Made, error) {
	var begun registration
	value, subject, err := s.begun(r, purposeRegister, &begun)
	if err != nil {
		return nil, err
	}
	made, err := s.register(r, caller, subject, begun, value, Answer{response, name, signIn})
	var told *api.Error
	if errors.As(err, &told) && !errors.Is(err, ErrChallenge) {
		return nil, errors.Join(err, s.waste(r.Context(), purposeRegister, value))
	}
	return made, err
}

// Answer is what came back from the authenticator, and what is to become of it.
type Answer struct {
	Response any // RegistrationResponseJSON
	Name     string
	SignIn   bool
}

func (s *Service) register(r *api.Request, caller *core.Auth, subject string, begun registration, value string, in Answer) (*Made, error) {
	switch {
	case begun.Person == nil && subject == "":
		return nil, ErrBadUser
	case begun.Person != nil && caller != nil, begun.Person == nil && (caller == nil || caller.User.ID != subject):
		return nil, ErrNotYours
	}
	p, err := s.attested(r, in.Response, begun)
	if err != nil {
		return nil, err
	}
	p.Name = tidy(in.Name)
	if begun.Person != nil {
		return s.signUp(r, *begun.Person, p, value, in.SignIn)
	}
	p.UserID = subject
	return s.add(r, caller.User, p, value, in.SignIn)
}

// add gives a user who exists a passkey.
func (s *Service) add(r *api.Request, u *core.User, p *Passkey, value string, signIn bool) (*Made, error) {
	ctx := r.Context()
	event := s.event(r, u, p)
	insert := func(tx *store.Tx) error {
		event.Mails = nil // of a run that was taken back
		if err := s.take(ctx, tx, purposeRegister, value); err != nil {
			return err
		}
		return s.insert(ctx, tx, p, event)
	}
	defer func() { s.core.Mail.Sent(ctx, event.Mails...) }()
	if !signIn {
		if err := s.core.DB.Write(ctx, insert); err != nil {
			return nil, err
		}
		r.Security("passkey-added", "user", u.ID, "passkey", p.ID)
		return &Made{Passkey: p}, nil
	}
	auth, err := s.core.SignIn(r, s.signInOf(r, u, p.UserVerified), insert)
	if err != nil {
		return nil, err
	}
	r.Security("passkey-added", "user", u.ID, "passkey", p.ID)
	return &Made{p, auth}, nil
}

// insert writes the row, unless the credential is somebody's already (§7.1 step 26).
func (s *Service) insert(ctx context.Context, tx *store.Tx, p *Passkey, event *core.PasskeyEvent) error {
	err := insertPasskey(ctx, tx, p)
	if store.IsUnique(err, "passkey.credential_id") {
		return ErrRegistration
	}
	if err != nil {
		return err
	}
	return s.core.PasskeyAdded.Emit(ctx, tx, event)
}

func (s *Service) event(r *api.Request, u *core.User, p *Passkey) *core.PasskeyEvent {
	return &core.PasskeyEvent{User: u, PasskeyID: p.ID, Name: p.Label(), Event: core.NewEvent(r), Locale: r.Languages()}
}

// attested verifies what an authenticator says of a key that it made (§7.1), and
// returns the key. Errors: ErrRegistration.
func (s *Service) attested(r *api.Request, response any, begun registration) (*Passkey, error) {
	raw, err := json.Marshal(response)
	if err != nil { // it was read from JSON
		return nil, ErrRegistration
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(raw)
	if err != nil {
		return nil, s.refused(r, ErrRegistration, err)
	}
	client := parsed.Response.CollectedClientData
	if core.HashToken(client.Challenge) != begun.Challenge || !s.allowedOrigin(client.Origin, r.Origins().Trusts) {
		return nil, s.refused(r, ErrRegistration, errCeremony)
	}
	origins := []string{client.Origin}
	if _, err := parsed.Verify(client.Challenge, s.cfg.RPID, origins, origins, nil, protocol.TopOriginExplicitVerificationMode, false,
		s.verifiesUser(), true, nil, credentialParameters(), protocol.AttestationPolicy{}, protocol.SignaturePolicy{}); err != nil {
		return nil, s.refused(r, ErrRegistration, err)
	}
	data := parsed.Response.AttestationObject.AuthData
	if data.Flags.HasBackupState() && !data.Flags.HasBackupEligible() { // §6.3.3: no such thing
		return nil, s.refused(r, ErrRegistration, errBackup)
	}
	now := s.now(r.Context())
	return &Passkey{
		ID: core.NewID(), PublicKey: base64.StdEncoding.EncodeToString(data.AttData.CredentialPublicKey),
		CredentialID: base64.RawURLEncoding.EncodeToString(data.AttData.CredentialID), Counter: int64(data.Counter),
		DeviceType: deviceType(data.Flags.HasBackupEligible()), BackedUp: data.Flags.HasBackupState(),
		Transports: transports(parsed.Raw.AttestationResponse.Transports), CreatedAt: &now, AAGUID: aaguid(data.AttData.AAGUID),
		UserHandle: begun.Handle, UserVerified: data.Flags.HasUserVerified(), NeedsName: needsName(data, parsed.ClientExtensionResults.CredProps),
	}, nil
}

// needsName tells what keeps a key from signing in somebody of whom nothing is known: the
// browser said that the authenticator does not keep it (§10.1.3), or nobody was verified.
// Browsers then have the authenticator sign only for who is, or who knows the key's id (CTAP 2.1
// §12.1, credProtect). Who says nothing is believed to keep it, as most do.
func needsName(data protocol.AuthenticatorData, said *protocol.CredentialPropertiesOutput) bool {
	return !data.Flags.HasUserVerified() || said != nil && said.RK != nil && !*said.RK
}

func credentialParameters() []protocol.CredentialParameter {
	list := make([]protocol.CredentialParameter, 0, len(algorithms))
	for _, alg := range algorithms {
		list = append(list, protocol.CredentialParameter{Type: publicKey, Algorithm: webauthncose.COSEAlgorithmIdentifier(alg)})
	}
	return list
}

var transport = regexp.MustCompile(`^[a-z][a-z-]{0,19}$`)

// transports keeps those that it does not know too (§5.8.4), as far as they look like any.
func transports(list []string) string {
	var kept []string
	for _, t := range list {
		if transport.MatchString(t) && len(kept) < 10 {
			kept = append(kept, t)
		}
	}
	return strings.Join(kept, ",")
}

func aaguid(raw []byte) string {
	id, err := uuid.FromBytes(raw)
	if err != nil {
		return ""
	}
	return id.String()
}

var (
	errCeremony = errors.New("another challenge, or an origin that is not allowed")
	errBackup   = errors.New("the backup flags do not fit")
	errHandle   = errors.New("the user handle is another's")
	errOwner    = errors.New("the passkey is not one that was asked for")
	// errNeedsName: the account would have no way in.
	errNeedsName = errors.New("the passkey does not sign in by itself")
)

// refused logs why an answer does not hold, for whoever runs the server, and
// returns what the caller is told: no more than that.
func (s *Service) refused(r *api.Request, answer, why error) error {
	reason := why.Error()
	var detail *protocol.Error
	if errors.As(why, &detail) && detail.DevInfo != "" {
		reason += ": " + detail.DevInfo
	}
	r.Log().Info("passkey refused", "reason", reason[:min(len(reason), 300)])
	return answer
}
