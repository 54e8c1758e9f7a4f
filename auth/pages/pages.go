// Package pages is authd in the browser: signing up and in, forgotten passwords,
// proven addresses, one's own account, consent, the first set-up.
//
// Each form posts to a handler that calls the same domain method as the JSON
// endpoint; a page decides nothing by itself. All of them work without
// JavaScript. The package must not tell a known address from an unknown one, and
// must not send the browser to a place that it was merely told of: return_to is
// a path of this server, and another origin is only where a checked OAuth
// request, or a trusted callback, leads.
//
// # The pages of one's account
//
// /account is who one is, /account/security how one comes in. The latter is made
// of panels, one for each way in, listed in their order in panels(); a capability
// adds its own there, with a file pages_<capability>.go, and its posts in
// securityEndpoints, wrapped in [Service.confirmed] where they decide over who can
// come in: that asks for a recent proof first, and then goes on.
//
// # From a form to another origin
//
// Browsers hold the redirects that follow a form post against the page's
// form-action (Chromium all of them, whatever the app does after ours), and the
// policy allows only this origin. So a post that ends elsewhere answers with a
// page that moves on by itself (views.Handoff), which no form-action governs,
// rather than with a policy that lists the origins of strangers. An answer that the app
// wants as a form (form_post) is a page of its own, whose policy names that one
// origin and nothing else.
package pages

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/gorilla/securecookie"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
	"authd/views"
)

// Passwords is signing in and up with a password, changing and resetting it.
type Passwords interface {
	SignIn(r *api.Request, email, password, callbackURL string, remember bool) (*core.Auth, error)
	Change(r *api.Request, caller *core.Auth, current, next string, revokeOthers bool) (*core.Auth, error)
	SetFirst(r *api.Request, caller *core.Auth, password string) error
	// Replace is Change for who has just proven by other means who they are.
	Replace(r *api.Request, caller *core.Auth, next string, revokeOthers bool) (*core.Auth, error)
	RequestReset(r *api.Request, email, redirectTo string) error
	ResetPending(ctx context.Context, token string) error
	Reset(r *api.Request, token, next string) error
}

// Usernames signs in who has a username, and gives people one.
type Usernames interface {
	// Bounds are the fewest and the most characters of one.
	Bounds() (fewest, most int)
	// ForUpdate is what a person has for another name.
	ForUpdate(ctx context.Context, u *core.User, name string) (core.Values, error)
	// Written is a person's own, "" for none.
	Written(u *core.User) string
	// Shown is how others see it; ok is false where that is no choice of theirs.
	Shown(u *core.User) (shown string, ok bool)
	// ForShown is what a person has for another way to show it.
	ForShown(shown string) (core.Values, error)
	// Kept tells whether they may not change it.
	Kept(u *core.User) bool
	SignIn(r *api.Request, name, password, callbackURL string, remember bool) (*core.Auth, error)
}

// Sessions ends sessions; listing them is core's.
type Sessions interface {
	Revoke(r *api.Request, caller *core.Auth, ref string) error
	RevokeAll(r *api.Request, caller *core.Auth, keepOwn bool) error
	SignOut(r *api.Request) error
}

// Accounts are those that are signed in in one browser.
type Accounts interface {
	Accounts(r *api.Request) ([]*core.Auth, error)
	SetActive(r *api.Request, ref string) (*core.Auth, error)
	Revoke(r *api.Request, ref string) error
}

// Addresses proves e-mail addresses.
type Addresses interface {
	RequestVerification(r *api.Request, email, callbackURL string) error
	// Applicant is which address a token would prove, and since when somebody has an
	// account with it that can be disowned; the zero time else.
	Applicant(ctx context.Context, token string) (email string, since time.Time, err error)
	// Disown deletes their account: the address is not theirs.
	Disown(r *api.Request, token string) error
}

// Setup makes the first administrator.
type Setup interface {
	Done(ctx context.Context) (bool, error)
	Check(ctx context.Context, token string) error
}

// Access is who may sign up.
type Access interface {
	// Fixed tells whether the configuration decides it, whatever is answered at set-up.
	Fixed() bool
	SignUpOpen(ctx context.Context) (bool, error)
	// Mode is who may sign up.
	Mode(ctx context.Context) (string, error)
	// Invitation is what an invitation says, nil when it does not work.
	Invitation(ctx context.Context, secret string) (*views.Invitation, error)
}

// Newcomer is what somebody says of themselves to get an account.
type Newcomer struct {
	Name, Email, Password string
	Username              string // "" for none
	CallbackURL           string // where the link that proves the address leads afterwards
	Invitation            string // the secret of an invitation, "" without one
	SignUp                string // at set-up: who may sign up, one of the modes
}

// Who may sign up.
const (
	modeAnyone   = "anyone"
	modeInvited  = "invited"
	modeApproval = "approval"
	modeNobody   = "nobody"
)

