package siwe_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"authd/auth/internal/testkit"
)

const onPages = "[siwe]\nenabled = true\n"

func TestAWalletSignsInAtThePage(t *testing.T) {
	s := testkit.Start(t, onPages)
	c, w := s.Client(), newWallet("ada")
	if page := c.Get("./login").Body; !strings.Contains(page, `data-wallet-message="/login/wallet/message"`) || !strings.Contains(page, "/static/wallet.") {
		t.Fatal(page)
	}
	ask := func(address, chain string) *testkit.Answer {
		return c.Form("./login/wallet/message", url.Values{"address": {address}, "chain": {chain}})
	}
	post := func(c *testkit.Client, message, signature string) *testkit.Answer {
		return c.Form("./login/wallet", url.Values{"message": {strings.ReplaceAll(message, "\n", "\r\n")}, "signature": {signature}, "return_to": {"/account/apps"}})
	}
	message := ask(strings.ToLower(w.address), "1").Is(200, "").Field("message")
	if !strings.HasPrefix(message, strings.TrimPrefix(s.URL, "http://")+" wants you to sign in with your Ethereum account:\n"+w.address+"\n") {
		t.Fatal(message)
	}
	a := post(c, message, w.sign(message)).Is(303, "")
	if a.Header.Get("Location") != "/account/apps" || !signedIn(c) {
		t.Fatal(a.Header)
	}
	if c.Cookies["better-auth.dont_remember"] == "" {
		t.Fatal("it outlives the browser, and nobody asked for that")
	}
	again := s.Client()
	if a := post(again, message, w.sign(message)).Is(422, ""); !strings.Contains(a.Body, "The wallet could not be used.") || signedIn(again) {
		t.Fatal("a message counted twice")
	}
	message = ask(w.address, "137").Is(200, "").Field("message")
	post(again, message, newWallet("eve").sign(message)).Is(422, "")
	message = ask(w.address, "137").Is(200, "").Field("message")
	s.Clock.Advance(16 * time.Minute)
	post(again, message, w.sign(message)).Is(422, "")
	if signedIn(again) {
		t.Fatal("somebody was signed in")
	}
	for _, bad := range [][2]string{{"0x12", "1"}, {w.address, "0"}, {w.address, "one"}, {"", ""}} {
		ask(bad[0], bad[1]).Is(401, "")
	}
}

func TestThePagesAskNoWalletForAnotherSite(t *testing.T) {
	for _, toml := range []string{"", on, onPages + "anonymous = false\n"} {
		s := testkit.Start(t, toml)
		if page := s.Client().Get("./login").Body; strings.Contains(page, "wallet") {
			t.Error(toml)
		}
		s.Client().Form("./login/wallet", url.Values{}).Is(404, "")
	}
}

func TestAWalletMakesNoAccountWhereNobodyMay(t *testing.T) {
	s := testkit.Start(t, onPages+"[sign_up]\nmode = \"nobody\"\n")
	c, w := s.Client(), newWallet("ada")
	message := c.Form("./login/wallet/message", url.Values{"address": {w.address}, "chain": {"1"}}).Is(200, "").Field("message")
	c.Form("./login/wallet", url.Values{"message": {message}, "signature": {w.sign(message)}}).Is(403, "")
	if signedIn(c) {
		t.Fatal("somebody was let in")
	}
}
