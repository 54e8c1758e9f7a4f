// Package username is a name of one's own choice, by which people sign in in place
// of their address.
//
// A name has one form in which it is kept and compared: NFKC and small letters, of
// ASCII only, so that no letter of another script passes for one. How its owner
// writes it is the display username, which nothing goes by. The package must not
// tell at a sign-in whether a name is somebody's; whether a name can be had is for
// everybody to ask, as in the contract.
package username

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// The contract's names of what users have.
const (
	fieldName    = "username"
	fieldDisplay = "displayUsername"
)

// Passwords signs people in.
type Passwords interface {
	SignInUser(r *api.Request, in core.ByPassword) (*core.Auth, error)
}

// Service is this capability.
type Service struct {
	core      *core.Core
	cfg       config.Username
	passwords Passwords
	reserved  []string // as they look
}

// New connects the capability.
func New(c *core.Core, p Passwords) (*Service, error) {
	s := &Service{core: c, cfg: c.Config.Username, passwords: p}
	if !s.cfg.Enabled {
		return s, nil
	}
	for _, name := range s.cfg.Reserved {
		s.reserved = append(s.reserved, looks(strings.ToLower(name)))
	}
	if err := c.UserFields.Add(core.Field{Name: fieldName, Type: "string", Returned: true, Input: true, Unique: true, Early: true, Clean: s.clean, Taken: ErrTaken}); err != nil {
		return nil, err
	}
	if s.cfg.DisplayUsername {
		if err := c.UserFields.Add(core.Field{Name: fieldDisplay, Type: "string", Returned: true, Input: true, Early: true, Clean: cleanDisplay}); err != nil {
			return nil, err
		}
	}
	c.UserInput = append(c.UserInput, s.check)
	// Who registered somebody else's address does not leave them a name either: it
	// could not be changed, where names are kept.
	c.MailboxClaimed.On(func(_ context.Context, _ *store.Tx, u *core.User) error {
		u.Extra = u.Extra.With(core.Values{fieldName: "null", fieldDisplay: "null"})
		return nil
	})
	return s, nil
}

// Enabled tells whether people sign in with a username here.
func (s *Service) Enabled() bool { return s.cfg.Enabled }

// Normal is the one form of a name. Errors: ErrTooShort, ErrTooLong, ErrInvalid.
func (s *Service) Normal(name string) (string, error) {
	name = strings.ToLower(norm.NFKC.String(name))
	switch n := utf8.RuneCountInString(name); {
	case n < s.cfg.MinUsernameLength:
		return "", ErrTooShort
	case n > s.cfg.MaxUsernameLength:
		return "", ErrTooLong
	case strings.ContainsFunc(name, notInNames):
		return "", ErrInvalid
	}
	return name, nil
}

func notInNames(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '.'
}

// clean is the rule of the field, whoever sets it.
func (s *Service) clean(value any) (any, error) {
	name, ok := value.(string)
	if !ok {
		return nil, ErrInvalid
	}
	return s.Normal(name)
}

// mostDisplay bounds what is shown: it stands in tokens and cookies.
const mostDisplay = 255

// cleanDisplay refuses what is not seen, or turns what stands around it.
func cleanDisplay(value any) (any, error) {
	text, ok := value.(string)
	if !ok || utf8.RuneCountInString(text) > mostDisplay || !utf8.ValidString(text) || strings.TrimSpace(text) != text ||
		strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
		return nil, ErrDisplay
	}
	return text, nil
}

// check holds what is said of a user to what the fields alone cannot tell.
func (s *Service) check(ctx context.Context, in *core.UserInput) error {
	if display, ok := in.Values[fieldDisplay].(string); ok && in.New && in.Values[fieldName] == nil {
		if _, err := s.Normal(display); err == nil { // the contract makes it the name, too
			in.Values[fieldName] = display
		}
	}
	given, says := in.Values[fieldName]
	name, isText := given.(string)
	switch {
	case !says:
	case !isText:
		if s.kept(in) {
			return ErrKept
		}
	default:
		if err := s.checkName(ctx, in, name); err != nil {
			return err
		}
		if in.New && s.cfg.DisplayUsername && in.Values[fieldDisplay] == nil {
			in.Values[fieldDisplay] = strings.TrimSpace(norm.NFKC.String(name))
		}
	}
	if !s.cfg.DisplayUsername {
		delete(in.Values, fieldDisplay)
	}
	return nil
}

// kept tells whether the user has a name that they may not change.
func (s *Service) kept(in *core.UserInput) bool {
	return s.cfg.ImmutableUsername && !in.Trusted && in.User != nil && in.User.Extra.Text(fieldName) != ""
}

