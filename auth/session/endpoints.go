package session

import (
	"encoding/json"
	"net/http"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// Endpoints are this capability's part of the API.
func (s *Service) Endpoints() []api.Endpoint {
	session := []api.Guard{s.core.RequireSession()}
	post := func(path, id, doc string) api.Endpoint {
		return api.Endpoint{Method: http.MethodPost, Path: path, ID: id, Tag: "session", Doc: doc, Guards: session}
	}
	return []api.Endpoint{
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/get-session", ID: "getSession", Tag: "session",
			Doc: "The caller's session and user, or null.",
		}, s.get),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/get-session", ID: "getSessionPost", Tag: "session",
			Doc: "Refused: reading is a GET.", Errors: []*api.Error{ErrPostNotAllowed},
		}, s.getPost),
		api.Handle(api.Endpoint{
			Method: http.MethodGet, Path: "/list-sessions", ID: "listUserSessions", Tag: "session",
			Doc: "The caller's sessions that still run.", Guards: []api.Guard{s.core.RequireFresh()}, Errors: []*api.Error{core.ErrNotFresh},
		}, s.list),
		api.Handle(post("/revoke-session", "revokeUserSession", "End one of the caller's sessions."), s.revoke),
		api.Handle(post("/revoke-sessions", "revokeUserSessions", "End all of the caller's sessions."), s.revokeAll),
		api.Handle(post("/revoke-other-sessions", "revokeOtherSessions", "End all of the caller's sessions but this one."), s.revokeOthers),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/update-session", ID: "updateSession", Tag: "session",
			Doc: "Set fields of the caller's session.", Guards: session, Errors: []*api.Error{ErrNothing, core.ErrFieldNotAllowed, core.ErrSessionUser},
		}, s.update),
		api.Handle(api.Endpoint{
			Method: http.MethodPost, Path: "/sign-out", ID: "signOut", Tag: "session",
			Doc: "End the caller's session and clear its cookies.",
		}, s.signOut),
	}
}

type getInput struct {
	DisableCookieCache bool `query:"disableCookieCache,optional"`
	DisableRefresh     bool `query:"disableRefresh,optional"`
}

// The headers of an answer that no cache may keep, made once.
var (
	noStore = []string{"no-store"}
	noCache = []string{"no-cache"}
)

func (s *Service) get(r *api.Request, in *getInput) (api.Appender, error) {
	h := r.Header()
	h["Cache-Control"] = noStore
	h["Pragma"] = noCache
	session, err := s.core.Read(r, !in.DisableCookieCache)
	if s.value == nil || err != nil {
		return session, err
	}
	return session, s.addHeader(r, session)
}

// addHeader tells the answer's own header, and lets pages of other origins read it.
func (s *Service) addHeader(r *api.Request, session api.Appender) error {
	value, err := s.value(r.Context(), session.AppendJSON(nil))
	if value == "" || err != nil {
		return err
	}
	r.Header().Set(s.header, value)
	r.Expose(s.header)
	return nil
}

func (s *Service) getPost(r *api.Request, _ *api.None) (api.Empty, error) {
	h := r.Header()
	h["Cache-Control"] = noStore
	h["Pragma"] = noCache
	return api.Empty{}, ErrPostNotAllowed
}

func (s *Service) list(r *api.Request, _ *api.None) ([]json.RawMessage, error) {
	return s.List(r, core.Caller(r))
}

type status struct {
	Status bool `json:"status"`
}

func (s *Service) revoke(r *api.Request, in *struct {
	Token string `body:"token"`
},
) (status, error) {
	return status{true}, s.Revoke(r, core.Caller(r), in.Token)
}

func (s *Service) revokeAll(r *api.Request, _ *api.None) (status, error) {
	return status{true}, s.RevokeAll(r, core.Caller(r), false)
}

func (s *Service) revokeOthers(r *api.Request, _ *api.None) (status, error) {
	return status{true}, s.RevokeAll(r, core.Caller(r), true)
}

type updated struct {
	Session json.RawMessage `json:"session"`
}

func (s *Service) update(r *api.Request, in *struct {
	Fields map[string]any `body:"*"`
},
) (updated, error) {
	values, err := s.core.SessionFields.ForUpdate(in.Fields)
	if err != nil {
		return updated{}, err
	}
	caller := core.Caller(r)
	if err := s.Update(r, caller, values); err != nil {
		return updated{}, err
	}
	return updated{core.SessionJSON(caller.Session, caller.Session.Token)}, nil
}

type success struct {
	Success bool `json:"success"`
}

func (s *Service) signOut(r *api.Request, _ *struct {
	CallbackURL     string `body:"callbackURL,optional"`
	DisableRedirect bool   `body:"disableRedirect,optional"`
},
) (success, error) {
	return success{true}, s.SignOut(r)
}
