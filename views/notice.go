package views

import (
	"time"

	"github.com/a-h/templ"
)

// NotFound is for an address that leads nowhere.
func NotFound(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "lost", Title: Msg("not_found.title"), Text: []Message{Msg("not_found.text")},
		Links: []Link{{"/", Msg("link.home")}},
	})
}

// TooManyRequests says how long to wait, in words.
func TooManyRequests(p Page, wait time.Duration, again string) templ.Component {
	return NoticePage(p, Notice{
		Icon: "wait", Title: Msg("too_many.title"), Text: []Message{Msg("too_many.text", "wait", wait)},
		Links: []Link{{again, Msg("link.try_again")}},
	})
}

// Unavailable says that the server cannot write at the moment: nothing was changed.
func Unavailable(p Page, again string) templ.Component {
	return NoticePage(p, Notice{
		Icon: "disk", Title: Msg("unavailable.title"), Text: []Message{Msg("unavailable.text")},
		Code: "STORAGE_UNAVAILABLE", Links: []Link{{again, Msg("link.try_again")}},
	})
}

// Busy says that too many people sign in at this moment.
func Busy(p Page, wait time.Duration, again string) templ.Component {
	return NoticePage(p, Notice{
		Icon: "wait", Title: Msg("busy.title"), Text: []Message{Msg("busy.text", "wait", wait)},
		Links: []Link{{again, Msg("link.try_again")}},
	})
}

// SignOutRefused says what was wrong with an app's request to sign somebody out, in the
// words of the protocol, for whoever builds the app.
func SignOutRefused(p Page, code, reason string) templ.Component {
	return NoticePage(p, Notice{
		Icon: "problem", Title: Msg("sign_out.refused_title"), Text: []Message{Msg("sign_out.refused_text"), Msg("sign_out.refused_reason", "reason", reason)},
		Code: code, Links: []Link{{"/api/auth/oauth2/end-session", Msg("sign_out.anyway")}, {"/account", Msg("sign_out.stay")}},
	})
}

// OpenApp leads to an app that signs the person in by itself.
func OpenApp(p Page, a OpenAppPage) templ.Component {
	n := Notice{
		Icon: "key", Title: Msg("open.title", "app", a.Name), Text: []Message{Msg("open.text", "host", a.Host)},
		Links: []Link{{a.URL, Msg("open.go")}, {"/account/apps", Msg("apps.title")}},
	}
	if a.SelfNamed {
		n.Text = append(n.Text, Msg("open.self_named"))
	}
	return NoticePage(p, n)
}

// NoWayIn is the sign-in page of a server on which no way to sign in is switched on.
func NoWayIn(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "key", Title: Msg("login.no_way_title"), Text: []Message{Msg("login.no_way_text")},
		Code: "EMAIL_PASSWORD_DISABLED", Links: []Link{{"/", Msg("link.try_again")}},
	})
}

// SignUpClosed is the sign-up page of a server that is only for invited people.
func SignUpClosed(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "key", Title: Msg("signup.closed_title"), Text: []Message{Msg("signup.closed_text")},
		Links: []Link{{p.Link("/login"), Msg("link.to_login")}},
	})
}

// SignUpNever is the sign-up page of a server on which nobody signs up.
func SignUpNever(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "key", Title: Msg("signup.never_title"), Text: []Message{Msg("signup.never_text")},
		Links: []Link{{p.Link("/login"), Msg("link.to_login")}},
	})
}

// InvitationFailed answers a link of an invitation that lets nobody in any more, or
// not with the address that was given.
func InvitationFailed(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "problem", Title: Msg("invitation.failed_title"), Text: []Message{Msg("invitation.failed_text")},
		Code: "INVITATION_INVALID", Links: []Link{{p.Link("/login"), Msg("link.to_login")}},
	})
}

// ApprovalPending says that an administrator has to let the reader in.
func ApprovalPending(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "wait", Title: Msg("approval.title"), Text: []Message{Msg("approval.text"), Msg("approval.mail")},
		Code: "APPROVAL_PENDING", Links: []Link{{p.Link("/login"), Msg("link.back_to_login")}},
	})
}

// SetupDone answers a set-up link on a server that has its administrator.
func SetupDone(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "success", Title: Msg("setup.done_title"), Text: []Message{Msg("setup.done_text")},
		Links: []Link{{"/login", Msg("link.to_login")}},
	})
}

// SetupLinkWrong answers a set-up link that is not the one in the log.
func SetupLinkWrong(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "problem", Title: Msg("setup.wrong_title"), Text: []Message{Msg("setup.wrong_text")},
		Code: "INVALID_TOKEN", Links: []Link{{"/", Msg("link.home")}},
	})
}

// VerifyDone says that the address is confirmed.
func VerifyDone(p Page, onward string) templ.Component {
	return NoticePage(p, Notice{
		Icon: "success", Title: Msg("verify.done_title"), Text: []Message{Msg("verify.done_text")},
		Links: []Link{{onward, Msg("link.continue")}},
	})
}

// Disowned says that the account is gone that somebody else made with the address.
func Disowned(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "success", Title: Msg("verify.disowned_title"), Text: []Message{Msg("verify.disowned_text")},
		Links: []Link{{"/", Msg("link.home")}},
	})
}

// ResetFailed answers a link that resets nothing any more.
func ResetFailed(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "problem", Title: Msg("reset.failed_title"), Text: []Message{Msg("reset.failed_text")},
		Links: []Link{{p.Link("/forgot-password"), Msg("reset.ask_again")}, {p.Link("/login"), Msg("link.back_to_login")}},
	})
}