func (s *Service) checkName(ctx context.Context, in *core.UserInput, name string) error {
	name, err := s.Normal(name)
	if err != nil || in.User != nil && in.User.Extra.Text(fieldName) == name {
		return err
	}
	if s.kept(in) {
		return ErrKept
	}
	if in.Trusted { // the index refuses what is taken
		return nil
	}
	free, err := s.free(ctx, name)
	if err == nil && !free {
		return ErrTaken
	}
	return err
}

// Bounds are the fewest and the most characters of a name.
func (s *Service) Bounds() (fewest, most int) {
	return s.cfg.MinUsernameLength, s.cfg.MaxUsernameLength
}

// ForNew is what somebody who signs up has for a name that they chose.
// Errors: ErrTooShort, ErrTooLong, ErrInvalid, ErrTaken.
func (s *Service) ForNew(ctx context.Context, name string) (core.Values, error) {
	in := &core.UserInput{New: true, Values: map[string]any{fieldName: name}, Also: core.Values{}}
	if err := s.check(ctx, in); err != nil {
		return nil, err
	}
	return s.core.UserFields.ForUpdate(in.Values)
}

// ForUpdate is what a user has for another name; nothing where it is the one that
// they have, and written as they have it. Errors: those of ForNew, ErrKept.
func (s *Service) ForUpdate(ctx context.Context, u *core.User, name string) (core.Values, error) {
	if name == s.Written(u) {
		return nil, nil
	}
	values := map[string]any{fieldName: name}
	if s.cfg.DisplayUsername {
		values[fieldDisplay] = strings.TrimSpace(norm.NFKC.String(name))
	}
	in := &core.UserInput{User: u, Values: values, Also: core.Values{}}
	if err := s.check(ctx, in); err != nil {
		return nil, err
	}
	return s.core.UserFields.ForUpdate(in.Values)
}

// Written is a user's name as they write it, "" for none. Where the display username
// is no way to write it, it is the name itself.
func (s *Service) Written(u *core.User) string {
	name, shown := u.Extra.Text(fieldName), u.Extra.Text(fieldDisplay)
	if same, err := s.Normal(shown); err == nil && same == name {
		return shown
	}
	return name
}

// Shown is how a user's name is shown to others; ok is false where it is always the
// name, and for who has none.
func (s *Service) Shown(u *core.User) (shown string, ok bool) {
	if !s.cfg.DisplayUsername || u.Extra.Text(fieldName) == "" {
		return "", false
	}
	return u.Extra.Text(fieldDisplay), true
}

// ForShown is what a user has whose name is shown otherwise from now on. Errors: ErrDisplay.
func (s *Service) ForShown(shown string) (core.Values, error) {
	return s.core.UserFields.ForUpdate(map[string]any{fieldDisplay: shown})
}

// Kept tells whether a user has a name that they may not change.
func (s *Service) Kept(u *core.User) bool { return s.kept(&core.UserInput{User: u}) }

// free tells whether a name, in its one form, can be had.
func (s *Service) free(ctx context.Context, name string) (bool, error) {
	if slices.Contains(s.reserved, looks(name)) {
		return false, nil
	}
	_, err := s.find(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	return false, err
}

// looks is what a name is taken for at a glance: what separates is overlooked, and
// some letters pass for others.
func looks(name string) string {
	return strings.NewReplacer(".", "", "_", "", "0", "o", "1", "l", "i", "l", "3", "e", "4", "a", "5", "s", "7", "t", "rn", "m", "vv", "w").Replace(name)
}

// find reads the user who has a name. Errors: store.ErrNotFound.
func (s *Service) find(ctx context.Context, name string) (*core.User, error) {
	return s.core.UserByField(ctx, s.core.DB, fieldName, name)
}

// Available tells whether a name can be had. Errors: ErrTooShort, ErrTooLong, ErrInvalid.
func (s *Service) Available(ctx context.Context, name string) (bool, error) {
	name, err := s.Normal(name)
	if err != nil {
		return false, err
	}
	return s.free(ctx, name)
}

// SignIn checks name and password and gives the browser a session.
// Errors: ErrTooShort, ErrTooLong, ErrInvalid, ErrWrong for an unknown name and a
// wrong password alike, and those of signing in with a password.
func (s *Service) SignIn(r *api.Request, name, password, callbackURL string, remember bool) (*core.Auth, error) {
	if name == "" || password == "" {
		return nil, ErrWrong
	}
	name, err := s.Normal(name)
	if err != nil {
		return nil, err
	}
	user, err := s.find(r.Context(), name)
	if errors.Is(err, store.ErrNotFound) {
		user, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.passwords.SignInUser(r, core.ByPassword{Name: name, User: user, Method: "username", Password: password, CallbackURL: callbackURL, Remember: remember, Wrong: ErrWrong})
}
