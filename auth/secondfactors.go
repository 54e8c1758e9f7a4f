package auth

import (
	"context"
	"errors"
	"time"

	"authd/auth/confirm"
	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/pages"
	"authd/auth/twofactor"
	"authd/views"
)

// secondFactors shows the pages what people prove beside their password.
type secondFactors struct{ m *Services }

func (f secondFactors) Waits(r *api.Request) (*pages.Waiting, error) {
	w, err := f.m.TwoFactor.Waits(r)
	if errors.Is(err, twofactor.ErrCookie) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	shown := &pages.Waiting{User: w.User, Enrol: w.Enrol, Left: w.Left, Locked: w.LockedUntil}
	if w.App || w.Enrol && !f.m.Core.Config.TwoFactor.TOTPOptions.Disable {
		shown.Ways = append(shown.Ways, views.ByApp)
	}
	if w.Codes {
		shown.Ways = append(shown.Ways, views.BySent)
	}
	if w.BackupCodes && !w.Enrol {
		shown.Ways = append(shown.Ways, views.ByBackup)
	}
	for _, way := range w.Reaches {
		shown.Mail, shown.Texts = shown.Mail || way == twofactor.ByMail, shown.Texts || way == twofactor.ByText
	}
	return shown, nil
}

func (f secondFactors) Prove(r *api.Request, way, code string, trust bool) (*core.Auth, string, error) {
	kinds := map[string]twofactor.Kind{views.ByApp: twofactor.App, views.BySent: twofactor.Sent, views.ByBackup: twofactor.Backup}
	kind, known := kinds[way]
	if !known {
		return nil, "", twofactor.ErrCode
	}
	passed, err := f.m.TwoFactor.Prove(r, twofactor.Proof{Kind: kind, Code: code, Trust: trust})
	if err != nil {
		return nil, "", err
	}
	next := passed.Onward.URL
	switch {
	case passed.Onward.Flow != "":
		next = f.m.Core.Config.URL + "/login?flow=" + passed.Onward.Flow
	case passed.Onward.Query != "":
		next, err = socialFlows{flows{f.m.OIDC}}.ResumeQuery(r, passed.Onward.Query, passed.Onward.At, passed.Auth)
	}
	return passed.Auth, next, err
}

func (f secondFactors) Send(r *api.Request, via string) error {
	return f.m.TwoFactor.SendCode(r, via)
}

func (f secondFactors) GiveUp(r *api.Request) error { return f.m.TwoFactor.GiveUp(r) }

func (f secondFactors) Begin(r *api.Request, u *core.User) (*pages.AppSetup, error) {
	s, err := f.m.TwoFactor.Begin(r, u, "")
	if err != nil {
		return nil, err
	}
	return &pages.AppSetup{URI: s.URI, Key: s.Key, BackupCodes: s.BackupCodes}, nil
}

func (f secondFactors) UseCodes(r *api.Request, a *core.Auth) error {
	_, err := f.m.TwoFactor.UseCodes(r, a)
	return err
}

func (f secondFactors) Disable(r *api.Request, a *core.Auth) error {
	_, err := f.m.TwoFactor.Disable(r, a)
	return err
}

func (f secondFactors) NewBackupCodes(r *api.Request, u *core.User) ([]string, error) {
	return f.m.TwoFactor.NewBackupCodes(r, u)
}

func (f secondFactors) State(r *api.Request, u *core.User) (views.TwoStep, error) {
	st, err := f.m.TwoFactor.Status(r.Context(), u)
	if err != nil {
		return views.TwoStep{}, err
	}
	shown := views.TwoStep{
		On: st.Enabled, App: st.App, Apps: !f.m.Core.Config.TwoFactor.TOTPOptions.Disable, Codes: st.Codes, Backup: st.BackupCodes, Required: st.Required,
		Days: int(f.Trusted().Hours() / 24),
	}
	devices, err := f.m.TwoFactor.Devices(r, u.ID)
	for _, d := range devices {
		shown.Trusted = append(shown.Trusted, views.TrustedDevice{
			ID: d.ID, UserAgent: d.UserAgent, Here: d.Here, Used: d.UsedAt, Since: d.CreatedAt, Until: d.ExpiresAt,
		})
	}
	return shown, err
}

func (f secondFactors) Forget(r *api.Request, userID, id string) error {
	_, err := f.m.TwoFactor.ForgetDevice(r.Context(), userID, id)
	return err
}

func (f secondFactors) QR(uri string) ([]byte, error) { return twofactor.QR(uri) }

func (f secondFactors) Digits() (app, sent int) {
	c := f.m.Core.Config.TwoFactor
	return c.TOTPOptions.Digits, c.OTPOptions.Digits
}

func (f secondFactors) Trusted() time.Duration { return f.m.Core.Config.TwoFactor.TrustDeviceMaxAge }

// codeWay confirms by a code of one's authenticator app, or by a backup code.
func codeWay(m *Services) confirm.Way {
	return confirm.Way{
		Kind: confirm.Code,
		Has: func(ctx context.Context, u *core.User) (bool, error) {
			st, err := m.TwoFactor.Status(ctx, u)
			return st.Enabled && st.App, err
		},
		Check: func(r *api.Request, u *core.User, proof string) error {
			kind := twofactor.Backup
			if m.TwoFactor.IsAppCode(proof) {
				kind = twofactor.App
			}
			_, err := m.TwoFactor.Prove(r, twofactor.Proof{Kind: kind, Code: proof})
			if errors.Is(err, twofactor.ErrLocked) {
				return waitsForFactor(r, m, u)
			}
			return wrongProof(err, twofactor.ErrCode, twofactor.ErrBackupCode)
		},
		Counts: m.Core.Config.TwoFactor.AccountLockout.Enabled,
	}
}

// waitsForFactor tells how long an account takes no codes.
func waitsForFactor(r *api.Request, m *Services, u *core.User) error {
	st, err := m.TwoFactor.Status(r.Context(), u)
	if err != nil {
		return err
	}
	return &confirm.ErrWait{For: max(st.LockedUntil.Sub(r.Now()), time.Second)}
}