// Acts are the methods of other capabilities whose own types this package does not know.
type Acts struct {
	// SignUp makes an account; a nil Auth means that something comes first: the
	// address is to be proven, or, where the user is Pending, an administrator to agree.
	SignUp func(r *api.Request, n Newcomer) (*core.User, *core.Auth, error)
	// SetUp makes the administrator and signs them in.
	SetUp func(r *api.Request, token string, n Newcomer) (*core.Auth, error)
	// VerifyEmail uses the token of a mail; whoever is signed in by that is the Auth.
	VerifyEmail func(r *api.Request, token string) (*core.Auth, error)
	// UpdateProfile changes the caller's name and fields of authd.toml.
	UpdateProfile func(r *api.Request, caller *core.Auth, name string, fields core.Values) error
	// ChangeEmail begins to replace the caller's address.
	ChangeEmail func(r *api.Request, caller *core.Auth, email string) error
	// PendingChange reads what the token of a change of address would do.
	PendingChange func(ctx context.Context, token string) (Change, error)
	// ReplaceEmail takes the step that the token is for: the old address has
	// confirmed, or email is the account's address now.
	ReplaceEmail func(r *api.Request, token string) (confirmed bool, email string, err error)
	// Delete deletes the caller, or sends the link that does.
	Delete func(r *api.Request, caller *core.Auth, password, token, callbackURL string) (sent bool, err error)
	// DeletionPending tells whether a token would delete the user.
	DeletionPending func(ctx context.Context, userID, token string) error
}

// Change is what a link of a change of address would do.
type Change struct {
	Confirm  bool // the old address is asked; else the new one takes its place
	From, To string
	UserID   string
}

// The steps of a flow that a page is for; "" when nothing is left but to go on.
const (
	StepSignUp  = "sign-up"
	StepLogin   = "login"
	StepSelect  = "select-account"
	StepConsent = "consent"
)

// Flow is what the pages tell of the OAuth request that brought somebody here.
type Flow struct {
	Step      string
	LoginHint string
	UILocales string
	Client    string // its name
	ClientURL string
	SelfNamed bool // it registered itself: nobody has looked at it
	Logo      string
	Policy    string
	Terms     string
	Scopes    []views.Scope
	Resources []string // the APIs that access is for
	Leads     views.Destination
	Offline   bool
	Lasts     time.Duration
}

// ErrFlowGone says that a flow has expired, was used, or began in another browser.
var ErrFlowGone = errors.New("this sign-in has expired or was already completed")

// Flows are the OAuth requests that wait for a person. Each method but Flow
// returns where the browser goes next.
type Flows interface {
	Flow(r *api.Request, id string, a *core.Auth) (*Flow, error)
	Resume(r *api.Request, id string, a *core.Auth) (string, error)
	Select(r *api.Request, id string, a *core.Auth) (string, error)
	// Allow allows the scopes, all that were asked for when they are nil.
	Allow(r *api.Request, id string, a *core.Auth, scopes []string) (string, error)
	Deny(r *api.Request, id string) (string, error)
	// FormPost opens an answer that the browser is to post to the app.
	FormPost(r *api.Request, answer string) (views.FormPostPage, error)
	// Complaint opens what the error page is to tell of an app's request.
	Complaint(r *api.Request, sealed string) (views.RequestProblem, bool)
}

// Deps are the capabilities that the pages show.
type Deps struct {
	Core      *core.Core
	Passwords Passwords
	Usernames Usernames // nil when nobody has one
	Sessions  Sessions
	// LastUsed is what the browser signed in with last, "" when it does not say.
	LastUsed  func(r *api.Request) string
	Accounts  Accounts // nil when a browser has one
	Addresses Addresses
	Avatars   Avatars
	Setup     Setup
	Access    Access
	Flows     Flows
	Devices   Devices   // nil when devices are not let in
	Elsewhere Elsewhere // nil when nobody signs in at other servers
	Passkeys  Passkeys  // nil when there are none
	Guests    Guests    // nil when nobody is here without an account
	Wallets   Wallets   // nil when nobody signs in with one
	Phones    Phones    // nil when nobody has a phone number
	Links     Links     // nil when nobody signs in with a link in a mail
	Codes     Codes     // nil when nobody gets codes in mails
	// Connections is nil when nobody has an account elsewhere.
	Connections Connections
	Apps        Apps
	Confirm     Confirmations
	// SecondFactors is nil when nobody has one.
	SecondFactors SecondFactors
	Acts          Acts
	Recovery      Recovery
	Captcha       Captcha // nil when no form asks for one
}

// Service is the pages.
type Service struct {
	Deps
	catalogue *views.Catalogue
	base      *url.URL
	notes     []securecookie.Codec // the secret in force first
	pendings  *core.Sealer
	isSetUp   atomic.Bool // once true it stays true
}

// New connects the pages with what they show.
func New(d Deps) (*Service, error) {
	s := &Service{Deps: d}
	var err error
	if s.catalogue, err = views.LoadCatalogue(); err != nil {
		return nil, err
	}
	if s.base, err = url.Parse(d.Core.Config.URL); err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	if s.notes, err = noteCodecs(d.Core.Keys); err != nil {
		return nil, err
	}
	if s.pendings, err = d.Core.Keys.Sealer("waiting form"); err != nil {
		return nil, err
	}
	return s, nil
}

// cookieName is the name of a cookie of the pages.
func (s *Service) cookieName(name string) string {
	prefix := s.Core.Config.Advanced.CookiePrefix + "."
	if s.Core.Config.Advanced.UseSecureCookies {
		prefix = "__Secure-" + prefix
	}
	return prefix + name
}

func (s *Service) cookie(name, value string, maxAge time.Duration) *api.Cookie {
	return &api.Cookie{
		Name: s.cookieName(name), Value: value, MaxAge: int(maxAge.Seconds()), Delete: value == "", Path: "/",
		HTTPOnly: true, SameSite: "Lax", Secure: s.Core.Config.Advanced.UseSecureCookies,
	}
}
