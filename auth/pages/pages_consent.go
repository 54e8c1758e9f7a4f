package pages

import (
	"net/http"
	"net/url"
	"slices"

	"authd/auth/internal/api"
	"authd/views"
)

func (s *Service) consentPage(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/consent")
	if err != nil {
		return nil, err
	}
	switch {
	case v.flow == nil:
		return nil, ErrFlowGone
	case v.flow.Step == StepSelect:
		return to(v.page.Link(choosePath))
	case v.flow.Step == StepLogin, v.flow.Step == StepSignUp, v.auth == nil:
		return to(v.page.Link("/login"))
	case v.flow.Step != StepConsent:
		return v.onward(v.auth)
	}
	return show(http.StatusOK, views.Consent(v.page, views.ConsentPage{
		User: v.person(v.auth.User), Client: v.flow.Client, ClientURL: v.flow.ClientURL, SelfNamed: v.flow.SelfNamed,
		Logo: v.flow.Logo, Policy: v.flow.Policy, Terms: v.flow.Terms, Scopes: v.flow.Scopes,
		Leads: v.flow.Leads, Lasts: v.flow.Lasts, Offline: v.flow.Offline, Resources: v.flow.Resources, SwitchUser: true,
	}))
}

// chosen are the scopes whose boxes are ticked, and those that have none; nil when
// the form had no boxes.
func (v *visit) chosen() []string {
	if field(v.r, "chosen") == "" {
		return nil
	}
	ticked, _ := v.r.Body["scope"].([]any)
	if one, single := v.r.Body["scope"].(string); single {
		ticked = []any{one}
	}
	chosen := []string{}
	for _, scope := range v.flow.Scopes {
		if scope.Fixed() || slices.Contains(ticked, any(scope.Name)) {
			chosen = append(chosen, scope.Name)
		}
	}
	return chosen
}

// continuePage posts an answer to the app that asked for it in a form.
func (s *Service) continuePage(r *api.Request, _ *api.None) (api.Responder, error) {
	form, err := s.Flows.FormPost(r, r.Query("answer"))
	if err != nil {
		return nil, err
	}
	to, err := url.Parse(form.URL)
	if err != nil {
		return nil, ErrFlowGone
	}
	return api.Page{
		Status: http.StatusOK, Body: views.FormPost(s.page(r, r.Query(paramLocale), ""), form), FormOrigin: to.Scheme + "://" + to.Host,
	}, nil
}

// consent takes the answer. Whoever is not signed in can only say no.
func (s *Service) consent(r *api.Request, _ *api.None) (api.Responder, error) {
	v, err := s.visit(r, "/consent")
	if err != nil {
		return nil, err
	}
	if v.flow == nil {
		return nil, ErrFlowGone
	}
	var next string
	switch field(r, "decision") {
	case "allow":
		if v.auth == nil {
			return to(v.page.Link("/login"))
		}
		next, err = s.Flows.Allow(r, v.flowID, v.auth, v.chosen())
	case "deny":
		next, err = s.Flows.Deny(r, v.flowID)
	case "switch":
		return v.another()
	default:
		return to(v.page.Link("/consent"))
	}
	if err != nil {
		return nil, err
	}
	return v.goTo(next)
}
