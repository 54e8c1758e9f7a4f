package views

import (
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// The ways to give a second proof.
const (
	ByApp    = "app"    // a code of an authenticator app
	BySent   = "sent"   // one that was sent
	ByBackup = "backup" // a backup code
)

// TwoFactorForm asks for the second proof of a sign-in.
type TwoFactorForm struct {
	User   User
	Method string   // what is asked for
	Others []string // what can be used instead
	Texts  bool     // codes can go to the phone, too
	Sent   bool     // a code was sent
	ByText bool     // it went to the phone
	InFile bool     // no mail server is configured
	Digits int      // of a code
	Trust  bool     // ticked
	Days   int      // how long a browser is trusted
	Client string   // the app that sent the reader here
	// Passkeys: one may be offered afterwards.
	Passkeys bool
	Errors   Errors
}

// AppSetup is an authenticator app that is being set up.
type AppSetup struct {
	QR     string // the picture, a data URL
	URI    string // for a phone that has the app itself
	Key    string
	Sealed string // what the form sends back: the same, and the backup codes
	Action string // where the first code goes
	Back   string // where somebody goes who does not want to
	Client string
	Digits int
	Able   bool // ask whether this device could keep a passkey
	Errors Errors
}

// groups makes the key readable: four letters at a time.
func (a AppSetup) groups() string {
	var b strings.Builder
	for i, r := range a.Key {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// EnrolPage tells somebody who must have a second factor to set one up.
type EnrolPage struct {
	User   User
	Apps   bool // an authenticator app can be set up
	Codes  bool // codes can be sent instead
	Client string
}

// BackupCodes are shown this once.
type BackupCodes struct {
	Codes []string
	Host  string // what they are for
	Email string
	New   bool // they were made with the second factor; else in the place of others
	Next  string
}

// text is what is kept: the codes and what they are for.
func (b BackupCodes) text(p Page) string {
	return b.about(p) + "\n\n" + strings.Join(b.Codes, "\n") + "\n\n" + p.T("backup.once") + "\n"
}

// about says whose codes they are, also on paper.
func (b BackupCodes) about(p Page) string {
	return p.T("backup.file_head", "host", b.Host, "email", b.Email)
}

// file is a link that saves the text without a request and without a script.
func (b BackupCodes) file(p Page) templ.SafeURL {
	return templ.SafeURL("data:text/plain;charset=utf-8," + url.PathEscape(b.text(p)))
}

// TwoStep is the part of /account/security about the second factor.
type TwoStep struct {
	On       bool
	App      bool // an authenticator app counts
	Apps     bool // one can be set up
	Codes    bool // codes can be sent
	Backup   int  // codes left
	Required bool // it cannot be turned off
	Days     int  // how long a browser is trusted
	Trusted  []TrustedDevice
}

// few is how many backup codes are so few that it is said.
const few = 3

// TrustedDevice is a browser that is not asked for a second proof.
type TrustedDevice struct {
	ID        string // opaque; what the form sends back
	UserAgent string
	Here      bool
	Used      time.Time
	Since     time.Time
	Until     time.Time
}
