package breach_test

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth"
	"authd/auth/internal/config"
	"authd/auth/internal/testkit"
)

const (
	leaked = "correct-horse-battery"
	good   = "a password that nobody has had"
)

// digits are the SHA-1 of a password, as the lists have it.
func digits(password string) string {
	sum := sha1.Sum([]byte(password))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// service plays the range API of Have I Been Pwned.
type service struct {
	mu     sync.Mutex
	asked  []string
	padded bool
	status int // instead of an answer
	lines  func(prefix string) string
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	prefix := strings.TrimPrefix(r.URL.Path, "/range/")
	s.asked = append(s.asked, prefix)
	s.padded = r.Header.Get("Add-Padding") == "true"
	if s.status != 0 {
		w.WriteHeader(s.status)
		return
	}
	fmt.Fprint(w, s.lines(prefix))
}

func (s *service) questions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// knows answers with the leaked password among others, and padding.
func knows(prefix string) string {
	lines := []string{strings.Repeat("0", 35) + ":3", strings.Repeat("F", 35) + ":0"}
	if full := digits(leaked); full[:5] == prefix {
		lines = append(lines, full[5:]+":12")
	}
	if full := digits(good); full[:5] == prefix {
		lines = append(lines, full[5:]+":0") // padding
	}
	return strings.Join(lines, "\r\n")
}

func startWith(t *testing.T, api *service, more string) *testkit.Server {
	t.Helper()
	front := httptest.NewServer(api)
	t.Cleanup(front.Close)
	return testkit.Start(t, "[have_i_been_pwned]\nenabled = true\nurl = \""+front.URL+"\"\n"+more)
}

func signUp(c *testkit.Client, email, password string) *testkit.Answer {
	return c.Post("/sign-up/email", map[string]any{"name": "Ada", "email": email, "password": password})
}

func TestANewPasswordFromABreachIsRefused(t *testing.T) {
	api := &service{lines: knows}
	s := startWith(t, api, "")
	c := s.Client()
	a := signUp(c, "ada@example.com", leaked).Is(400, "PASSWORD_COMPROMISED")
	if want := "The password you entered has been compromised. Please choose a different password."; a.Field("message") != want {
		t.Errorf("message %q", a.Field("message"))
	}
	if !api.padded {
		t.Error("the answer's length was not hidden")
	}
	for _, asked := range api.questions() {
		if len(asked) != 5 {
			t.Errorf("the service learned %q of the password", asked)
		}
	}
	s.Client().Post("/sign-in/email", map[string]any{"email": "ada@example.com", "password": leaked}).Is(401, "INVALID_EMAIL_OR_PASSWORD")
	signUp(c, "ada@example.com", good).Is(200, "")
	c.Post("/change-password", map[string]any{"currentPassword": good, "newPassword": leaked}).Is(400, "PASSWORD_COMPROMISED")
	s.Client().Post("/sign-in/email", map[string]any{"email": "ada@example.com", "password": good}).Is(200, "")
}

func TestAPasswordThatSomebodyHasIsNotAskedAbout(t *testing.T) {
	api := &service{lines: func(string) string { return "" }}
	s := startWith(t, api, "")
	signUp(s.Client(), "ada@example.com", leaked).Is(200, "")
	before := len(api.questions())
	s.Client().Post("/sign-in/email", map[string]any{"email": "ada@example.com", "password": leaked}).Is(200, "")
	if n := len(api.questions()); n != before {
		t.Errorf("a sign-in asked %d times", n-before)
	}
}

func TestAnswersAreKeptForAWhile(t *testing.T) {
	api := &service{lines: knows}
	s := startWith(t, api, "")
	for range 3 {
		signUp(s.Client(), "ada@example.com", leaked).Is(400, "PASSWORD_COMPROMISED")
	}
	if n := len(api.questions()); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	s.Clock.Advance(11 * time.Minute)
	signUp(s.Client(), "ada@example.com", leaked).Is(400, "PASSWORD_COMPROMISED")
	if n := len(api.questions()); n != 2 {
		t.Errorf("asked %d times, want twice", n)
	}
}

func TestWithoutAnAnswerThePasswordIsTaken(t *testing.T) {
	api := &service{status: 503}
	s := startWith(t, api, "")
	signUp(s.Client(), "ada@example.com", leaked).Is(200, "")
	if len(api.questions()) == 0 {
		t.Error("nobody was asked")
	}
}

func TestAServiceThatHangsIsNotWaitedFor(t *testing.T) {
	release := make(chan struct{})
	front := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(front.Close)
	t.Cleanup(func() { close(release) })
	s := testkit.Start(t, "[have_i_been_pwned]\nenabled = true\ntimeout = \"50ms\"\nurl = \""+front.URL+"\"\n")
	signUp(s.Client(), "ada@example.com", leaked).Is(200, "")
}

func TestOffMeansNobodyIsAsked(t *testing.T) {
	api := &service{lines: knows}
	front := httptest.NewServer(api)
	t.Cleanup(front.Close)
	s := testkit.Start(t, "[have_i_been_pwned]\nurl = \""+front.URL+"\"\n")
	signUp(s.Client(), "ada@example.com", leaked).Is(200, "")
	if n := len(api.questions()); n != 0 {
		t.Errorf("asked %d times", n)
	}
}

func TestThePagesSayIt(t *testing.T) {
	s := startWith(t, &service{lines: knows}, "")
	page := s.Client().Form("./signup", url.Values{"name": {"Ada"}, "email": {"ada@example.com"}, "password": {leaked}})
	if page.Status != 422 || !strings.Contains(page.Body, "known from a breach") || strings.Contains(page.Body, leaked) {
		t.Errorf("%d %s", page.Status, page.Body)
	}
}

// TestAListOnThisServer: a file of hashes in order is found in at every place, and
// a directory of range files too.
func TestAListOnThisServer(t *testing.T) {
	known := make([]string, 300)
	for i := range known {
		known[i] = digits(fmt.Sprintf("known password %d", i))
	}
	known = append(known, digits(leaked))
	slices.Sort(known)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("ranges/00000.txt", "")
	for _, full := range known {
		write("ranges/"+full[:5]+".txt", strings.Repeat("A", 35)+":0\r\n"+full[5:]+":2\r\n")
	}
	for name, path := range map[string]string{
		"lines with counts":           write("counts.txt", strings.Join(known, ":7\r\n")+":7\r\n"),
		"lines without, and no end":   write("plain.txt", strings.Join(known, "\n")),
		"a directory of range files ": filepath.Join(dir, "ranges"),
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, "[have_i_been_pwned]\nenabled = true\npath = \""+path+"\"\n")
			for _, password := range []string{leaked, "known password 0", "known password 299", passwordAt(known, 0), passwordAt(known, len(known)-1)} {
				signUp(s.Client(), "ada@example.com", password).Is(400, "PASSWORD_COMPROMISED")
			}
			signUp(s.Client(), "ada@example.com", good).Is(200, "")
		})
	}
}

