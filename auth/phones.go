package auth

import (
	"context"

	"authd/auth/confirm"
	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/phone"
	"authd/auth/siwe"
	"authd/views"
)

// phones shows the pages phone numbers and codes in text messages.
type phones struct{ *phone.Service }

func (p phones) Enter(r *api.Request, number, code string, remember bool) (*core.Auth, error) {
	_, auth, err := p.Verify(r, phone.Proof{Number: number, Code: code, Brief: !remember})
	return auth, err
}

func (p phones) Reset(r *api.Request, number, code, next string) error {
	return p.Service.Reset(r, phone.Proof{Number: number, Code: code}, next)
}

func (p phones) Change(r *api.Request, caller *core.Auth, number, code string) error {
	return p.Service.Change(r, caller, phone.Proof{Number: number, Code: code})
}

func (p phones) Of(r *api.Request, u *core.User) (shown views.Phone, err error) {
	if shown.Number, shown.Verified = p.NumberOf(u); shown.Verified {
		shown.Last, err = p.IsLast(r.Context(), u)
	}
	return shown, err
}

// textWay confirms by a code to one's own phone.
func textWay(m *Services) confirm.Way {
	return confirm.Way{
		Kind: confirm.Text,
		Has:  func(_ context.Context, u *core.User) (bool, error) { return m.Phones.Number(u) != "", nil },
		Check: func(r *api.Request, u *core.User, proof string) error {
			return wrongProof(m.Phones.Confirm(r.Context(), u, proof), phone.ErrNoCode, phone.ErrCodeExpired, phone.ErrTooManyWrong, phone.ErrWrongCode)
		},
		Send: m.Phones.SendConfirmation,
	}
}

// wallets shows the pages how people sign in with an Ethereum account.
type wallets struct{ *siwe.Service }

func (w wallets) SignIn(r *api.Request, message, signature string, remember bool) (*core.Auth, error) {
	a, _, err := w.Verify(r, message, signature, "", !remember)
	return a, err
}
