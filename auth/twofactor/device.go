package twofactor

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Device is a browser that its person told to trust.
type Device struct {
	ID        string
	UserAgent string
	CreatedAt time.Time
	UsedAt    time.Time
	ExpiresAt time.Time
	Here      bool // it is the one that asks
}

// devicePrefix begins what stands for a device in its cookie, as in the contract.
const devicePrefix = "trust-device-"

// deviceValue is what the cookie holds: the device, and that it is this user's.
func (s *Service) deviceValue(userID, token string) string {
	return base64.RawURLEncoding.EncodeToString(s.trust.Sign([]byte(userID+"!"+token))) + "!" + token
}

// deviceToken is the device of a cookie that was made for this user, "" for every other.
func (s *Service) deviceToken(value, userID string) string {
	sig, token, ok := strings.Cut(value, "!")
	if !ok || !strings.HasPrefix(token, devicePrefix) {
		return ""
	}
	sum, err := base64.RawURLEncoding.DecodeString(sig)
	if err != nil || !s.trust.Verify(sum, []byte(userID+"!"+token)) {
		return ""
	}
	return token
}

// trusts tells whether the browser that signs in is trusted. It then gets another
// token: one that was copied works until either of the two is used.
func (s *Service) trusts(ctx context.Context, tx *store.Tx, in *core.SignIn) (bool, error) {
	if in.Request == nil {
		return false, nil
	}
	token := s.deviceToken(s.core.TrustedDevice(in.Request), in.User.ID)
	if token == "" {
		return false, nil
	}
	now, next := s.core.Now(ctx), devicePrefix+core.NewToken(32)
	ok, err := rotateDevice(ctx, tx, in.User.ID, core.HashToken(token), core.HashToken(next), in.UserAgent, now.Add(s.cfg.TrustDeviceMaxAge), now)
	if err != nil || !ok {
		return false, err
	}
	in.Cookies = append(in.Cookies, s.core.TrustCookie(s.deviceValue(in.User.ID, next), s.cfg.TrustDeviceMaxAge))
	return true, nil
}

// trustBrowser makes the browser of a request one that is not asked again.
func (s *Service) trustBrowser(ctx context.Context, tx *store.Tx, r *api.Request, userID string) (*api.Cookie, error) {
	now, token := s.core.Now(ctx), devicePrefix+core.NewToken(32)
	d := Device{ID: core.NewID(), UserAgent: r.UserAgent(), CreatedAt: now, ExpiresAt: now.Add(s.cfg.TrustDeviceMaxAge)}
	if err := insertDevice(ctx, tx, d, userID, core.HashToken(token)); err != nil {
		return nil, err
	}
	return s.core.TrustCookie(s.deviceValue(userID, token), s.cfg.TrustDeviceMaxAge), nil
}

// Devices lists the browsers that a person trusts, the last used first.
func (s *Service) Devices(r *api.Request, userID string) ([]Device, error) {
	ctx := r.Context()
	devices, err := listDevices(ctx, s.core.DB, userID, s.core.Now(ctx))
	token := s.deviceToken(s.core.TrustedDevice(r), userID)
	if err != nil || token == "" {
		return devices, err
	}
	here, err := findDeviceID(ctx, s.core.DB, userID, core.HashToken(token))
	if errors.Is(err, store.ErrNotFound) {
		return devices, nil
	}
	for i := range devices {
		devices[i].Here = devices[i].ID == here
	}
	return devices, err
}

// ForgetDevice has a browser asked again; id "" means all of them. It reports
// whether there was one.
func (s *Service) ForgetDevice(ctx context.Context, userID, id string) (had bool, err error) {
	err = s.core.DB.Write(ctx, func(tx *store.Tx) error {
		if id != "" {
			had, err = deleteDevice(ctx, tx, userID, id)
			return err
		}
		n, err := deleteDevices(ctx, tx, userID)
		had = n > 0
		return err
	})
	return had, err
}
