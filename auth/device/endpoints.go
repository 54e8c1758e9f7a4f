package device

import (
	"net/http"
	"net/url"
	"time"

	"authd/auth/internal/api"
)

const tag = "device-authorization"

// Path is the device authorization endpoint (RFC 8628 §3.1).
const Path = "/device/code"

// Endpoints are this capability's part of the API: none when it is off.
func (s *Service) Endpoints() []api.Endpoint {
	if !s.cfg.Enabled {
		return nil
	}
	perMinute := func(n int) api.Rule { return api.Rule{Window: time.Minute, Max: n, ByAddress: true} }
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: Path, ID: "deviceCode", Tag: tag, Limit: perMinute(20),
			Media: []string{api.MediaJSON, api.MediaForm}, Origin: api.OriginNone, CORS: api.CORSPublic, OAuth: invalidRequest,
			Doc: "Gives a device the code that it shows and the one that it asks with (RFC 8628 §3.1).",
		}, s.start),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/device", ID: "deviceVerify", Tag: tag,
			Doc: "Tells what a user code stands for; to a signed-in person also who asks, and from then on only that person can answer.",
		}, s.look),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/device/approve", ID: "deviceApprove", Tag: tag,
			Doc: "Lets the device in, for a page of one's own.",
		}, func(r *api.Request, in *userCodeIn) (success, error) { return s.answer(r, in, true) }),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/device/deny", ID: "deviceDeny", Tag: tag,
			Doc: "Refuses the device.",
		}, func(r *api.Request, in *userCodeIn) (success, error) { return s.answer(r, in, false) }),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/device/token", ID: "deviceToken", Tag: tag, Limit: api.Rule{Window: time.Minute, Max: 60, ByAddress: true},
			Origin: api.OriginNone, CORS: api.CORSPublic,
			Doc: "Gives a device that is no registered client a session, once the person has approved. A registered one asks at /oauth2/token.",
		}, s.token),
	}
}

// startIn is declared for the router and the reference; the form is read as it is,
// because OAuth has errors of its own for what is missing or there twice.
type startIn struct {
	ClientID     any `body:"client_id,optional"`
	ClientSecret any `body:"client_secret,optional" doc:"Of a client registered for client_secret_post."`
	Scope        any `body:"scope,optional" doc:"Separated by spaces."`
	Resource     any `body:"resource,optional" doc:"Where the access token is to count (RFC 8707); may be repeated."`
	UserID       any `body:"user_id,optional" doc:"The only person who may answer."`
}

func (s *Service) start(r *api.Request, _ *startIn) (*Asked, error) {
	noStore(r)
	return s.Start(r.Context(), r.HTTP.Header.Get("Authorization"), formOf(r), r.IP())
}

type lookIn struct {
	UserCode string `query:"user_code"`
}

// looked is what a code stands for; whom the request belongs to is also told the rest.
type looked struct {
	UserCode string `json:"user_code"`
	Status   string `json:"status"`
}

type lookedAt struct {
	UserCode string  `json:"user_code"`
	Status   string  `json:"status"`
	ClientID string  `json:"client_id"`
	Scope    *string `json:"scope"` // null when none was asked for
}

func (s *Service) look(r *api.Request, in *lookIn) (any, error) {
	a, err := s.core.Authenticate(r)
	if err != nil {
		return nil, err
	}
	request, mine, err := s.Look(r.Context(), Person{a, r.Address()}, in.UserCode)
	if err != nil {
		return nil, err
	}
	if !mine {
		return looked{UserCode: in.UserCode, Status: request.Status}, nil
	}
	shown := lookedAt{UserCode: in.UserCode, Status: request.Status, ClientID: request.ClientID}
	if request.Scope != "" {
		shown.Scope = &request.Scope
	}
	return shown, nil
}

type userCodeIn struct {
	UserCode string `body:"userCode"`
}

type success struct {
	Success bool `json:"success"`
}

func (s *Service) answer(r *api.Request, in *userCodeIn, approve bool) (success, error) {
	a, err := s.core.Authenticate(r)
	if err != nil {
		return success{}, err
	}
	if a == nil {
		return success{}, errAnonymous
	}
	return success{true}, s.Answer(r.Context(), Person{a, r.Address()}, in.UserCode, approve)
}

type tokenIn struct {
	GrantType  string `body:"grant_type,const=urn:ietf:params:oauth:grant-type:device_code"`
	DeviceCode string `body:"device_code"`
	ClientID   string `body:"client_id"`
}

func (s *Service) token(r *api.Request, in *tokenIn) (*Session, error) {
	noStore(r)
	session, err := s.RedeemSession(r.Context(), in.ClientID, in.DeviceCode, r.IP(), r.UserAgent())
	if err == nil {
		r.Security("sign-in", "method", "device", "client", in.ClientID)
	}
	return session, err
}

func noStore(r *api.Request) {
	r.Header()["Cache-Control"] = []string{"no-store"}
	r.Header()["Pragma"] = []string{"no-cache"}
}

// formOf is the body with every value of a repeated field.
func formOf(r *api.Request) url.Values {
	form := make(url.Values, len(r.Body))
	for name, value := range r.Body {
		switch value := value.(type) {
		case string:
			if value != "" {
				form[name] = []string{value}
			}
		case []any:
			for _, one := range value {
				if text, ok := one.(string); ok && text != "" {
					form[name] = append(form[name], text)
				}
			}
		}
	}
	return form
}
