package views

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"
)

// User is the account a page speaks about.
type User struct {
	Name          string
	Email         string
	EmailVerified bool
	Image         string // where this server serves their picture, "" for none
}

// initial is the letter in the user's round picture.
func (u User) initial() string {
	for _, text := range []string{u.Name, u.Email} {
		if text = strings.TrimSpace(text); text != "" {
			first, _ := utf8.DecodeRuneInString(text)
			return strings.ToUpper(string(first))
		}
	}
	return "?"
}

// LoginForm is the page where one signs in.
type LoginForm struct {
	Email    string
	Remember bool
	Errors   Errors
	Client   string            // the app that sent the reader here, "" when none did
	Methods  []templ.Component // other ways to sign in, one button each
	Only     bool              // no passwords here: Methods are the only way
	SignUp   bool              // whether strangers may make an account
	Reset    bool              // whether a forgotten password can be reset by mail
	Last     bool              // a password was used last in this browser
	Passkey  *PasskeyButton    // nil where there are none
	ByMail   ByMail
	Wallet   *WalletButton // nil where nobody signs in with one
	Guest    bool          // one may begin without an account
	// Usernames and Phones tell whether a username does, or a phone number, in place of
	// the address.
	Usernames, Phones bool
}

// ChoosePage asks which account to go on with.
type ChoosePage struct {
	Accounts []Choice
	Client   string // the app that sent the reader here, "" when none did
}

// Choice is one account that is signed in in this browser.
type Choice struct {
	User    User
	Ref     string // opaque; what the form sends back
	Current bool   // the one that counts now
}

// SignUpForm is the page where one makes an account.
type SignUpForm struct {
	Name              string
	Email             string
	Username          Username // without bounds where there are none
	MinPasswordLength int
	Errors            Errors
	Client            string
	Methods           []templ.Component // other ways to get an account, one button each
	Only              bool              // no passwords here: Methods are the only way
	Invitation        *Invitation       // what brought the reader here, nil without one
	Approval          bool              // an administrator looks at every new account
	Passkey           bool              // an account may have a passkey in place of a password
	ByMail            ByMail
}

// Invitation is what an administrator says to whom they invite.
type Invitation struct {
	Secret  string // of the link
	Email   string // the only address it is good for, "" for any
	Inviter string
	Note    string
}

// SetupForm is the page that makes the first administrator.
type SetupForm struct {
	Token             string
	Name              string
	Email             string
	SignUp            string // who may sign up: anyone, invited, approval, nobody
	Fixed             bool   // authd.toml has decided it already: SignUp is shown, not asked
	MinPasswordLength int
	Errors            Errors
}

// CheckMail says that a mail is on its way.
type CheckMail struct {
	Email   string
	Resend  string // path that sends another one; "" when there is none
	InFiles bool   // no mail server is configured: the mail lies in the outbox folder
	// Remember is what is to come of it: a session that outlives the browser.
	Remember bool
}

// ForgotForm asks which account's password is forgotten.
type ForgotForm struct {
	Email  string
	Code   bool // a code may be sent in place of a link
	Phone  bool // or a text message
	Errors Errors
}

// ResetForm takes the new password.
type ResetForm struct {
	Token             string
	Email             string // for the password manager, when known
	MinPasswordLength int
	Errors            Errors
}

// VerifyForm is the button that confirms an address.
type VerifyForm struct {
	Token string
	Email string // when known
	// Since is when somebody made an account with it, for who may be another; zero for
	// who is signed in as them.
	Since time.Time
}

// AccountPage is what a person is here.
type AccountPage struct {
	User    User
	Profile ProfileForm
	Email   EmailForm
	// Deletable is whether people may delete their account.
	Deletable bool
	// Guest is who has no account yet.
	Guest bool
}

// SecurityPage is how a person comes in.
type SecurityPage struct {
	Panels  []templ.Component
	Problem Message // what is wrong in one of them: the title begins with it
}

// ProfileForm changes what others see.
type ProfileForm struct {
	Name     string
	Username Username // without bounds where there are none
	Fields   []ProfileField
	Alert    Alert
	Errors   Errors
}

// Username is the field for one.
type Username struct {
	Value        string
	Fewest, Most int  // characters
	Kept         bool // it cannot be changed
	// Shown is how others see it, where it is Showable otherwise than it is written.
	Shown    string
	Showable bool
}

// PasswordForm changes the password.
type PasswordForm struct {
	Email             string // whose it is, for the password manager
	Exists            bool   // false for people who only sign in by other means
	Settable          bool   // whether those may set one
	MinPasswordLength int
	Passkey           bool // there is one to confirm a new password by
	Alert             Alert
	Errors            Errors
}

// Session is one device that is signed in.
type Session struct {
	ID        string // opaque; what the form sends back
	Current   bool
	UserAgent string
	IPAddress string
	SignedIn  time.Time
	LastSeen  time.Time
}

// ConsentPage asks whether an app may do what it asks.
type ConsentPage struct {
	User       User
	Client     string // its name
	ClientURL  string // its home page, when it has one that was checked
	SelfNamed  bool   // it registered itself: its name and picture prove nothing
	Logo       string // its picture, a data URL, when it has one
	Policy     string // where it says what it does with data, when it does
	Terms      string // where its terms of service are, when it has some
	Scopes     []Scope
	Resources  []string // the APIs that access is for, by name
	Leads      Destination
	Lasts      time.Duration // how long access lasts when it is not kept
	Offline    bool          // it stays connected until that is ended
	SwitchUser bool          // whether another account may be used
}

// Scope is one thing an app asks for.
type Scope struct {
	Name string
	New  bool // not granted before
}

// Destination is where the browser goes after the answer.
type Destination struct {
	Kind DestinationKind
	Name string // the host, or the scheme of an app on this device
}

// DestinationKind tells a place on the web from one on the reader's own device.
type DestinationKind string

// The kinds of Destination: https, the loopback of RFC 8252 §7.3, the private-use scheme of §7.1.
const (
	Web      DestinationKind = "web"
	Loopback DestinationKind = "loopback"
	App      DestinationKind = "app"
)

// HandoffPage sends the browser on to another origin after a form was posted.
type HandoffPage struct {
	Client string
	URL    string
	Native bool // URL belongs to an app on this device: the page stays open behind it
}

// FormPostPage hands an answer to the client as a form (OAuth 2.0 Form Post Response Mode).
type FormPostPage struct {
	Client string
	URL    string
	Fields []FormValue
}

// FormValue is one hidden value of a form.
type FormValue struct{ Name, Value string }

// Notice is a page that only says something, with a way on.
type Notice struct {
	Icon  string
	Title Message
	Text  []Message
	Code  string // what to tell the person who runs the server
	Links []Link
}

// RequestProblem is what is wrong with a request of an app.
type RequestProblem struct {
	Client   string // its name, "" when it is not known
	ClientID string // "" when it is not known
	Wrong    []WrongParameter
}

// WrongParameter is what came as a parameter and what should have, or a Reason in
// the words of the protocol.
type WrongParameter struct {
	Parameter string
	Received  string   // "" when nothing came
	Expected  string   // client, some-client, enabled, redirect, values or pkce
	Number    int      // how many redirect URIs the app has
	Values    []string // what may be sent
	Hint      string   // what a registered address differs by, "" when it is more than one thing
	Reason    string
}

// Link is a way on; the first one looks like a button.
type Link struct {
	URL  string
	Text Message
}
