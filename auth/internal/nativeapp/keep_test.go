package nativeapp_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"authd/auth/internal/nativeapp"
)

// ring is a keyring in memory; broken is one that is not there.
type ring struct {
	secrets map[string]string
	broken  bool
}

var errNoKeyring = errors.New("no keyring")

func (r *ring) Set(service, user, secret string) error {
	if r.broken {
		return errNoKeyring
	}
	r.secrets[service+"/"+user] = secret
	return nil
}

func (r *ring) Get(service, user string) (string, error) {
	secret, ok := r.secrets[service+"/"+user]
	if r.broken || !ok {
		return "", errNoKeyring
	}
	return secret, nil
}

func (r *ring) Delete(service, user string) error {
	delete(r.secrets, service+"/"+user)
	return nil
}

func TestTheKeyringKeepsTheTokensWhereThereIsOne(t *testing.T) {
	f := setUp(t)
	keyring := &ring{secrets: map[string]string{}}
	f.app.Store = &nativeapp.Store{File: f.file, Keyring: keyring}
	f.mustLogin(t)
	if _, err := f.app.Token(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.file); !os.IsNotExist(err) || !strings.Contains(keyring.secrets["authd/login"], f.access) || f.app.Store.Where() != "the system keyring" {
		t.Errorf("%v %v %s", err, keyring, f.app.Store.Where())
	}
	if err := f.app.Logout(t.Context()); err != nil || len(keyring.secrets) != 0 {
		t.Errorf("%v %v", err, keyring)
	}
}

func TestTheFileTakesOverWhereThereIsNoKeyring(t *testing.T) {
	f := setUp(t)
	keyring := &ring{secrets: map[string]string{}, broken: true}
	f.app.Store = &nativeapp.Store{File: f.file, Keyring: keyring}
	f.mustLogin(t)
	info, err := os.Stat(f.file)
	if err != nil || info.Mode().Perm() != 0o600 || f.app.Store.Where() != f.file {
		t.Errorf("%v %v", info, err)
	}
	// The keyring appears: renewed tokens stay in the file, a new login moves them.
	keyring.broken = false
	if _, err := f.app.Token(t.Context(), true); err != nil || len(keyring.secrets) != 0 {
		t.Errorf("%v %v", err, keyring)
	}
	f.mustLogin(t)
	if _, err := os.Stat(f.file); !os.IsNotExist(err) || len(keyring.secrets) != 1 {
		t.Errorf("%v %v", err, keyring)
	}
}

func TestTheKeyringVanishesBetweenTwoRefreshes(t *testing.T) {
	f := setUp(t)
	keyring := &ring{secrets: map[string]string{}}
	f.app.Store = &nativeapp.Store{File: f.file, Keyring: keyring}
	f.mustLogin(t)
	kept := keyring.secrets["authd/login"]
	f.app.Store.Keyring = &fading{kept}
	if _, err := f.app.Token(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	tokens, err := f.app.Store.Load()
	if err != nil || tokens.AccessToken != f.access {
		t.Errorf("the spent tokens came back: %v %v", tokens, err)
	}
}

// fading still reads what it holds, but takes nothing new.
type fading struct{ kept string }

func (f *fading) Set(_, _, _ string) error        { return errNoKeyring }
func (f *fading) Get(_, _ string) (string, error) { return f.kept, nil }
func (f *fading) Delete(_, _ string) error        { return errNoKeyring }

func TestAFileThatHoldsSomethingElse(t *testing.T) {
	f := setUp(t)
	if err := os.MkdirAll(filepath.Dir(f.file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.file, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.app.Token(t.Context(), false); err == nil || !strings.Contains(err.Error(), "does not hold tokens of authd") {
		t.Error(err)
	}
}

func TestNewStoreTakesTheNamedFile(t *testing.T) {
	store, err := nativeapp.NewStore("/x/tokens")
	if err != nil || !store.FileOnly || store.File != "/x/tokens" {
		t.Errorf("%+v %v", store, err)
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	store, err = nativeapp.NewStore("")
	if err != nil || store.FileOnly || !strings.HasSuffix(store.File, filepath.Join("authd", "tokens.json")) {
		t.Errorf("%+v %v", store, err)
	}
}