// passwordAt is the password whose hash stands at a place of the list.
func passwordAt(known []string, at int) string {
	for i := range 300 {
		if password := fmt.Sprintf("known password %d", i); digits(password) == known[at] {
			return password
		}
	}
	return leaked
}

func TestAListThatIsNotThereStopsTheStart(t *testing.T) {
	dir := t.TempDir()
	noList := filepath.Join(dir, "words.txt")
	if err := os.WriteFile(noList, []byte("password\nsecret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"nothing": filepath.Join(dir, "none"), "no hashes": noList, "an empty directory": t.TempDir()} {
		cfg, err := config.Load(config.Options{Environ: []string{
			"AUTHD_DATA=" + t.TempDir(), "AUTHD_SECRET=" + strings.Repeat("s", 40), "AUTHD_HAVE_I_BEEN_PWNED__ENABLED=true", "AUTHD_HAVE_I_BEEN_PWNED__PATH=" + path,
		}})
		if err != nil {
			t.Fatal(err)
		}
		server, err := auth.New(t.Context(), cfg, auth.Deps{})
		if err == nil || !strings.Contains(err.Error(), "have_i_been_pwned.path") {
			t.Errorf("%s: %v", name, err)
		}
		if server != nil {
			_ = server.Close()
		}
	}
}