// ResetDone says that the new password is in force.
func ResetDone(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "success", Title: Msg("reset.done_title"), Text: []Message{Msg("reset.done_text")},
		Links: []Link{{p.Link("/login"), Msg("link.to_login")}},
	})
}

// Refused answers a form that came from another site.
func Refused(p Page, again string) templ.Component {
	return NoticePage(p, Notice{
		Icon: "problem", Title: Msg("refused.title"), Text: []Message{Msg("refused.text")},
		Code: "INVALID_ORIGIN", Links: []Link{{again, Msg("link.start_again")}},
	})
}

// FlowExpired answers a journey that was left for too long; the app has to start it again.
func FlowExpired(p Page) templ.Component {
	return NoticePage(p, Notice{
		Icon: "wait", Title: Msg("flow_expired.title"), Text: []Message{Msg("flow_expired.text")},
		Links: []Link{{"/", Msg("link.home")}},
	})
}

// Failed is the page for an error code: known codes are explained, and every code is shown
// for the person who runs the server.
func Failed(p Page, code string) templ.Component {
	return NoticePage(p, Notice{
		Icon: "problem", Title: Msg("error.title"), Text: []Message{explain(code)},
		Code: code, Links: []Link{{"/", Msg("link.home")}},
	})
}

// RequestFailed is the page for a request of an app that cannot be answered to the app
// itself: what came, what was expected, and whom to tell.
func RequestFailed(p Page, code string, r RequestProblem) templ.Component {
	return requestFailed(p, code, r)
}

// expected says what the wrong parameter should have been.
func (w WrongParameter) expected() Message {
	switch w.Expected {
	case "redirect":
		return Msg("error.expected_redirect", "n", w.Number)
	case "some-client":
		return Msg("error.expected_some_client")
	case "enabled":
		return Msg("error.expected_enabled")
	case "pkce":
		return Msg("error.expected_pkce")
	default:
		return Msg("error.expected_client")
	}
}

// hint says what the difference is, where it is only one.
func (w WrongParameter) hint() (Message, bool) {
	switch w.Hint {
	case "case":
		return Msg("error.hint_case"), true
	case "scheme":
		return Msg("error.hint_scheme"), true
	case "host":
		return Msg("error.hint_host"), true
	case "port":
		return Msg("error.hint_port"), true
	case "slash":
		return Msg("error.hint_slash"), true
	case "path":
		return Msg("error.hint_path"), true
	case "query":
		return Msg("error.hint_query"), true
	case "fragment":
		return Msg("error.hint_fragment"), true
	default:
		return Message{}, false
	}
}

// explain says in words what an error code means: the OAuth codes of RFC 6749 §4.1.2.1 and
// OIDC Core §3.1.2.6, and those of authd's own redirects.
func explain(code string) Message {
	switch code {
	case "access_denied":
		return Msg("error.access_denied")
	case "invalid_client", "unauthorized_client":
		return Msg("error.invalid_client")
	case "invalid_redirect", "invalid_redirect_uri", "redirect_uri_mismatch":
		return Msg("error.invalid_redirect_uri")
	case "invalid_request", "invalid_scope", "unsupported_response_type", "invalid_signature", "invalid_request_uri", "invalid_request_object",
		"request_not_supported", "request_uri_not_supported":
		return Msg("error.invalid_request")
	case "invalid_token", "INVALID_TOKEN", "token_expired", "TOKEN_EXPIRED":
		return Msg("error.invalid_token")
	case "state_mismatch", "state_not_found", "please_restart_the_process":
		return Msg("error.state")
	case "signup_disabled", "SIGNUP_DISABLED":
		return Msg("error.sign_up_disabled")
	case "email_not_verified", "EMAIL_NOT_VERIFIED":
		return Msg("error.not_verified")
	case "approval_pending", "APPROVAL_PENDING":
		return Msg("error.pending")
	case "invitation_invalid", "INVITATION_INVALID":
		return Msg("invitation.failed_text")
	case "email_domain_not_allowed", "EMAIL_DOMAIN_NOT_ALLOWED":
		return Msg("error.email_domain")
	case "email_disposable", "EMAIL_DISPOSABLE":
		return Msg("error.email_disposable")
	case "SIGN_IN_LOCKED":
		return Msg("error.sign_in_locked")
	case "policy_refused":
		return Msg("policy.refused_text")
	case "temporarily_unavailable", "server_error", "INTERNAL_SERVER_ERROR", "internal_server_error":
		return Msg("error.server_error")
	case "BANNED_USER", "banned":
		return Msg("error.banned")
	default:
		return explainProvider(code)
	}
}

// explainProvider says it of a sign-in at another server (NOTES §7).
func explainProvider(code string) Message {
	switch code {
	case "unable_to_get_user_info", "issuer_mismatch", "issuer_missing", "no_code", "nonce_binding_missing", "oauth_provider_not_found", "PROVIDER_UNAVAILABLE", "PROVIDER_NOT_FOUND", "invalid_callback_request":
		return Msg("error.provider")
	case "invalid_code":
		return Msg("error.provider_code")
	case "email_not_found":
		return Msg("error.no_email")
	case "account_not_linked":
		return Msg("error.not_linked")
	case "account_already_linked_to_different_user":
		return Msg("error.linked_to_other")
	case "email_does_not_match":
		return Msg("error.other_email")
	case "unable_to_link_account":
		return Msg("error.cannot_link")
	default:
		return Msg("error.unknown")
	}
}

// Explain says in words what a code means that a redirect brought back to a page.
func Explain(code string) Message { return explain(code) }
