package views

import "time"

// Connections are the accounts at other servers that a person signs in with.
type Connections struct {
	All    []Connection
	Offers []Provider // what else can be connected
}

// Connection is one of them.
type Connection struct {
	ID       string // opaque; what the form sends back
	Provider Provider
	Since    time.Time
	Gone     bool // the server does not have this provider any more
	Last     bool // without it the person could not come in: it stays
}
