package pages

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// Guests are people who begin without an account.
type Guests interface {
	SignIn(r *api.Request) (*core.Auth, error)
	// Is tells whether a user is one.
	Is(u *core.User) bool
}

// Wallets sign people in with an Ethereum account.
type Wallets interface {
	// Compose is the message that an account is to sign.
	Compose(ctx context.Context, address string, chainID int64) (string, error)
	SignIn(r *api.Request, message, signature string, remember bool) (*core.Auth, error)
}

func (s *Service) guestEndpoints(post func(path, id string, limit api.Rule, fn handler)) {
	if s.Guests != nil {
		post("/login/guest", "pageLoginGuest", guess(), s.loginGuest)
	}
	if s.Wallets != nil {
		signing := api.Rule{Window: time.Minute, Max: 30, ByAddress: true}
		post("/login/wallet/message", "pageLoginWalletMessage", signing, s.walletMessage)
		post("/login/wallet", "pageLoginWallet", signing, s.loginWallet)
	}
}

// guest tells whether whoever is signed in has no account yet.
func (v *visit) guest() bool { return v.Guests != nil && v.auth != nil && v.Guests.Is(v.auth.User) }

// offersGuest: a guest counts as a sign-up that nobody has to agree to.
func (v *visit) offersGuest() (bool, error) {
	if v.Guests == nil || v.guest() {
		return false, nil
	}
	mode, err := v.Access.Mode(v.r.Context())
	return mode == modeAnyone, err
}

func (v *visit) walletButton() *views.WalletButton {
	if v.Wallets == nil {
		return nil
	}
	return &views.WalletButton{Last: v.LastUsed(v.r) == "siwe"}
}

func (s *Service) loginGuest(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/login")
	if err != nil {
		return nil, err
	}
	if v.guest() { // a second click
		return v.onward(v.auth)
	}
	form, err := v.loginForm()
	if err != nil {
		return nil, err
	}
	if bad, err := v.robot(formLogin, func(p views.Page) templ.Component { return views.Login(p, form) }); bad != nil || err != nil {
		return bad, err
	}
	auth, err := s.Guests.SignIn(r)
	switch {
	case err == nil:
		return v.entered(auth)
	case codeOf(err) == codeClosed:
		return show(http.StatusForbidden, views.SignUpClosed(v.page))
	default:
		return nil, err
	}
}

// walletMessage is what the script has the wallet sign.
func (s *Service) walletMessage(r *api.Request, _ *api.None) (api.Responder, error) {
	chain, err := strconv.ParseInt(field(r, "chain"), 10, 64)
	if err != nil {
		chain = 0
	}
	message, err := s.Wallets.Compose(r.Context(), field(r, "address"), chain)
	if err != nil {
		return nil, err
	}
	return api.JSON{Status: http.StatusOK, Body: map[string]string{"message": message}}, nil
}

func (s *Service) loginWallet(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/login")
	if err != nil {
		return nil, err
	}
	message := strings.ReplaceAll(field(r, "message"), "\r\n", "\n") // forms end lines so (HTML, form entry list)
	auth, err := s.Wallets.SignIn(r, message, field(r, "signature"), field(r, "remember") != "")
	if err == nil {
		return v.entered(auth)
	}
	switch declared := declaredOf(err); {
	case codeOf(err) == codeClosed:
		return show(http.StatusForbidden, views.SignUpClosed(v.page))
	case declared == nil || declared.Status != http.StatusUnauthorized:
		return v.notEntered(err)
	}
	form, err := v.loginForm()
	if err != nil {
		return nil, err
	}
	form.Remember = true
	v.page.Alert = views.Alert{Kind: views.Problem, Text: views.Msg("wallet.failed")}
	return v.showLogin(http.StatusUnprocessableEntity, form)
}
