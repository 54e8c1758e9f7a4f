package core

import (
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"
)

// What the contract calls a session and a user is written here and nowhere
// else: answers, cookie cache and tokens hold the same bytes. Strings are
// written as JavaScript's JSON.stringify does, because apps check a signature
// over what that makes of the cache.

// AppendUser appends a user as JSON, fields in the contract's order, id last.
func AppendUser(b []byte, u *User) []byte {
	b = appendString(append(b, `{"name":`...), u.Name)
	b = appendString(append(b, `,"email":`...), u.Email)
	b = strconv.AppendBool(append(b, `,"emailVerified":`...), u.EmailVerified)
	b = appendNullString(append(b, `,"image":`...), u.Image)
	b = appendTime(append(b, `,"createdAt":`...), u.CreatedAt)
	b = appendTime(append(b, `,"updatedAt":`...), u.UpdatedAt)
	if u.Extra.fields != nil {
		b = u.Extra.append(b, true)
	}
	b = append(b, `,"role":`...)
	if u.Role == "" {
		b = append(b, "null"...)
	} else {
		b = appendString(b, u.Role)
	}
	b = strconv.AppendBool(append(b, `,"banned":`...), u.Banned)
	b = appendNullString(append(b, `,"banReason":`...), u.BanReason)
	b = append(b, `,"banExpires":`...)
	if u.BanExpires == nil {
		b = append(b, "null"...)
	} else {
		b = appendTime(b, *u.BanExpires)
	}
	if u.Extra.fields != nil {
		b = u.Extra.append(b, false)
	}
	b = appendString(append(b, `,"id":`...), u.ID)
	return append(b, '}')
}

// AppendSession appends a session as JSON; token is what stands in its token field.
func AppendSession(b []byte, s *Session, token string) []byte {
	b = appendTime(append(b, `{"expiresAt":`...), s.ExpiresAt)
	b = appendString(append(b, `,"token":`...), token)
	b = appendTime(append(b, `,"createdAt":`...), s.CreatedAt)
	b = appendTime(append(b, `,"updatedAt":`...), s.UpdatedAt)
	b = appendString(append(b, `,"ipAddress":`...), s.IPAddress)
	b = appendString(append(b, `,"userAgent":`...), s.UserAgent)
	b = appendString(append(b, `,"userId":`...), s.UserID)
	if s.Extra.fields != nil {
		b = s.Extra.append(b, false)
	}
	b = appendString(append(b, `,"id":`...), s.ID)
	return append(b, '}')
}

// AppendJSON appends {"session":…,"user":…}.
func (a *Auth) AppendJSON(b []byte) []byte {
	b = AppendSession(append(b, `{"session":`...), a.Session, a.Session.Token)
	b = AppendUser(append(b, `,"user":`...), a.User)
	return append(b, '}')
}

// UserJSON is a user ready to stand in an answer.
func UserJSON(u *User) json.RawMessage { return AppendUser(nil, u) }

// SessionJSON is a session ready to stand in an answer.
func SessionJSON(s *Session, token string) json.RawMessage { return AppendSession(nil, s, token) }

func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	return append(b, '"')
}

func appendNullString(b []byte, s *string) []byte {
	if s == nil {
		return append(b, "null"...)
	}
	return appendString(b, *s)
}

const hexDigits = "0123456789abcdef"

// appendString quotes s as JSON.stringify does (ECMA-262, QuoteJSONString).
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		ch := s[i]
		if ch >= 0x20 && ch != '"' && ch != '\\' && ch < utf8.RuneSelf {
			i++
			continue
		}
		if ch >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		b = appendEscape(append(b, s[start:i]...), ch)
		i++
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

func appendEscape(b []byte, ch byte) []byte {
	switch ch {
	case '"', '\\':
		return append(b, '\\', ch)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	default:
		return append(b, '\\', 'u', '0', '0', hexDigits[ch>>4], hexDigits[ch&15])
	}
}
