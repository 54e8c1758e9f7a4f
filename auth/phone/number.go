package phone

import "strings"

// The bounds of E.164: a country's code and a number, together at most 15 digits.
const (
	fewestDigits = 7
	mostDigits   = 15
)

// Normal is the one form of a number, as E.164 has it: + and digits. What people
// write between them is left out. Errors: ErrInvalid.
func Normal(written string) (string, error) {
	if len(written) > 40 {
		return "", ErrInvalid
	}
	number := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.()/\u00a0\u2011", r) {
			return -1
		}
		return r
	}, written)
	digits, plus := strings.CutPrefix(number, "+")
	if !plus || len(digits) < fewestDigits || len(digits) > mostDigits || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		return "", ErrInvalid
	}
	return number, nil
}

// reachable tells whether messages go to the country of a number.
func (s *Service) reachable(number string) bool {
	if len(s.sms.AllowedCountries) == 0 {
		return true
	}
	for _, code := range s.sms.AllowedCountries {
		if strings.HasPrefix(number, code) {
			return true
		}
	}
	return false
}
