package siwe

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// Endpoints are this capability's part of the API.
func (s *Service) Endpoints() []api.Endpoint {
	if !s.cfg.Enabled {
		return nil
	}
	// Each is one write; the recorded server knows the nonce by two names.
	nonces := api.Rule{Window: time.Minute, Max: 30, ByAddress: true}
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/siwe/nonce", ID: "getSiweNonce", Tag: "siwe",
			Doc: "A nonce for a message of EIP-4361; it works once, for 15 minutes.", Limit: nonces,
		}, s.nonce),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/siwe/get-nonce", ID: "getNonce", Tag: "siwe",
			Doc: "The same, by its former name.", Limit: nonces,
		}, s.nonce),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/siwe/verify", ID: "verifySiweMessage", Tag: "siwe",
			Doc:    "Sign in with a message of EIP-4361 that an Ethereum account has signed.",
			Limit:  api.Rule{Window: time.Minute, Max: 30, ByAddress: true},
			Errors: []*api.Error{ErrMismatch, ErrNonce, ErrExpired, ErrNotYetValid, ErrSignature, ErrClosed, core.ErrReservedEmail, core.ErrBanned, core.ErrNotVerified, core.ErrPending, core.ErrPolicyRefused, core.ErrPolicyUnavailable},
		}, s.verify),
	}
}

type nothing struct {
	Rest map[string]any `body:"*,optional"`
}

// Check is the contract's: the body is an empty object, or none.
func (in *nothing) Check() error { return unrecognized(in.Rest) }

type nonce struct {
	Nonce string `json:"nonce"`
}

func (s *Service) nonce(r *api.Request, _ *nothing) (nonce, error) {
	value, err := s.Nonce(r.Context())
	return nonce{value}, err
}

type verifyInput struct {
	Message   string         `body:"message,notempty"`
	Signature string         `body:"signature,notempty"`
	Email     string         `body:"email,optional,email"`
	Rest      map[string]any `body:"*"`
}

// Check is the contract's: no other fields.
func (in *verifyInput) Check() error { return unrecognized(in.Rest) }

type wallet struct {
	ID      string `json:"id"`
	Address string `json:"walletAddress"`
	ChainID int64  `json:"chainId"`
}

type verified struct {
	Token   string `json:"token"`
	Success bool   `json:"success"`
	User    wallet `json:"user"`
}

func (s *Service) verify(r *api.Request, in *verifyInput) (any, error) {
	if !s.cfg.Anonymous && in.Email == "" {
		return nil, api.Invalid("body.email", "Email is required when the anonymous plugin option is disabled.")
	}
	a, m, err := s.Verify(r, in.Message, in.Signature, in.Email, false)
	if err != nil {
		return nil, err
	}
	return s.core.Answer(r, a, verified{a.Session.Token, true, wallet{a.User.ID, m.Address, m.ChainID}})
}

func unrecognized(rest map[string]any) error {
	if len(rest) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(rest))
	for i, name := range names {
		names[i] = strconv.Quote(name)
	}
	what := "Unrecognized key: "
	if len(names) > 1 {
		what = "Unrecognized keys: "
	}
	return api.Invalid("body", what+strings.Join(names, ", "))
}
