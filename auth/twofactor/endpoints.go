package twofactor

import (
	"net/http"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

const tag = "two-factor"

// guess is the limit of every endpoint here (NOTES §8).
var guess = api.Rule{Window: 10 * time.Second, Max: 3, ByAddress: true}

// Endpoints are this capability's part of the API: none when it is off.
func (s *Service) Endpoints() []api.Endpoint {
	if !s.cfg.Enabled {
		return nil
	}
	session := []api.Guard{s.core.RequireSession()}
	open := func(path, id, doc string, errs ...*api.Error) api.Endpoint {
		return api.Endpoint{Method: http.MethodPost, Path: "/two-factor/" + path, ID: id, Tag: tag, Doc: doc, Limit: guess, Errors: errs}
	}
	mine := func(path, id, doc string, errs ...*api.Error) api.Endpoint {
		e := open(path, id, doc, append(errs, ErrInvalidPassword, core.ErrLocked, core.ErrNotFresh)...)
		e.Guards = session
		return e
	}
	proof := []*api.Error{ErrCookie, ErrCode, ErrLocked, ErrTooMany}
	list := []api.Endpoint{
		api.Handle(open("send-otp", "sendTwoFactorOTP", "Send a code, for the sign-in that waits or to who is signed in.", ErrCookie, ErrNoCodes), s.sendCode),
		api.Handle(open("verify-otp", "verifyTwoFactorOTP", "Give a code that was sent.", append(proof, ErrExpired)...), s.prove(Sent)),
		api.Handle(open("verify-totp", "verifyTOTP", "Give a code of an authenticator app: the first one turns it on.", append(proof, ErrNoApps, ErrNoApp)...), s.prove(App)),
		api.Handle(open("verify-backup-code", "verifyBackupCode", "Give a backup code, which is used up.",
			ErrCookie, ErrBackupCode, ErrNoBackupCodes, ErrLocked, ErrTooMany), s.proveBackup),
	}
	enable := open("enable", "enableTwoFactor", "Begin with an authenticator app, or turn on codes that are sent. Also for a sign-in that waits until there is a second factor.",
		ErrInvalidPassword, core.ErrLocked, core.ErrNotFresh, ErrNoCodes, ErrNoApps, ErrAppThere)
	enable.Guards = []api.Guard{s.sessionOrEnrolment()}
	disable := mine("disable", "disableTwoFactor", "Turn the second factor off.", ErrRequired)
	uri := mine("get-totp-uri", "getTOTPURI", "The authenticator app's key once more.", ErrNoApps, ErrNoApp)
	backup := mine("generate-backup-codes", "generateBackupCodes", "Replace the backup codes; they are shown this once.", ErrNotEnabled)
	if s.cfg.AllowPasswordless { // where a password may be left out, validation does not ask for one
		return append(
			list,
			api.Handle(enable, func(r *api.Request, in *struct {
				Password string `body:"password,optional"`
				Method   string `body:"method,optional,enum=otp|totp"`
				Issuer   string `body:"issuer,optional"`
			},
			) (any, error) {
				return s.enable(r, in.Password, in.Method, in.Issuer)
			}),
			api.Handle(disable, optional(s.disable)), api.Handle(uri, optional(s.appURI)), api.Handle(backup, optional(s.backupCodes)),
		)
	}
	return append(
		list,
		api.Handle(enable, func(r *api.Request, in *struct {
			Password string `body:"password"`
			Method   string `body:"method,optional,enum=otp|totp"`
			Issuer   string `body:"issuer,optional"`
		},
		) (any, error) {
			return s.enable(r, in.Password, in.Method, in.Issuer)
		}),
		api.Handle(disable, required(s.disable)), api.Handle(uri, required(s.appURI)), api.Handle(backup, required(s.backupCodes)),
	)
}
