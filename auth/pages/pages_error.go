package pages

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// Classify turns this package's own error into an answer; nil for all others.
func Classify(err error) *api.Error {
	if errors.Is(err, ErrFlowGone) {
		return errFlowGone
	}
	return nil
}

// Error is the page for an error of a request: what happened in plain words, and a
// way on. wait is how long to wait, where that is known.
func (s *Service) Error(r *api.Request, e *api.Error, wait time.Duration) api.Page {
	again := s.cameFrom(r)
	p := s.page(r, "", again)
	var body templ.Component
	switch {
	case e.Status == http.StatusNotFound:
		body = views.NotFound(p)
	case e.Status == http.StatusTooManyRequests:
		body = views.TooManyRequests(p, wait, again)
	case e.Code == api.ErrStorage.Code:
		r.Header().Set("Retry-After", "5")
		body = views.Unavailable(p, again)
	case e.Code == api.ErrBusy.Code:
		r.Header().Set("Retry-After", "2")
		body = views.Busy(p, max(wait, 2*time.Second), again)
	case e.Code == api.ErrInvalidOrigin.Code, e.Code == api.ErrMissingOrigin.Code:
		body = views.Refused(p, again)
	case e.Code == core.ErrPolicyRefused.Code:
		body = views.PolicyRefused(p, policyMessage(e), again)
	case e.Code == core.ErrPolicyUnavailable.Code:
		body = views.PolicyUnavailable(p, again)
	case e.Code == errFlowGone.Code:
		body = views.FlowExpired(p)
	case e.Code == "":
		body = views.Failed(p, "INTERNAL_SERVER_ERROR")
	default:
		body = views.Failed(p, e.Code)
	}
	return api.Page{Status: e.Status, Body: body}
}

// policyMessage is what the policy itself said, "" when it gave no words.
func policyMessage(e *api.Error) string {
	if e.Message == core.ErrPolicyRefused.Message {
		return ""
	}
	return e.Message
}

// cameFrom is the page to try again: the one the form stood on, where the browser
// tells, else the start.
func (s *Service) cameFrom(r *api.Request) string {
	if r.HTTP.Method == http.MethodGet {
		if here := r.HTTP.URL.RequestURI(); api.SafePath(here) && !strings.Contains(here, "token=") {
			return here
		}
		return "/"
	}
	from, err := url.Parse(r.HTTP.Referer())
	if err != nil || from.Host == "" || from.Host != r.HTTP.Host || !api.SafePath(from.RequestURI()) {
		return "/"
	}
	return from.RequestURI()
}

// errorPage explains the code of a redirect that ended here. A description is not
// shown: anybody can make a link to this page, and would have our name under
// their words. What was wrong with an app's request comes sealed.
func (s *Service) errorPage(r *api.Request, _ *api.None) (api.Responder, error) {
	code := r.Query("error")
	if len(code) > 64 || strings.ContainsFunc(code, notInCodes) {
		code = ""
	}
	self := "/error?" + url.Values{"error": {code}, "detail": {r.Query("detail")}}.Encode()
	if len(self) > maxReturn {
		self = "/error?error=" + code
	}
	page := s.page(r, r.Query(paramLocale), self)
	if problem, known := s.Flows.Complaint(r, r.Query("detail")); known {
		return show(http.StatusOK, views.RequestFailed(page, code, problem))
	}
	return show(http.StatusOK, views.Failed(page, code))
}

func notInCodes(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_'
}
