package views

import "time"

// CodeText is a text message with a code. Its last line binds the code to the host, so
// that phones offer it on this host alone (origin-bound one-time codes delivered via SMS).
func CodeText(from Sender, reset bool, host, code string, lasts time.Duration) string {
	key := "sms.code"
	if reset {
		key = "sms.reset"
	}
	return from.Locale.T(key, "code", code, "app", from.App, "time", lasts) + "\n\n@" + host + " #" + code
}
