package views

import "strings"

// device is what a User-Agent header tells about where a session lives. It is a guess for
// people to recognise their own devices by, never something to decide on.
type device struct {
	browser, system string
	icon            string
}

// named is a mark in a User-Agent header and what it stands for. Order matters: Edge also
// says Chrome, Chrome also says Safari, Android also says Linux.
type named struct{ mark, name, icon string }

func describeAgent(userAgent string) device {
	browsers := []named{
		{"Edg", "Edge", ""},
		{"OPR/", "Opera", ""},
		{"SamsungBrowser/", "Samsung Internet", ""},
		{"Vivaldi/", "Vivaldi", ""},
		{"Firefox/", "Firefox", ""},
		{"FxiOS/", "Firefox", ""},
		{"CriOS/", "Chrome", ""},
		{"HeadlessChrome/", "Chrome", ""},
		{"Chrome/", "Chrome", ""},
		{"Version/", "Safari", ""},
		{"curl/", "curl", "terminal"},
		{"authd/", "authd", "terminal"},
		{"Go-http-client/", "Go", "terminal"},
		{"node", "Node.js", "terminal"},
		{"undici", "Node.js", "terminal"},
		{"python", "Python", "terminal"},
	}
	systems := []named{
		{"iPhone", "iPhone", "phone"},
		{"iPad", "iPad", "phone"},
		{"Android", "Android", "phone"},
		{"CrOS", "ChromeOS", "computer"},
		{"Windows", "Windows", "computer"},
		{"Mac OS X", "macOS", "computer"},
		{"Linux", "Linux", "computer"},
	}
	browser, system := find(browsers, userAgent), find(systems, userAgent)
	icon := "computer"
	if system.icon != "" {
		icon = system.icon
	}
	if browser.icon != "" {
		icon = browser.icon
	}
	return device{browser: browser.name, system: system.name, icon: icon}
}

func find(list []named, userAgent string) named {
	for _, n := range list {
		if strings.Contains(userAgent, n.mark) {
			return n
		}
	}
	return named{}
}

// agentName is what the list of sessions calls a device.
func agentName(l *Locale, userAgent string) string {
	d := describeAgent(userAgent)
	switch {
	case d.browser != "" && d.system != "":
		return l.T("device.browser_on_system", "browser", d.browser, "system", d.system)
	case d.browser != "":
		return d.browser
	case d.system != "":
		return d.system
	default:
		return l.T("device.unknown")
	}
}
