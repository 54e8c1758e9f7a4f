package views

import "time"

// SignedOutPage is what became of a session at the apps it was used for.
type SignedOutPage struct {
	Apps   []LeftApp
	Frames []string // what tells apps in the browser
	Next   string   // where the page moves on to, "" to stay
	Client string   // who is there
}

// LeftApp is an app that the person was signed in to.
type LeftApp struct {
	Name  string
	State LeftAppState
	Until time.Time // for AppUntold
}

// LeftAppState is what an app knows of the end.
type LeftAppState string

// The states of LeftApp.
const (
	AppTold    LeftAppState = "told"
	AppTelling LeftAppState = "telling" // it does not answer, and is told again
	AppKept    LeftAppState = "kept"    // it was given access that lasts
	AppEnded   LeftAppState = "ended"
	AppUntold  LeftAppState = "untold" // it cannot be told
)

// ConfirmSignOutPage asks whether to sign out.
type ConfirmSignOutPage struct {
	Client string // who asks, "" when nobody says so
	User   User
	Action string
}

// AppsPage is what has access to an account.
type AppsPage struct {
	Apps   []AppAccess
	Recent []LeftApp // that the person is signed out of since a short while
}

// OpenAppPage leads to an app.
type OpenAppPage struct {
	Name      string
	Host      string // where it is
	URL       string
	SelfNamed bool // nobody has looked at it
}

// AppAccess is one app's access.
type AppAccess struct {
	ID       string
	Name     string
	Host     string // of its home page, when it has one
	Scopes   []string
	Since    time.Time
	Used     time.Time
	Until    time.Time // when it ends by itself; zero when it has none at the moment
	Offline  bool
	SignedIn bool
	OpenURL  string // where it signs people in by itself; "" when it cannot
}
