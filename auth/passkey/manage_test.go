package passkey_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/auth/internal/testkit"
)

func TestAPasskeyIsRenamedByItsOwner(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	ann, bob, a := s.SignUp("ann@example.com"), s.SignUp("bob@example.com"), s.Authenticator()
	add(t, ann, a)
	id := keys(t, ann)[0]["id"]
	got := ann.Post("/passkey/update-passkey", map[string]any{"id": id, "name": " Blue key "}).Is(200, "")
	if got.Field("passkey.name") != "Blue key" || got.Field("passkey.id") != id {
		t.Errorf("renamed to %s", got.Body)
	}
	bob.Post("/passkey/update-passkey", map[string]any{"id": id, "name": "Mine"}).Is(401, "YOU_ARE_NOT_ALLOWED_TO_REGISTER_THIS_PASSKEY")
	bob.Post("/passkey/update-passkey", map[string]any{"id": "none", "name": "Mine"}).Is(404, "PASSKEY_NOT_FOUND")
	if got := bob.Post("/passkey/update-passkey", map[string]any{"id": "", "name": "Mine"}).Is(400, ""); got.Field("message") != "Missing required parameter: id" {
		t.Errorf("no id: %s", got.Body)
	}
	for _, name := range []string{"", " "} {
		if got := ann.Post("/passkey/update-passkey", map[string]any{"id": id, "name": name}).Is(400, "VALIDATION_ERROR").Field("message"); got != "[body.name] Too small: expected string to have >=1 characters" {
			t.Errorf("%q: %s", name, got)
		}
	}
	s.Client().Post("/passkey/update-passkey", map[string]any{"id": id, "name": "Mine"}).Is(401, "UNAUTHORIZED")
	if name := keys(t, ann)[0]["name"]; name != "Blue key" {
		t.Errorf("is called %q", name)
	}
	long := strings.Repeat("ä", 300)
	if got := ann.Post("/passkey/update-passkey", map[string]any{"id": id, "name": long}).Is(200, "").Field("passkey.name"); got != long[:200] {
		t.Errorf("a name of %d bytes was kept", len(got))
	}
}

func TestAPasskeyIsDeletedByItsOwner(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	ann, bob, a := s.SignUp("ann@example.com"), s.SignUp("bob@example.com"), s.Authenticator()
	k := add(t, ann, a)
	id := keys(t, ann)[0]["id"]
	if got := bob.Post("/passkey/delete-passkey", map[string]any{"id": id}).Is(401, ""); got.Body != "" {
		t.Errorf("answered %s", got.Body)
	}
	bob.Post("/passkey/delete-passkey", map[string]any{"id": "none"}).Is(404, "PASSKEY_NOT_FOUND")
	if got := bob.Post("/passkey/delete-passkey", map[string]any{"id": ""}).Is(400, ""); got.Field("message") != "Missing required parameter: id" {
		t.Errorf("no id: %s", got.Body)
	}
	s.Client().Post("/passkey/delete-passkey", map[string]any{"id": id}).Is(401, "UNAUTHORIZED")
	signIn(s.Client(), a, k).Is(200, "")
	if got := ann.Post("/passkey/delete-passkey", map[string]any{"id": id}).Is(200, ""); got.Body != `{"status":true}` {
		t.Errorf("answered %s", got.Body)
	}
	ann.Post("/passkey/delete-passkey", map[string]any{"id": id}).Is(404, "PASSKEY_NOT_FOUND")
	signIn(s.Client(), a, k).Is(401, "PASSKEY_NOT_FOUND")
}

func TestTheLastWayInStays(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[passkey.registration]\nrequire_session = false")
	c, a := s.Client(), s.Authenticator()
	enter(c, a, person("ann@example.com")).Is(200, "")
	first := keys(t, c)[0]["id"]
	c.Post("/passkey/delete-passkey", map[string]any{"id": first}).Is(400, "LAST_WAY_IN")
	signIn(s.Client(), a, a.Keys[0]).Is(200, "")
	add(t, c, a)
	c.Post("/passkey/delete-passkey", map[string]any{"id": first}).Is(200, "")
	if list := keys(t, c); len(list) != 1 || list[0]["id"] == first {
		t.Errorf("left: %v", list)
	}
}

func TestAKeyThatItsAuthenticatorDoesNotKeepIsNoWayIn(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[passkey.registration]\nrequire_session = false")
	c, a, old := s.Client(), s.Authenticator(), s.Authenticator()
	old.KeepsNone = true
	enter(s.Client(), old, person("eve@example.com")).Is(400, "FAILED_TO_VERIFY_REGISTRATION")
	enter(s.Client(), a.In(t), person("eve@example.com")).Is(200, "") // no account was in the way
	enter(c, a, person("ann@example.com")).Is(200, "")
	first := keys(t, c)[0]["id"]
	add(t, c, old)
	c.Post("/passkey/delete-passkey", map[string]any{"id": first}).Is(400, "LAST_WAY_IN")
	second := keys(t, c)[1]["id"]
	c.Post("/passkey/delete-passkey", map[string]any{"id": second}).Is(200, "")
	if list := keys(t, c); len(list) != 1 || list[0]["id"] != first {
		t.Errorf("left: %v", list)
	}
}

