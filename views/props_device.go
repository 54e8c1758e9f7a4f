package views

import "time"

// DeviceForm takes the code that a device shows.
type DeviceForm struct {
	Code      string
	User      User   // who lets it in
	SwitchURL string // where another account is chosen
	Errors    Errors
}

// DevicePage asks whether a device may come in.
type DevicePage struct {
	User      User
	Code      string // as the device shows it
	Client    string
	ClientURL string
	SelfNamed bool // nobody has checked its name
	Session   bool // it gets all that the person may do, not some scopes
	Scopes    []Scope
	Resources []string // the APIs that access is for, by name
	IPAddress string   // of the device
	Asked     time.Time
}
