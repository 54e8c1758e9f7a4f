package wire

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// comparison compares answers of one server with recordings of another. Ids and
// tokens differ, but each has to stand for the same thing throughout: where the
// recording shows one value twice, the server must too.
type comparison struct {
	toActual   map[string]string
	toRecorded map[string]string
}

func newComparison() *comparison {
	return &comparison{toActual: map[string]string{}, toRecorded: map[string]string{}}
}

func (c *comparison) clone() *comparison {
	return &comparison{toActual: maps.Clone(c.toActual), toRecorded: maps.Clone(c.toRecorded)}
}

// differences lists what is not as recorded, nothing when all is.
func (c *comparison) differences(want, got exchange) []string {
	var found []string
	if want.Status != got.Status {
		found = append(found, fmt.Sprintf("status: want %d, got %d", want.Status, got.Status))
	}
	for _, name := range comparedHeaders {
		w, wanted := want.Header[name]
		g, given := got.Header[name]
		switch {
		case wanted && !given:
			found = append(found, fmt.Sprintf("header %s: want %s, got none", name, printed(w)))
		case given && !wanted && (g == "no-store" || g == "no-cache"): // to forbid caching is never wrong
		case given && !wanted:
			found = append(found, fmt.Sprintf("header %s: want none, got %s", name, printed(g)))
		case wanted:
			found = append(found, c.nodes("header "+name, "", w, g)...)
		}
	}
	found = append(found, cookieDifferences(want.Cookies, got.Cookies)...)
	_, noneWanted := want.Body.(absent)
	_, noneGiven := got.Body.(absent)
	switch {
	case noneWanted && noneGiven:
	case noneWanted:
		found = append(found, "body: want none, got "+printed(got.Body))
	case noneGiven:
		found = append(found, "body: want "+printed(want.Body)+", got none")
	default:
		found = append(found, c.nodes("body", "", want.Body, got.Body)...)
	}
	return found
}

func cookieDifferences(want, got []setCookie) []string {
	if slices.Equal(want, got) {
		return nil
	}
	lines := func(cookies []setCookie) string {
		var all []string
		for _, cookie := range cookies {
			all = append(all, fmt.Sprintf("%s=(%s); %s", cookie.Name, cookie.Value, cookie.Attributes))
		}
		return "[" + strings.Join(all, " | ") + "]"
	}
	return []string{"Set-Cookie: want " + lines(want) + ", got " + lines(got)}
}

// volatile are the names of values that no two answers share and nothing refers to.
var volatile = []string{"exp", "iat", "ba_iat", "expires_at", "auth_time", "sig", "at_hash", "jti", "client_id_issued_at", "client_secret", "kid", "x", "X-Retry-After"}

