package config

import (
	"strconv"
	"strings"
	"time"
)

// PhoneNumber is signing in with a phone number.
type PhoneNumber struct {
	Enabled              bool          `toml:"enabled" default:"false" doc:"People may have a phone number, prove it by a code and sign in with it; docs/phone-numbers.md. Messages go out by [sms]."`
	OTPLength            int           `toml:"otp_length" default:"6" min:"6" max:"10" doc:"How many digits a code has."`
	ExpiresIn            time.Duration `toml:"expires_in" default:"5m" min:"1m" max:"1h" doc:"How long a code works."`
	AllowedAttempts      int           `toml:"allowed_attempts" default:"3" min:"1" max:"10" doc:"How many wrong codes end the right one."`
	RequireVerification  bool          `toml:"require_verification" default:"false" doc:"Nobody signs in with a number and a password before the number is proven; such a sign-in sends a code."`
	SignUpOnVerification bool          `toml:"sign_up_on_verification" default:"false" doc:"Who proves a number that nobody has gets an account. When false, codes go only to numbers of users, and to what somebody signed in asks to have."`
	TempEmailDomain      string        `toml:"temp_email_domain" default:"phone.invalid" doc:"Domain of the address that fills the place of one in such an account; no mail goes there."`
}

// SMS is the way out for text messages.
type SMS struct {
	URL              string            `toml:"url" shown:"none: messages are written to outbox/*.eml in the data directory" doc:"Where text messages are posted to, as signed JSON; docs/phone-numbers.md. It may be a private address."`
	Secret           []string          `toml:"secret" secret:"true" doc:"Signs these requests, as in a [[webhook]]; required with url."`
	Headers          map[string]string `toml:"headers" secret:"true" doc:"Further headers of these requests."`
	Timeout          time.Duration     `toml:"timeout" default:"10s" min:"100ms" max:"30s" doc:"How long an answer may take."`
	AllowedCountries []string          `toml:"allowed_countries" doc:"Calling codes of countries that messages go to, such as +49 or +1; all when empty. Say it: messages to far countries are what fraud is after."`
	MaxPerNumber     int               `toml:"max_per_number" default:"5" min:"1" doc:"Most messages to a number in an hour."`
	MaxPerAddress    int               `toml:"max_per_address" default:"20" min:"1" doc:"Most messages that one client address (64 bits of IPv6) causes in an hour."`
	MaxPerNetwork    int               `toml:"max_per_network" default:"60" min:"1" doc:"The same of a network: 24 bits of IPv4, 48 of IPv6. Private networks are not counted as one."`
	MaxPerHour       int               `toml:"max_per_hour" default:"1000" min:"1" doc:"Most messages in an hour in all: what an attack can cost you."`
	Twilio           Twilio            `toml:"twilio"`
}

// Twilio is a provider of text messages, or one that takes the same requests.
type Twilio struct {
	AccountSID string `toml:"account_sid" doc:"Account SID: messages go out by Twilio, or what takes its requests."`
	AuthToken  string `toml:"auth_token" secret:"true" doc:"Its auth token."`
	From       string `toml:"from" doc:"Number that messages come from, such as +15005550006, or the id of a messaging service (MG…)."`
	URL        string `toml:"url" default:"https://api.twilio.com" doc:"Where it is."`
}

// On tells whether the account is configured.
func (t Twilio) On() bool { return t.AccountSID != "" }

// Sends tells whether text messages go out at all.
func (s SMS) Sends() bool { return s.URL != "" || s.Twilio.On() }

// checkSMS looks at [sms] and [phone_number].
func (c *Config) checkSMS() error {
	s := &c.SMS
	refuse := func(key, given, allowed string) error {
		return &complaint{"sms." + key, c.Source("sms." + key), given, allowed}
	}
	for _, code := range s.AllowedCountries {
		digits, plus := strings.CutPrefix(code, "+")
		if !plus || digits == "" || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" || len(digits) > 7 {
			return refuse("allowed_countries", strconv.Quote(code), "calling codes such as +49, +1 or +1242")
		}
	}
	if _, ok := AsciiDomain(c.PhoneNumber.TempEmailDomain); !ok {
		return c.refuse("phone_number.temp_email_domain", c.PhoneNumber.TempEmailDomain, "a domain, such as phone.invalid")
	}
	if domain := strings.ToLower(c.PhoneNumber.TempEmailDomain); c.PhoneNumber.Enabled && c.PhoneNumber.SignUpOnVerification && !c.SignUp.mayBe(domain) {
		return c.refuse("phone_number.sign_up_on_verification", true, "false, or sign_up.allowed_domains and blocked_domains that let in "+domain+", which stands in the place of an address")
	}
	switch {
	case s.URL != "" && s.Twilio.On():
		return refuse("url", "set beside sms.twilio.account_sid", "one of the two")
	case s.URL != "" && !webURL(s.URL):
		return refuse("url", shownURL(s.URL), "an http or https URL, without user and password")
	case s.URL != "":
		if _, err := SigningSecrets(s.Secret); err != nil {
			return refuse("secret", err.Error(), signingKeyForm)
		}
		return checkHeaders(refuse, s.Headers)
	case s.Twilio.On():
		return s.Twilio.check(refuse)
	}
	return nil
}

func (t Twilio) check(refuse refusal) error {
	switch {
	case strings.Trim(t.AccountSID, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "":
		return refuse("twilio.account_sid", strconv.Quote(t.AccountSID), "letters and digits, such as AC0123…")
	case t.AuthToken == "":
		return refuse("twilio.auth_token", "not set", "the account's auth token")
	case t.From == "":
		return refuse("twilio.from", "not set", "a number such as +15005550006, or a messaging service such as MG0123…")
	case !webURL(t.URL):
		return refuse("twilio.url", shownURL(t.URL), "an http or https URL, without user and password")
	}
	return nil
}
