package auth

import (
	"errors"
	"strings"

	"authd/auth/device"
	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/auth/pages"
)

// devices shows the devices that wait to the pages.
type devices struct{ service *device.Service }

func (d devices) Look(r *api.Request, a *core.Auth, code string) (*pages.Device, error) {
	request, mine, err := d.service.Look(r.Context(), device.Person{Auth: a, Address: r.Address()}, code)
	switch {
	case err != nil:
		return nil, deviceError(err)
	case !request.Pending():
		return nil, pages.ErrDeviceAnswered
	case !mine:
		return nil, pages.ErrDeviceTaken
	}
	name, uri, verified, err := d.service.Client(r.Context(), request)
	if err != nil {
		return nil, err
	}
	shown := &pages.Device{
		Code: device.ShowCode(code), Client: name, ClientURL: uri, SelfNamed: !verified, Session: !request.OAuth,
		IPAddress: request.IPAddress, Asked: request.CreatedAt,
	}
	if request.OAuth {
		shown.Scopes = strings.Fields(request.Scope)
	}
	shown.Resources, err = d.service.Resources(r.Context(), request)
	return shown, err
}

func (d devices) Answer(r *api.Request, a *core.Auth, code string, allow bool) error {
	return deviceError(d.service.Answer(r.Context(), device.Person{Auth: a, Address: r.Address()}, code, allow))
}

func deviceError(err error) error {
	switch {
	case errors.Is(err, device.ErrUserCode):
		return pages.ErrDeviceCode
	case errors.Is(err, device.ErrCodeExpired):
		return pages.ErrDeviceExpired
	case errors.Is(err, device.ErrProcessed):
		return pages.ErrDeviceAnswered
	case errors.Is(err, device.ErrNotYours), errors.Is(err, device.ErrNotClaimed):
		return pages.ErrDeviceTaken
	default:
		return err
	}
}