func (c *comparison) nodes(path, key string, want, got any) []string {
	if kind, ok := want.(anything); ok {
		return kind.differences(path, got)
	}
	if code, ok := want.(errorCode); ok {
		return code.differences(path, got)
	}
	if slices.Contains(volatile, key) {
		if fmt.Sprintf("%T", want) != fmt.Sprintf("%T", got) {
			return []string{fmt.Sprintf("%s: want a %T, got %s", path, want, printed(got))}
		}
		return nil
	}
	switch w := want.(type) {
	case anyOrder:
		if g, ok := got.(object); ok {
			return c.objects(path, object(w).inOrderOf(g), g)
		}
	case including:
		if g, ok := got.(object); ok {
			return c.included(path, w, g)
		}
	case object:
		if g, ok := got.(object); ok {
			return c.objects(path, w, g)
		}
	case []any:
		if g, ok := got.([]any); ok {
			return c.lists(path, key, w, g)
		}
	case string:
		if g, ok := got.(string); ok && key == "user_code" && userForm.MatchString(w) && userForm.MatchString(g) {
			return c.bind(path, w, g)
		} else if ok && slices.Contains(bound, key) {
			return c.bind(path, w, g)
		} else if ok {
			return c.texts(path, w, g)
		}
	case json.Number, bool, nil:
		if want == got {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s: want %s, got %s", path, printed(want), printed(got))}
}

func (c *comparison) objects(path string, want, got object) []string {
	var found []string
	keys := func(o object) []string {
		all := make([]string, len(o))
		for i, m := range o {
			all[i] = m.Key
		}
		return all
	}
	if w, g := keys(want), keys(got); !slices.Equal(w, g) {
		for i, m := range want {
			if !got.has(m.Key) {
				found = append(found, fmt.Sprintf("%s.%s: want %s, got nothing", path, m.Key, printed(want[i].Value)))
			}
		}
		for i, m := range got {
			if !want.has(m.Key) {
				found = append(found, fmt.Sprintf("%s.%s: want nothing, got %s", path, m.Key, printed(got[i].Value)))
			}
		}
		if len(found) == 0 {
			return []string{fmt.Sprintf("%s: want the order %q, got %q", path, w, g)}
		}
		return found
	}
	for i := range want {
		found = append(found, c.nodes(path+"."+want[i].Key, want[i].Key, want[i].Value, got[i].Value)...)
	}
	return found
}

func (c *comparison) included(path string, want including, got object) []string {
	var found []string
	for _, m := range want {
		value, _ := got.get(m.Key)
		list, listed := value.([]any)
		wanted, ok := m.Value.([]any)
		if !listed || !ok {
			found = append(found, c.nodes(path+"."+m.Key, m.Key, m.Value, value)...)
			continue
		}
		for _, one := range wanted {
			if !slices.Contains(list, one) {
				found = append(found, fmt.Sprintf("%s.%s: want %s among them, got %s", path, m.Key, printed(one), printed(list)))
			}
		}
	}
	return found
}

func (c *comparison) lists(path, key string, want, got []any) []string {
	if len(want) != len(got) {
		return []string{fmt.Sprintf("%s: want %d entries, got %d: %s", path, len(want), len(got), printed(got))}
	}
	var found []string
	for i := range want {
		found = append(found, c.nodes(fmt.Sprintf("%s[%d]", path, i), key, want[i], got[i])...)
	}
	return found
}

var dateForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)

func (c *comparison) texts(path, want, got string) []string {
	switch {
	case want == got:
		return nil
	case dateForm.MatchString(want) && dateForm.MatchString(got):
		return nil
	case opaque(want) && opaque(got):
		return c.bind(path, want, got)
	case c.inActualTerms(want) == got:
		return nil
	}
	return []string{fmt.Sprintf("%s: want %q, got %q", path, want, got)}
}

// inActualTerms puts the server's ids into a recorded sentence.
func (c *comparison) inActualTerms(text string) string {
	for recorded, actual := range c.toActual {
		text = strings.ReplaceAll(text, recorded, actual)
	}
	return text
}

func (c *comparison) bind(path, want, got string) []string {
	known, seen := c.toActual[want]
	if seen && known != got {
		return []string{fmt.Sprintf("%s: the recording has %.12s… again, which was %.12s…, but got %.12s…", path, want, known, got)}
	}
	if recorded, seen := c.toRecorded[got]; seen && recorded != want {
		return []string{fmt.Sprintf("%s: got %.12s… again, which was %.12s… in the recording, where %.12s… stands now", path, got, recorded, want)}
	}
	c.toActual[want], c.toRecorded[got] = got, want
	return nil
}

// bound are the names of values that no two servers share, in whatever form.
var bound = []string{"publicKey", "credentialID", "secret", "backupCodes"}

var (
	tokenForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{24,}$`)
	pairForm  = regexp.MustCompile(`^[A-Za-z0-9_-]{24,}\.[A-Za-z0-9+/]{43}=$`)
	codeForm  = regexp.MustCompile(`^[A-Z_]+$`)
	userForm  = regexp.MustCompile(`^[A-Z0-9]{4}-?[A-Z0-9]{4}$`)
)

// opaque says that a text is an id or a token, and no word.
func opaque(text string) bool {
	if id, domain, ok := strings.Cut(text, "@"); ok {
		return domain == "anon.invalid" && tokenForm.MatchString(id)
	}
	return (tokenForm.MatchString(text) || pairForm.MatchString(text)) && !codeForm.MatchString(text)
}

func (kind anything) differences(path string, got any) []string {
	if _, ok := got.(object); ok && kind == someDocument {
		return nil
	}
	if _, ok := got.(json.Number); ok && kind == someNumber {
		return nil
	}
	text, ok := got.(string)
	if ok && (kind == someText && text != "" || kind == someToken && opaque(text)) {
		return nil
	}
	return []string{fmt.Sprintf("%s: want a %s, got %s", path, string(kind), printed(got))}
}

func (code errorCode) differences(path string, got any) []string {
	if fields, ok := got.(object); ok {
		for _, key := range []string{"code", "error"} {
			if value, ok := fields.get(key); ok && value == string(code) {
				return nil
			}
		}
	}
	return []string{fmt.Sprintf("%s: want the error %s, got %s", path, string(code), printed(got))}
}
