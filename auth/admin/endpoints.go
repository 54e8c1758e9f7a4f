package admin

import (
	"encoding/json"
	"net/http"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// Operations are this capability's part of the operator API.
func (s *Service) Operations(guard api.Guard) []api.Endpoint {
	op := func(name, doc string, errs ...*api.Error) api.Endpoint {
		return api.Endpoint{
			Mount: api.Operator, Method: http.MethodPost, Path: "/" + name, ID: "operator." + name, Tag: "operator",
			Doc: doc, Guards: []api.Guard{guard}, Origin: api.OriginNone, CORS: api.CORSNone, Errors: errs,
		}
	}
	return []api.Endpoint{
		api.Handle(op("createUser", "Make a user.", ErrInvalidEmail, ErrInvalidRole, ErrUserExists, core.ErrCompromised, core.ErrTooPersonal, core.ErrPasswordList), s.createUser),
		api.Handle(op("getUser", "Look a user up by id or by e-mail address.", ErrUserNotFound, ErrWhichUser), s.getUser),
		api.Handle(op("updateUser", "Change a user: name, image, email, emailVerified and additional fields.",
			ErrUserNotFound, ErrInvalidEmail, ErrUserExists, ErrNoData), s.updateUser),
		api.Handle(op("setPassword", "Give a user who has none a password.", ErrUserNotFound, ErrPasswordSet, core.ErrCompromised, core.ErrTooPersonal, core.ErrPasswordList), s.setPassword),
		api.Handle(op("setUserPassword", "Give a user a password.", ErrUserNotFound, core.ErrCompromised, core.ErrTooPersonal, core.ErrPasswordList), s.setUserPassword),
	}
}

type userAnswer struct {
	User json.RawMessage `json:"user"`
}

// createUser takes the role as a text or as a list, as the contract does.
func (s *Service) createUser(r *api.Request, in *struct {
	Email         string         `body:"email"`
	Name          string         `body:"name"`
	Password      string         `body:"password,optional"`
	Role          any            `body:"role,optional"`
	EmailVerified bool           `body:"emailVerified,optional"`
	Data          map[string]any `body:"data,optional"`
},
) (userAnswer, error) {
	role, err := roleOf(in.Role)
	if err != nil {
		return userAnswer{}, err
	}
	verified := in.EmailVerified
	if v, ok := in.Data["emailVerified"].(bool); ok {
		verified = v
	}
	user, err := s.Create(r.Context(), NewUser{Name: in.Name, Email: in.Email, Password: in.Password, Role: role, EmailVerified: verified, Data: in.Data})
	if err != nil {
		return userAnswer{}, err
	}
	r.Security("user-created", "user", user.ID, "by", "operator")
	return userAnswer{core.UserJSON(user)}, nil
}

func roleOf(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case []any:
		var roles []string
		for _, item := range v {
			role, ok := item.(string)
			if !ok {
				return "", api.Invalid("body.role", "Invalid input")
			}
			roles = append(roles, role)
		}
		return strings.Join(roles, ","), nil
	default:
		return "", api.Invalid("body.role", "Invalid input")
	}
}

func (s *Service) getUser(r *api.Request, in *struct {
	ID    string `body:"id,optional"`
	Email string `body:"email,optional"`
},
) (json.RawMessage, error) {
	ref := in.ID
	if ref == "" {
		ref = in.Email
	}
	if ref == "" {
		return nil, ErrWhichUser
	}
	user, err := s.Find(r.Context(), ref)
	if err != nil {
		return nil, err
	}
	return core.UserJSON(user), nil
}

// updateUser takes what the contract's own operation takes, but what has rules of
// its own: role, ban and password have operations and commands.
func (s *Service) updateUser(r *api.Request, in *struct {
	UserID string         `body:"userId,notempty"`
	Data   map[string]any `body:"data"`
},
) (json.RawMessage, error) {
	user, err := s.Update(r.Context(), in.UserID, in.Data)
	if err != nil {
		return nil, err
	}
	r.Security("user-updated", "user", user.ID, "by", "operator")
	return core.UserJSON(user), nil
}

type status struct {
	Status bool `json:"status"`
}

// setPassword is the contract's operation without a path; the user is named, for
// there is no session.
func (s *Service) setPassword(r *api.Request, in *struct {
	NewPassword string `body:"newPassword"`
	UserID      string `body:"userId,notempty"`
},
) (status, error) {
	user, err := s.Find(r.Context(), in.UserID)
	if err != nil {
		return status{}, err
	}
	if err := s.passwords.First(r.Context(), user.ID, in.NewPassword); err != nil {
		return status{}, err
	}
	r.Security("password-set", "user", user.ID, "by", "operator")
	return status{true}, nil
}

func (s *Service) setUserPassword(r *api.Request, in *struct {
	NewPassword string `body:"newPassword,notempty"`
	UserID      string `body:"userId,notempty"`
},
) (status, error) {
	if err := s.SetPassword(r.Context(), in.UserID, in.NewPassword); err != nil {
		return status{}, err
	}
	r.Security("password-set", "user", in.UserID, "by", "operator")
	return status{true}, nil
}