func TestAKeyThatWasMadeWithoutItsPersonIsAWayInOnceItHasSignedIn(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "[passkey.registration]\nrequire_session = false")
	c, a, touched := s.Client(), s.Authenticator(), s.Authenticator()
	enter(c, a, person("ann@example.com")).Is(200, "")
	first := keys(t, c)[0]["id"]
	touched.Verified = false
	enter(s.Client(), touched, person("eve@example.com")).Is(400, "FAILED_TO_VERIFY_REGISTRATION")
	k := add(t, c, touched)
	signIn(c, touched, k).Is(200, "") // named: who is signed in asked
	c.Post("/passkey/delete-passkey", map[string]any{"id": first}).Is(400, "LAST_WAY_IN")
	signIn(s.Client(), touched, k).Is(200, "")
	c.Post("/passkey/delete-passkey", map[string]any{"id": first}).Is(200, "")
	c.Post("/passkey/delete-passkey", map[string]any{"id": keys(t, c)[0]["id"]}).Is(400, "LAST_WAY_IN")
}

func TestADeletedUsersPasskeysAreGone(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	ann, a := s.SignUp("ann@example.com"), s.Authenticator()
	k := add(t, ann, a)
	ann.Post("/delete-user", map[string]any{"password": testkit.Password}).Is(200, "")
	signIn(s.Client(), a, k).Is(401, "PASSKEY_NOT_FOUND")
}

func TestWhoRegisteredAnAddressBeforeItsOwnerKeepsNoKeyToIt(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	thief, a := s.SignUp("ann@example.com"), s.Authenticator()
	k := add(t, thief, a)
	err := s.Services.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		u, err := s.Services.Core.UserByEmail(t.Context(), tx, "ann@example.com")
		if err != nil {
			return err
		}
		return s.Services.Core.ClaimMailbox(t.Context(), tx, u)
	})
	if err != nil {
		t.Fatal(err)
	}
	signIn(s.Client(), a, k).Is(401, "PASSKEY_NOT_FOUND")
}

func TestABannedPersonsPasskeyOpensNothing(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	a := s.Authenticator()
	k := add(t, s.SignUp("ann@example.com"), a)
	err := s.Services.Core.DB.Write(t.Context(), func(tx *store.Tx) error {
		u, err := s.Services.Core.UserByEmail(t.Context(), tx, "ann@example.com")
		if err != nil {
			return err
		}
		u.Banned = true
		return s.Services.Core.SaveUser(t.Context(), tx, u)
	})
	if err != nil {
		t.Fatal(err)
	}
	c := s.Client()
	signIn(c, a, k).Is(403, "BANNED_USER")
	if c.HoldsSession() {
		t.Error("signed in")
	}
}

func TestSignalsTellWhichKeysCount(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "")
	ann, a := s.SignUp("ann@example.com"), s.Authenticator()
	if got := ann.Get("/passkey/signals").Is(200, ""); got.Body != `{"rpId":"127.0.0.1","accepted":[],"details":[]}` {
		t.Errorf("without a key: %s", got.Body)
	}
	k, k2 := add(t, ann, a), add(t, ann, a)
	handle := base64.RawURLEncoding.EncodeToString(k.Handle)
	want := `{"rpId":"127.0.0.1","accepted":[{"userId":"` + handle + `","allAcceptedCredentialIds":["` + k.CredentialID() + `","` + k2.CredentialID() + `"]}],` +
		`"details":[{"userId":"` + handle + `","name":"ann@example.com","displayName":"ann@example.com"}]}`
	if got := ann.Get("/passkey/signals").Is(200, ""); got.Body != want {
		t.Errorf("got %s, want %s", got.Body, want)
	}
	if got := s.SignUp("bob@example.com").Get("/passkey/signals").Is(200, ""); strings.Contains(got.Body, k.CredentialID()) {
		t.Errorf("Bob is told of Ann's: %s", got.Body)
	}
}

func TestAKeyThatVerifiesItsPersonIsTwoFactors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		atFirst, now, want bool
	}{
		"verified at the making and now": {true, true, true},
		"not now":                        {true, false, false},
		"now, but not when it was made":  {false, true, false},
	} {
		s := testkit.Start(t, "")
		var told []*core.SignIn
		s.Services.Core.SessionCreated.On(func(_ context.Context, _ *store.Tx, e core.SessionCreated) error {
			if e.Method == "passkey" {
				told = append(told, e.SignIn)
			}
			return nil
		})
		ann, a := s.SignUp("ann@example.com"), s.Authenticator()
		a.Verified = c.atFirst
		k := add(t, ann, a)
		a.Verified = c.now
		signIn(s.Client(), a, k).Is(200, "")
		amr := "pop user"
		if c.want {
			amr += " mfa"
		}
		if len(told) != 1 || told[0].MultiFactor != c.want || strings.Join(told[0].AMR, " ") != amr {
			t.Errorf("%s: %+v", name, told)
		}
	}
}
