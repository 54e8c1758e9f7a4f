package core

// PasskeyEvent tells what became of a passkey: for notices and webhooks.
type PasskeyEvent struct {
	User      *User
	PasskeyID string
	Name      string // the person's name for it, or its maker's; "" when neither is known
	Event     Event
	Locale    string // an Accept-Language header
	// Mails are jobs that the listeners have queued.
	Mails []string
}
