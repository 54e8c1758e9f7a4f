package e2e

import (
	"errors"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/oauth2"
)

var (
	refresh   = regexp.MustCompile(`<meta http-equiv="refresh" content="0;url=([^"]+)"`)
	ownInput  = regexp.MustCompile(`<input[^>]*type="(?:hidden"[^>]*|checkbox"[^>]* checked)/?>`)
	attribute = regexp.MustCompile(`(name|value)="([^"]*)"`)
)

// ownFields are what the page's form to a path sends beside what a person fills in: what is
// hidden, and the boxes that are ticked.
func ownFields(body, action string) url.Values {
	_, form, _ := strings.Cut(body, `action="`+action+`"`)
	form, _, _ = strings.Cut(form, "</form>")
	fields := url.Values{}
	for _, input := range ownInput.FindAllString(form, -1) {
		parts := map[string]string{}
		for _, pair := range attribute.FindAllStringSubmatch(input, -1) {
			parts[pair[1]] = html.UnescapeString(pair[2])
		}
		fields.Add(parts["name"], parts["value"])
	}
	return fields
}

// refreshTarget is where a page sends the browser on, which a form's policy would not let it go to.
func refreshTarget(body string) (*url.URL, error) {
	found := refresh.FindStringSubmatch(body)
	if found == nil {
		return nil, http.ErrNoLocation
	}
	return url.Parse(html.UnescapeString(found[1]))
}

func asRetrieveError(err error, target **oauth2.RetrieveError) bool {
	return errors.As(err, target)
}
