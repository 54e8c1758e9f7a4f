package pages

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// Device is what the page tells of a device that asks to be let in.
type Device struct {
	Code      string
	Client    string // its name
	ClientURL string
	SelfNamed bool
	Session   bool // it gets a session, not scopes
	Scopes    []string
	Resources []string // the APIs that access is for
	IPAddress string
	Asked     time.Time
}

// Devices are the devices that wait for an answer (RFC 8628 §3.3).
type Devices interface {
	Look(r *api.Request, a *core.Auth, code string) (*Device, error)
	Answer(r *api.Request, a *core.Auth, code string, allow bool) error
}

// What may be wrong with a code, for the form to say.
var (
	ErrDeviceCode     = errors.New("no device shows this code")
	ErrDeviceExpired  = errors.New("the code has expired")
	ErrDeviceAnswered = errors.New("the code was answered already")
	ErrDeviceTaken    = errors.New("the code is somebody else's")
)

const paramUserCode = "user_code"

// devicePage asks for the code. One that a link brings is filled in and no more:
// whoever sent the link is not to answer for the person (RFC 8628 §5.4).
func (s *Service) devicePage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/device")
	if err != nil {
		return nil, err
	}
	code := r.Query(paramUserCode)
	if v.auth == nil {
		return v.signInFirst(deviceURL(code))
	}
	return show(http.StatusOK, views.DeviceCode(v.page, v.deviceForm(code)))
}

// deviceURL is the page with a code filled in, if it can be one.
func deviceURL(code string) string {
	if code == "" || len(code) > 64 {
		return "/device"
	}
	return "/device?" + paramUserCode + "=" + url.QueryEscape(code)
}

// deviceForm is the form with a code filled in, for the person who is signed in.
func (v *visit) deviceForm(code string) views.DeviceForm {
	if len(code) > 64 {
		code = ""
	}
	return views.DeviceForm{
		Code: code, User: v.person(v.auth.User), SwitchURL: "/login?switch=1&" + paramReturn + "=" + url.QueryEscape(deviceURL(code)),
	}
}

// device takes the code and shows who asks.
func (s *Service) device(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/device")
	if err != nil {
		return nil, err
	}
	if v.auth == nil {
		return v.signInFirst("/device")
	}
	d, err := s.Devices.Look(r, v.auth, field(r, paramUserCode))
	if err != nil {
		return v.wrongCode(err)
	}
	page := views.DevicePage{
		User: v.person(v.auth.User), Code: d.Code, Client: d.Client, Resources: d.Resources, ClientURL: d.ClientURL, SelfNamed: d.SelfNamed,
		Session: d.Session, IPAddress: d.IPAddress, Asked: d.Asked,
	}
	for _, scope := range d.Scopes {
		page.Scopes = append(page.Scopes, views.Scope{Name: scope})
	}
	return show(http.StatusOK, views.DeviceAsk(v.page, page))
}

// answerDevice takes the answer.
func (s *Service) answerDevice(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/device")
	if err != nil {
		return nil, err
	}
	if v.auth == nil {
		return v.signInFirst("/device")
	}
	decision := field(r, "decision")
	if decision != "allow" && decision != "deny" {
		return to(v.page.Link("/device"))
	}
	if err := s.Devices.Answer(r, v.auth, field(r, paramUserCode), decision == "allow"); err != nil {
		return v.wrongCode(err)
	}
	return show(http.StatusOK, views.DeviceAnswered(v.page, decision == "allow"))
}

// wrongCode is the form again, with what is wrong.
func (v *visit) wrongCode(err error) (api.Responder, error) {
	key := ""
	switch {
	case errors.Is(err, ErrDeviceCode):
		key = "device_login.wrong"
	case errors.Is(err, ErrDeviceExpired):
		key = "device_login.expired"
	case errors.Is(err, ErrDeviceAnswered):
		key = "device_login.answered"
	case errors.Is(err, ErrDeviceTaken):
		key = "device_login.taken"
	default:
		return nil, err
	}
	form := v.deviceForm(field(v.r, paramUserCode))
	form.Errors = views.Errors{paramUserCode: views.Msg(key)}
	return wrong(views.DeviceCode(v.page, form))
}
