package config

import "time"

// MagicLink is signing in with a link in a mail.
type MagicLink struct {
	Enabled         bool          `toml:"enabled" default:"false" doc:"People sign in with a link that is mailed to them; who has no account gets one by it, where sign-ups are open."`
	ExpiresIn       time.Duration `toml:"expires_in" default:"5m" min:"1m" max:"1d" doc:"How long such a link works."`
	DisableSignUp   bool          `toml:"disable_sign_up" default:"false" doc:"Such a link makes no account; an unknown address gets no mail, and the answer does not tell."`
	AllowedAttempts int           `toml:"allowed_attempts" default:"1" min:"1" max:"1" doc:"A link works once; there is no other choice."`
	StoreToken      string        `toml:"store_token" default:"hashed" allowed:"hashed" doc:"What is kept of a link is a hash; there is no other choice."`
}

// EmailOTP is codes in mails: to sign in, to prove an address, to reset a password.
type EmailOTP struct {
	Enabled                          bool           `toml:"enabled" default:"false" doc:"People sign in with a code that is mailed to them, and use one to prove an address or to choose a new password; who has no account gets one by it, where sign-ups are open."`
	OTPLength                        int            `toml:"otp_length" default:"6" min:"6" max:"12" doc:"Digits of such a code."`
	ExpiresIn                        time.Duration  `toml:"expires_in" default:"5m" min:"1m" max:"1d" doc:"How long such a code works."`
	AllowedAttempts                  int            `toml:"allowed_attempts" default:"3" min:"1" max:"10" doc:"Wrong codes after which a code works no more. After 15 for one address in an hour none works until the hour is over."`
	DisableSignUp                    bool           `toml:"disable_sign_up" default:"false" doc:"Such a code makes no account; an unknown address gets no mail, and the answer does not tell."`
	SendVerificationOnSignUp         bool           `toml:"send_verification_on_sign_up" default:"false" doc:"Who signs up with a password gets a code that proves the address, beside the link of email_verification.send_on_sign_up."`
	OverrideDefaultEmailVerification bool           `toml:"override_default_email_verification" default:"false" doc:"Addresses are proven with a code instead of a link, everywhere."`
	ResendStrategy                   string         `toml:"resend_strategy" default:"rotate" allowed:"rotate,reuse" doc:"Who asks again gets another code, and the former works no more (rotate), or the same code for longer (reuse)."`
	StoreOTP                         string         `toml:"store_otp" default:"hashed" allowed:"hashed" doc:"What is kept of a code does not tell it without the secret; there is no other choice."`
	ChangeEmail                      OTPChangeEmail `toml:"change_email"`
}

// OTPChangeEmail is replacing one's address with a code.
type OTPChangeEmail struct {
	Enabled            bool `toml:"enabled" default:"false" doc:"Apps may have a person's address replaced with a code that is mailed to the new one."`
	VerifyCurrentEmail bool `toml:"verify_current_email" default:"false" doc:"That takes a code that was mailed to the current address, too."`
}
