package wire

import (
	"encoding/json"
	"net/url"
	"testing"

	"authd/tests/authdtest"
)

// passkeySetup answers a challenge (path) as an authenticator does, into ${passkey}.
func passkeySetup(t *testing.T, s *stage, st step) bool {
	t.Helper()
	at, err := url.Parse(s.target.url())
	if err != nil {
		t.Fatal(err)
	}
	if s.passkey == nil {
		if s.passkey, err = authdtest.NewPasskey(s.target.url(), at.Hostname()); err != nil {
			t.Fatal(err)
		}
	}
	var answer json.RawMessage
	switch st.Setup {
	case "passkey-create":
		answer, err = s.passkey.Create(s.fill(st.Path))
	case "passkey-get":
		answer, err = s.passkey.Get(s.fill(st.Path))
	case "passkey-forge": // another key under the same id
		var other *authdtest.Passkey
		if other, err = s.passkey.Forged(); err == nil {
			answer, err = other.Get(s.fill(st.Path))
		}
	default:
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	s.values["passkey"] = string(answer)
	return true
}

func unprovokedOfPasskeys(reasons map[string]string) {
	for e, reason := range map[string]string{
		"POST /passkey/update-passkey 500 FAILED_TO_UPDATE_PASSKEY":                          unreachable,
		"POST /passkey/verify-authentication 400 ":                                           setUpOther,
		"POST /passkey/verify-authentication 500 ":                                           unreachable,
		"POST /passkey/verify-authentication 500 UNABLE_TO_CREATE_SESSION":                   unreachable,
		"POST /passkey/verify-registration 400 FAILED_TO_VERIFY_REGISTRATION":                setUpOther,
		"POST /passkey/verify-registration 400 RESOLVED_USER_INVALID":                        setUpOther,
		"POST /passkey/verify-registration 401 YOU_ARE_NOT_ALLOWED_TO_REGISTER_THIS_PASSKEY": setUpOther,
		"POST /passkey/verify-registration 500 UNABLE_TO_CREATE_SESSION":                     unreachable,
		"POST /passkey/verify-registration 500 USER_NOT_FOUND":                               unreachable,
	} {
		reasons[e] = reason
	}
}

func passkeyDeviations() []deviation {
	return []deviation{
		{
			ID:         "a-bad-passkey-is-no-fault-of-the-server",
			BetterAuth: "`POST /passkey/verify-registration` answers 500 to what cannot be verified, and takes any list for `transports`. A signature that cannot be read is 400 at `/passkey/verify-authentication`, a wrong one 401.",
			Authd:      "The first is 400, with the same code, and so are transports that are no texts; both of the latter are 401.",
			Why:        "The request is at fault; a 500 wakes whoever runs the server.",
			Recordings: []int{7901},
			Change: func(_ recording, e exchange) exchange {
				e.Status = 400
				return e
			},
		},
		{
			ID:         "the-last-way-in-stays",
			BetterAuth: "`POST /passkey/delete-passkey` deletes the only thing that somebody can sign in with.",
			Authd:      "It answers 400 `LAST_WAY_IN`.",
			Why:        "Nobody is to lock themselves out by a click.",
		},
		{
			ID:         "a-credential-has-one-owner",
			BetterAuth: "The same passkey can be registered twice, by another person too; a counter that went back, and a passkey of another user than the one that was asked for, are only partly looked at.",
			Authd:      "A credential id is unique; a counter that goes back refuses the sign-in and marks the passkey; where options named somebody's passkeys, only those count; a change of the backup eligibility is refused.",
			Why:        "WebAuthn Level 3, sections 7.1 (step 26) and 7.2 (steps 5, 18 and 22).",
		},
		{
			ID:         "one-user-handle",
			BetterAuth: "Each registration has another user handle.",
			Authd:      "A person has one, random, for all passkeys that are made here.",
			Why:        "Authenticators then show one account, and the Signal API can speak of all of its passkeys at once.",
		},
		{
			ID:         "passkey-sign-up-has-no-callbacks",
			BetterAuth: "With `registration.requireSession: false`, functions of the app's own say who a passkey is for.",
			Authd:      "`context` is JSON with `name` and `email`, and the person gets an account as by any other sign-up; who is signed in needs a fresh session all the same.",
			Why:        "There are no functions of the app's own here.",
		},
		{
			ID:         "a-first-passkey-signs-in-alone",
			BetterAuth: "An account may begin with a passkey that its authenticator does not keep, or that was made without PIN, finger or face; nothing tells such a key from others.",
			Authd:      "Options for an account that is to be made ask for a key that is kept (`residentKey: required`) and verifies its person (`userVerification: required`), and no other is taken. One that is added later is kept in mind as no way in until somebody has signed in with it alone.",
			Why:        "Browsers find no such key without knowing whose it is, so that nobody could sign in again.",
		},
	}
}
