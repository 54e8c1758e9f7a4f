// Package conformance holds authd against the test plans of the OpenID Foundation's
// conformance suite, module by module, from outside: over HTTP, with clients that
// register themselves and a browser that follows links and fills in forms. The
// suite itself is a program of its own (docs/conformance.md says how to run it);
// these tests are what its modules ask, written anew, so that every change is held
// against them. Each subtest has the name of its module.
package conformance

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"authd/tests/authdtest"
)

func TestMain(m *testing.M) { os.Exit(authdtest.Main(m)) }

const (
	email    = "ada@example.com"
	password = "correct-horse-battery"
)

// plan is one of the suite's test plans.
type plan struct {
	name    string
	mode    string // response_mode, "" for none
	modules []module
}

// module is one test of a plan. with is what its client registers beyond the rest.
type module struct {
	name string
	with map[string]any
	run  func(c *client)
}

// TestPlans runs every module of every plan, each with a client and a browser of its own.
func TestPlans(t *testing.T) {
	s := start(t)
	for _, p := range []plan{
		{"oidcc-basic", "", basicModules()},
		{"oidcc-formpost-basic", "form_post", basicModules()},
		{"oidcc-config", "", configModules()},
		{"oidcc-dynamic", "", dynamicModules()},
		{"oidcc-rp-initiated-logout", "", rpInitiatedModules()},
		{"oidcc-backchannel-rp-initiated-logout", "", backChannelModules()},
		{"oidcc-frontchannel-rp-initiated-logout", "", frontChannelModules()},
		{"oidcc-3rdparty-init-login", "", initiatedLoginModules()},
	} {
		t.Run(p.name, func(t *testing.T) {
			for _, m := range p.modules {
				t.Run(m.name, func(t *testing.T) {
					t.Parallel()
					m.run(s.client(t, p.mode, m.with))
				})
			}
		})
	}
}

// suite is a server under test, and the world around it.
type suite struct {
	*authdtest.Server
	outside  *outside
	metadata map[string]any
}

func start(t *testing.T) *suite {
	t.Helper()
	world := &outside{pages: map[string]string{}, heard: map[string][]string{}}
	there := httptest.NewServer(world)
	t.Cleanup(there.Close)
	s := &suite{outside: world, Server: authdtest.Start(t, authdtest.Options{TOML: settings(t), Env: map[string]string{"AUTHD_TEST_EGRESS": there.URL}})}
	s.Client().Post(t, "/sign-up/email", map[string]string{
		"email": email, "password": password, "name": "Ada Lovelace", "image": "https://rp.example/ada.png",
	}).Want(t, http.StatusOK)
	s.Client().Get(t, "=/.well-known/openid-configuration").Want(t, http.StatusOK).Decode(t, &s.metadata)
	return s
}

// outside is every other server: pages by address, and the logout tokens that came.
type outside struct {
	mu    sync.Mutex
	pages map[string]string
	heard map[string][]string
}

// ServeHTTP implements http.Handler for what authd sends out, whatever its address.
func (o *outside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	address := r.Header.Get("X-Authd-Egress-Url")
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.Method == http.MethodPost {
		form, err := url.ParseQuery(string(body))
		if err != nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			http.Error(w, "not a form", http.StatusBadRequest)
			return
		}
		o.heard[address] = append(o.heard[address], form.Get("logout_token"))
		return
	}
	page, there := o.pages[address]
	if !there {
		http.NotFound(w, r)
		return
	}
	if strings.HasPrefix(page, "{") || strings.HasPrefix(page, "[") {
		w.Header().Set("Content-Type", "application/json")
	}
	_, _ = io.WriteString(w, page)
}

// put sets what is at an address.
func (o *outside) put(t *testing.T, address string, page any) {
	t.Helper()
	text, isText := page.(string)
	if !isText {
		raw, err := json.Marshal(page)
		if err != nil {
			t.Fatal(err)
		}
		text = string(raw)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pages[address] = text
}

// tokens are the logout tokens that came to an address.
func (o *outside) tokens(address string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string{}, o.heard[address]...)
}

// text is a member of the metadata that is a text.
func (s *suite) text(t *testing.T, name string) string {
	t.Helper()
	text, ok := s.metadata[name].(string)
	if !ok {
		t.Fatalf("the metadata has no %s", name)
	}
	return text
}

// texts is a member that is a list of texts; nil when it is not there.
func (s *suite) texts(t *testing.T, name string) []string {
	t.Helper()
	if s.metadata[name] == nil {
		return nil
	}
	list, ok := s.metadata[name].([]any)
	if !ok || len(list) == 0 {
		t.Fatalf("%s is %v, want a list", name, s.metadata[name])
	}
	var texts []string
	for _, one := range list {
		text, ok := one.(string)
		if !ok || text == "" {
			t.Fatalf("%s has %v, want a text", name, one)
		}
		texts = append(texts, text)
	}
	return texts
}
