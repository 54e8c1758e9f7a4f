package passkey

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

const tag = "passkey"

// Endpoints are this capability's part of the API: none when it is off.
func (s *Service) Endpoints() []api.Endpoint {
	if !s.cfg.Enabled {
		return nil
	}
	session, register := []api.Guard{s.core.RequireSession()}, []api.Guard{s.core.RequireFreshToAdd()}
	if !s.cfg.Registration.RequireSession {
		register = []api.Guard{s.freshIfAny()}
	}
	entering := []*api.Error{core.ErrNotVerified, core.ErrBanned, core.ErrPending, core.ErrPolicyRefused, core.ErrPolicyUnavailable}
	return append(s.wellKnown(),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/passkey/generate-register-options", ID: "generatePasskeyRegistrationOptions", Tag: tag, Guards: register,
			Doc:    "Begin to make a passkey: what navigator.credentials.create() takes.",
			Errors: []*api.Error{core.ErrNotFresh, ErrNoUser, ErrBadUser, ErrSignUpDisabled},
		}, s.registerOptions),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/passkey/verify-registration", ID: "verifyPasskeyRegistration", Tag: tag, Guards: register, Origin: api.OriginLogin,
			Doc:    "Keep the passkey that was made.",
			Errors: append([]*api.Error{core.ErrNotFresh, ErrChallenge, ErrNotYours, ErrBadUser, ErrRegistration, ErrSignUpDisabled, core.ErrEmailTaken}, entering...),
		}, s.verifyRegistration),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/passkey/generate-authenticate-options", ID: "generatePasskeyAuthenticationOptions", Tag: tag,
			Doc: "Begin to sign in with a passkey: what navigator.credentials.get() takes.",
		}, s.authenticateOptions),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/passkey/verify-authentication", ID: "verifyPasskeyAuthentication", Tag: tag, Origin: api.OriginLogin,
			Doc:    "Sign in with a passkey.",
			Limit:  api.Rule{Window: 10 * time.Second, Max: 30, ByAddress: true},
			Errors: append([]*api.Error{ErrChallenge, ErrUnknown, ErrAuthentication, ErrSignature}, entering...),
		}, s.verifyAuthentication),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/passkey/list-user-passkeys", ID: "listPasskeys", Tag: tag, Guards: session,
			Doc: "The caller's passkeys.",
		}, s.list),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/passkey/delete-passkey", ID: "deletePasskey", Tag: tag, Guards: []api.Guard{s.core.RequireProven()},
			Doc: "Take one of the caller's passkeys away, unless it is their last way in.", Errors: []*api.Error{errNoID, ErrNotFound, ErrForeign, ErrLast, core.ErrNotFresh},
		}, s.delete),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/passkey/update-passkey", ID: "updatePasskey", Tag: tag, Guards: session,
			Doc: "Give one of the caller's passkeys another name.", Errors: []*api.Error{errNoID, ErrNotFound, ErrNotYours},
		}, s.update),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/passkey/signals", ID: "passkeySignals", Tag: tag, Guards: session,
			Doc: "What a page tells authenticators with the Signal API: which of the caller's passkeys count, and what the account is called.",
		}, s.signals),
	)
}

// freshIfAny asks somebody who is signed in to have done so not long ago: a key to
// an account is not made with a session that lay about. Nobody else is asked for one.
func (s *Service) freshIfAny() api.Guard {
	return api.Guard{Check: func(r *api.Request) error {
		a, err := s.core.Authenticate(r)
		if err == nil && a != nil && !a.Session.Fresh(r.Now(), s.core.Config.Session.FreshAge) {
			return core.ErrNotFresh
		}
		return err
	}}
}

type registerOptionsIn struct {
	Attachment string `query:"authenticatorAttachment,optional,enum=platform|cross-platform"`
	Name       string `query:"name,optional" doc:"What the authenticator calls the account, in place of its address."`
	Context    string `query:"context,optional" doc:"Where passkey.registration.require_session is false and nobody is signed in: who is to get an account, as JSON with name and email."`
}

func (s *Service) registerOptions(r *api.Request, in *registerOptionsIn) (*CreationOptions, error) {
	if caller := core.Caller(r); caller != nil {
		return s.Registration(r, caller.User, Wish{Name: tidy(in.Name), Attachment: in.Attachment})
	}
	person, err := personOf(in.Context)
	if err != nil {
		return nil, err
	}
	return s.SignUp(r, *person)
}

type verifyRegistrationIn struct {
	Response      any    `body:"response"`
	Name          string `body:"name,optional"`
	CreateSession bool   `body:"createSession,optional"`
}

// made is a passkey as the contract writes it, and the session that came of it.
type made struct {
	wirePasskey
	Session json.RawMessage `json:"session,omitempty"`
	User    json.RawMessage `json:"user,omitempty"`
}

func (s *Service) verifyRegistration(r *api.Request, in *verifyRegistrationIn) (any, error) {
	p, err := s.Register(r, core.Caller(r), in.Response, in.Name, in.CreateSession)
	if err != nil {
		return nil, err
	}
	out := made{wirePasskey: wire(p.Passkey)}
	if p.Auth == nil {
		return out, nil
	}
	out.Session, out.User = core.SessionJSON(p.Auth.Session, p.Auth.Session.Token), core.UserJSON(p.Auth.User)
	return s.core.Answer(r, p.Auth, out)
}

