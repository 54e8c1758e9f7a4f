package recovery

import (
	"encoding/json"
	"net/http"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// Operations are this capability's part of the operator API.
func (s *Service) Operations(guard api.Guard) []api.Endpoint {
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Mount: api.Operator, Method: http.MethodPost, Path: "/recoverUser", ID: "operator.recoverUser", Tag: "operator",
			Doc:    "Make a one-time link by which somebody gets back in who has lost every way in.",
			Guards: []api.Guard{guard}, Origin: api.OriginNone, CORS: api.CORSNone, Errors: []*api.Error{ErrUserNotFound, ErrExpiry},
		}, s.recoverUser),
	}
}

// JSON is a link on the wire.
type JSON struct {
	User      json.RawMessage `json:"user"`
	URL       string          `json:"url"`
	ExpiresAt time.Time       `json:"expiresAt"`
}

// JSON is the link on the wire.
func (l *Link) JSON() JSON { return JSON{core.UserJSON(l.User), l.URL, l.ExpiresAt} }

func (s *Service) recoverUser(r *api.Request, in *struct {
	User      string `body:"user,notempty"`
	ExpiresIn *int64 `body:"expiresIn,optional"`
},
) (JSON, error) {
	var life time.Duration
	if in.ExpiresIn != nil {
		if *in.ExpiresIn < 1 || *in.ExpiresIn > int64(longest/time.Second) {
			return JSON{}, ErrExpiry
		}
		life = time.Duration(*in.ExpiresIn) * time.Second
	}
	link, err := s.Issue(r.Context(), in.User, life)
	if err != nil {
		return JSON{}, err
	}
	r.Security("recovery-link-made", "user", link.User.ID)
	return link.JSON(), nil
}
