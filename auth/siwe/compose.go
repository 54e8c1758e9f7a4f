package siwe

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// OnPages tells whether authd's own pages sign people in with a wallet: messages must
// name the pages' own host, and a new user needs to give no address.
func (s *Service) OnPages() bool {
	base, err := url.Parse(s.core.Config.URL)
	return err == nil && s.cfg.Enabled && s.cfg.Anonymous && s.cfg.Domain == base.Host
}

// statement is ASCII, as EIP-4361 has it, and wallets show it as it is.
const statement = "Sign in to your account."

// Compose is a message for an account to sign in with at authd's own pages.
// Errors: ErrMismatch where the address or the chain is none.
func (s *Service) Compose(ctx context.Context, address string, chainID int64) (string, error) {
	address, ok := Checksum(address)
	if !ok || chainID < 1 || chainID > maxChainID {
		return "", ErrMismatch
	}
	nonce, err := s.Nonce(ctx)
	if err != nil {
		return "", err
	}
	now := s.core.Now(ctx).UTC()
	return strings.Join([]string{
		s.cfg.Domain + header, address, "", statement, "",
		"URI: " + s.core.Config.URL, "Version: 1", "Chain ID: " + strconv.FormatInt(chainID, 10), "Nonce: " + nonce,
		"Issued At: " + now.Format(time.RFC3339), "Expiration Time: " + now.Add(nonceLife).Format(time.RFC3339),
	}, "\n"), nil
}