type authenticateOptionsIn struct {
	Any bool `query:"any,optional" doc:"Ask for anybody's passkey although somebody is signed in: for adding another account."`
}

func (s *Service) authenticateOptions(r *api.Request, in *authenticateOptionsIn) (*RequestOptions, error) {
	a, err := s.core.Authenticate(r)
	if err != nil {
		return nil, err
	}
	if a == nil || in.Any {
		return s.Authentication(r, nil)
	}
	return s.Authentication(r, a.User)
}

type verifyAuthenticationIn struct {
	Response map[string]any `body:"response"`
}

type signedIn struct {
	Session json.RawMessage `json:"session"`
	User    json.RawMessage `json:"user"`
}

func (s *Service) verifyAuthentication(r *api.Request, in *verifyAuthenticationIn) (any, error) {
	a, err := s.Authenticate(r, in.Response, true)
	if err != nil {
		return nil, err
	}
	return s.core.Answer(r, a, signedIn{core.SessionJSON(a.Session, a.Session.Token), core.UserJSON(a.User)})
}

// wirePasskey is a passkey as the contract writes it.
type wirePasskey struct {
	Name         *string `json:"name"`
	PublicKey    string  `json:"publicKey"`
	UserID       string  `json:"userId"`
	CredentialID string  `json:"credentialID"`
	Counter      int64   `json:"counter"`
	DeviceType   string  `json:"deviceType"`
	BackedUp     bool    `json:"backedUp"`
	Transports   *string `json:"transports"`
	CreatedAt    *string `json:"createdAt"`
	AAGUID       *string `json:"aaguid"`
	ID           string  `json:"id"`
}

func wire(p *Passkey) wirePasskey {
	w := wirePasskey{
		Name: null(p.Name), PublicKey: p.PublicKey, UserID: p.UserID, CredentialID: p.CredentialID, Counter: p.Counter, DeviceType: p.DeviceType,
		BackedUp: p.BackedUp, Transports: null(p.Transports), AAGUID: null(p.AAGUID), ID: p.ID,
	}
	if p.CreatedAt != nil {
		at := p.CreatedAt.UTC().Format("2006-01-02T15:04:05.000Z")
		w.CreatedAt = &at
	}
	return w
}

func (s *Service) list(r *api.Request, _ *api.None) ([]wirePasskey, error) {
	keys, err := s.Passkeys(r.Context(), core.Caller(r).User.ID)
	list := make([]wirePasskey, 0, len(keys))
	for _, p := range keys {
		list = append(list, wire(p))
	}
	return list, err
}

type idIn struct {
	ID string `body:"id"`
}

type status struct {
	Status bool `json:"status"`
}

func (s *Service) delete(r *api.Request, in *idIn) (status, error) {
	if in.ID == "" {
		return status{}, errNoID
	}
	return status{true}, s.Remove(r, core.Caller(r).User, in.ID)
}

type updateIn struct {
	ID   string `body:"id"`
	Name string `body:"name,notempty"`
}

// Check refuses a name of nothing but white space.
func (in *updateIn) Check() error {
	if strings.TrimSpace(in.Name) == "" {
		return api.Invalid("body.name", "Too small: expected string to have >=1 characters")
	}
	return nil
}

type updated struct {
	Passkey wirePasskey `json:"passkey"`
}

func (s *Service) update(r *api.Request, in *updateIn) (updated, error) {
	if in.ID == "" {
		return updated{}, errNoID
	}
	p, err := s.Rename(r, core.Caller(r).User, in.ID, in.Name)
	if err != nil {
		return updated{}, err
	}
	return updated{wire(p)}, nil
}

func (s *Service) signals(r *api.Request, _ *api.None) (*Signals, error) {
	return s.Signals(r.Context(), core.Caller(r).User, "")
}

// The documents that stand at places of their own.
const (
	relatedOrigins = "/.well-known/webauthn"
	endpointsFile  = "/.well-known/passkey-endpoints"
)

type origins struct {
	Origins []string `json:"origins"`
}

// places is where people add and manage passkeys (W3C, A Well-Known URL for Relying Party Passkey Endpoints).
type places struct {
	Enroll string `json:"enroll"`
	Manage string `json:"manage"`
}

func (s *Service) wellKnown() []api.Endpoint {
	document := func(path, id, doc string) api.Endpoint {
		return api.Endpoint{Mount: api.Root, Method: http.MethodGet, Path: path, ID: id, Tag: tag, Doc: doc, Document: true, CORS: api.CORSPublic}
	}
	list := []api.Endpoint{
		api.Handle(document(endpointsFile, "passkeyEndpoints", "Where people add and manage their passkeys, for password managers."),
			func(r *api.Request, _ *api.None) (places, error) {
				page := r.Base() + "/account/security"
				return places{page, page}, nil
			}),
	}
	if related := s.related(); len(related) > 0 {
		list = append(list, api.Handle(document(relatedOrigins, "relatedOrigins", "Other origins that may use the passkeys of this one (WebAuthn L3 §5.11)."),
			func(*api.Request, *api.None) (origins, error) { return origins{related}, nil }))
	}
	return list
}

// related are the web's own among the configured origins.
func (s *Service) related() []string {
	var list []string
	for _, o := range s.cfg.Origins {
		if strings.HasPrefix(o, "https://") || strings.HasPrefix(o, "http://") {
			list = append(list, o)
		}
	}
	return list
}
