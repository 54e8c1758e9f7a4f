package views

import (
	"encoding/json"
	"hash/fnv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// PasskeyButton is signing in with a passkey, on a page that may offer other ways.
type PasskeyButton struct {
	RPID    string // the domain that this server's passkeys belong to
	Unknown string // the credential that was just shown and is nobody's, "" for none
	Last    bool   // what was used last in this browser
}

// signal has the password manager forget what this server does not know.
func (b PasskeyButton) signal() string {
	if b.Unknown == "" {
		return ""
	}
	return signals(unknownCredential(b.RPID, b.Unknown))
}

// Passkeys is the part of the security page about them.
type Passkeys struct {
	All   []Passkey
	Owner PasskeyOwner
	// Unproven: who it is has to be proven before one is made.
	Unproven bool
	Gone     string // one that was just removed, as WebAuthn has it: the password manager is told
}

// Passkey is one of a person's.
type Passkey struct {
	ID       string
	Name     string // the person's own, "" when they gave none
	Provider string // who keeps it, "" when that is not known
	Kind     PasskeyKind
	Synced   bool
	Created  time.Time
	Used     time.Time // zero for never
	Copied   bool      // its counter went back: two devices may hold the key
	Last     bool      // without it the person could not come in: it stays
	Beside   bool      // it does not sign in alone
}

// PasskeyKind is what keeps a passkey, for its picture.
type PasskeyKind string

// The kinds of Passkey; "" is not known.
const (
	PasskeyOfDevice  PasskeyKind = "device"
	PasskeyOfManager PasskeyKind = "manager"
	PasskeyOfKey     PasskeyKind = "key"
)

// PasskeyOwner is the person as their passkeys have them.
type PasskeyOwner struct {
	RPID    string
	Handles []PasskeyHandle // one, and those of passkeys that were imported
}

// PasskeyHandle is a user handle, and what counts under it.
type PasskeyHandle struct {
	Handle            string // base64url
	Credentials       []string
	Name, DisplayName string
}

// signal tells the password manager which passkeys there are, and whose they are.
func (k Passkeys) signal() string {
	var all [][]any
	for _, of := range k.Owner.Handles {
		all = append(all,
			[]any{"signalAllAcceptedCredentials", map[string]any{"rpId": k.Owner.RPID, "userId": of.Handle, "allAcceptedCredentialIds": of.Credentials}},
			[]any{"signalCurrentUserDetails", map[string]any{"rpId": k.Owner.RPID, "userId": of.Handle, "name": of.Name, "displayName": of.DisplayName}},
		)
	}
	if k.Gone != "" {
		all = append(all, unknownCredential(k.Owner.RPID, k.Gone))
	}
	return signals(all...)
}

func unknownCredential(rpID, id string) []any {
	return []any{"signalUnknownCredential", map[string]string{"rpId": rpID, "credentialId": id}}
}

// label is what the person knows a passkey by.
func (k Passkey) label(p Page) string {
	switch {
	case k.Name != "":
		return k.Name
	case k.Provider != "":
		return k.Provider
	case k.Kind == PasskeyOfKey:
		return p.T("passkeys.security_key")
	default:
		return p.T("passkeys.passkey")
	}
}

func (k Passkey) drawing() string {
	switch k.Kind {
	case PasskeyOfDevice:
		return "computer"
	case PasskeyOfManager:
		return "layers"
	default:
		return "key"
	}
}

// keepers are colours for the makers of passkeys, our own; white stands out on each.
var keepers = [...]string{"#14594f", "#1f5f8b", "#5b4b9a", "#8c3f6b", "#9a3f2b", "#80540c", "#3f6b2b", "#4a5a66"}

// colour is the same for all that one maker makes.
func (k Passkey) colour() string {
	maker, _, _ := strings.Cut(k.Provider, " ")
	h := fnv.New32a()
	_, _ = h.Write([]byte(maker)) // never fails
	return keepers[h.Sum32()%uint32(len(keepers))]
}

func (k Passkey) initial() string {
	first, _ := utf8.DecodeRuneInString(k.Provider)
	return string(unicode.ToUpper(first))
}

// PasskeyOffer is the page after a sign-in that offers a passkey.
type PasskeyOffer struct {
	Second bool // there is one already
	// Recovered: the reader had lost every way in, and a passkey is the best new one.
	Recovered bool
	Client    string // the app that the reader is on the way to, "" when to none
}

// passkeyForm is a form that a script fills with what an authenticator says.
type passkeyForm struct {
	kind    string // get or create
	options string
	to      string
	signal  string
	fill    bool // passkeys are offered in the field for the address, too
	label   string
	primary bool
	last    bool
	able    bool // tell whether this device could keep one
	alone   bool // there is no other way: say so where a passkey cannot be used
}

// signals are calls of WebAuthn's signal methods (Level 3 §5.1.10) for the script to make.
func signals(calls ...[]any) string {
	text, err := json.Marshal(calls)
	if err != nil || len(calls) == 0 { // an error cannot be: they are texts
		return ""
	}
	return string(text)
}

// WithPasskeys is the page with the script for passkeys.
func (p Page) WithPasskeys() Page {
	p.script = p.Assets.Passkey
	return p
}
