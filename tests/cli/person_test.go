package cli

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
)

// person is a program for BROWSER: somebody who signs in at the address and
// then does what DECISION says: allow, deny, or walk away.
func person() {
	if err := answer(os.Args[1], os.Getenv("DECISION")); err != nil {
		fmt.Fprintln(os.Stderr, "person:", err)
		os.Exit(1)
	}
}

func answer(address, decision string) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	browser := &http.Client{Jar: jar}
	login, _, err := read(browser.Get(address))
	if err != nil || decision == "leave" {
		return err
	}
	flow := login.Query().Get("flow")
	form := url.Values{"flow": {flow}, "email": {"ada@example.com"}, "password": {"correct-horse-battery"}}
	if _, _, err := read(browser.PostForm("http://"+login.Host+"/login", form)); err != nil {
		return err
	}
	_, page, err := read(browser.PostForm("http://"+login.Host+"/consent", url.Values{"flow": {flow}, "decision": {decision}}))
	if err != nil {
		return err
	}
	// The page goes on by itself, for a form may not lead to another origin.
	next := regexp.MustCompile(`http-equiv="refresh" content="0;url=([^"]+)"`).FindStringSubmatch(page)
	if next == nil {
		return fmt.Errorf("the consent page does not go on:\n%s", page)
	}
	_, _, err = read(browser.Get(html.UnescapeString(next[1])))
	return err
}

// read takes the whole page and says where it was in the end.
func read(res *http.Response, err error) (at *url.URL, page string, failed error) {
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.Request.URL, string(body), err
}
