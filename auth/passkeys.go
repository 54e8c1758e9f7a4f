package auth

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"authd/auth/confirm"
	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/pages"
	"authd/auth/passkey"
	"authd/views"
)

// passkeys shows the pages what people sign in with by finger, face or PIN.
type passkeys struct {
	*passkey.Service
	m *Services
}

func (p passkeys) SignIn(r *api.Request, response map[string]any, remember bool) (*core.Auth, error) {
	return p.Authenticate(r, response, remember)
}

func (p passkeys) BeginSignUp(r *api.Request, n pages.Newcomer) (any, error) {
	fields, err := usernameOf(r, p.m, n)
	if err != nil {
		return nil, err
	}
	return p.Service.SignUp(r, passkey.Person{Name: n.Name, Email: n.Email, CallbackURL: n.CallbackURL, Invitation: n.Invitation, Fields: fields})
}

func (p passkeys) SignUp(r *api.Request, response map[string]any) (*core.Auth, error) {
	made, err := p.Register(r, nil, response, "", true)
	if err != nil {
		return nil, err
	}
	return made.Auth, nil
}

func (p passkeys) Add(r *api.Request, caller *core.Auth, response map[string]any) (alone bool, err error) {
	made, err := p.Register(r, caller, response, "", false)
	return err == nil && !made.NeedsName, err
}

func (p passkeys) Rename(r *api.Request, caller *core.Auth, id, name string) error {
	_, err := p.Service.Rename(r, caller.User, id, name)
	return err
}

func (p passkeys) Delete(r *api.Request, caller *core.Auth, id string) (gone string, err error) {
	all, err := p.Passkeys(r.Context(), caller.User.ID)
	if err != nil {
		return "", err
	}
	if at := slices.IndexFunc(all, func(k *passkey.Passkey) bool { return k.ID == id }); at >= 0 {
		gone = all[at].CredentialID
	}
	err = p.Remove(r, caller.User, id)
	if errors.Is(err, passkey.ErrLast) {
		return "", pages.ErrLastWayIn
	}
	return gone, err
}

func (p passkeys) List(r *api.Request, u *core.User) (views.Passkeys, error) {
	ctx := r.Context()
	var shown views.Passkeys
	all, err := p.Passkeys(ctx, u.ID)
	if err != nil {
		return shown, err
	}
	for _, k := range all {
		last, err := p.IsLast(ctx, u, k)
		if err != nil {
			return shown, err
		}
		shown.All = append(shown.All, shownPasskey(k, last))
	}
	signals, err := p.Signals(ctx, u, "")
	if err != nil {
		return shown, err
	}
	shown.Owner.RPID = signals.RPID
	for i, accepted := range signals.Accepted {
		details := signals.Details[i]
		shown.Owner.Handles = append(shown.Owner.Handles, views.PasskeyHandle{
			Handle: accepted.UserID, Credentials: accepted.CredentialIDs, Name: details.Name, DisplayName: details.DisplayName,
		})
	}
	return shown, nil
}

func shownPasskey(k *passkey.Passkey, last bool) views.Passkey {
	provider := k.Provider()
	one := views.Passkey{
		ID: k.ID, Name: k.Name, Provider: provider.Name, Kind: views.PasskeyKind(provider.Kind), Synced: k.BackedUp, Copied: k.CopiedAt != nil, Last: last, Beside: k.NeedsName,
	}
	if one.Kind == "" && offDevice(k.Transports) {
		one.Kind = views.PasskeyOfKey
	}
	if k.CreatedAt != nil {
		one.Created = *k.CreatedAt
	}
	if k.LastUsedAt != nil {
		one.Used = *k.LastUsedAt
	}
	return one
}

// offDevice tells a security key from what is built in, or on a phone: browsers hide
// its model.
func offDevice(transports string) bool {
	all := strings.Split(transports, ",")
	return !slices.Contains(all, "internal") && !slices.Contains(all, "hybrid") && (slices.Contains(all, "usb") || slices.Contains(all, "nfc") || slices.Contains(all, "ble"))
}

// passkeyWay is showing one's own passkey as proof of who one is.
func passkeyWay(m *Services) confirm.Way {
	return confirm.Way{
		Kind: confirm.Passkey,
		Has: func(ctx context.Context, u *core.User) (bool, error) {
			if !m.Passkeys.Enabled() {
				return false, nil
			}
			all, err := m.Passkeys.Passkeys(ctx, u.ID)
			return len(all) > 0, err
		},
		Check: func(r *api.Request, u *core.User, proof string) error {
			var response map[string]any
			if json.Unmarshal([]byte(proof), &response) != nil {
				return confirm.ErrWrong
			}
			return wrongProof(m.Passkeys.Prove(r, u, response), passkey.ErrChallenge, passkey.ErrUnknown, passkey.ErrAuthentication, passkey.ErrSignature)
		},
	}
}
