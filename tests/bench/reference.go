package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// reference adds rows for a better-auth server that somebody started (its rate limit off).
// It is measured the same way, one user's session being enough for its reads.
func (b *bench) reference(ctx context.Context, at string) error {
	s, err := findServer(at)
	if err != nil {
		return err
	}
	people, err := b.people(s, 16)
	if err != nil {
		return err
	}
	cookie, err := signedInCookie(s, people[0])
	if err != nil {
		return err
	}
	measured := []struct {
		what        string
		connections int
		worker      func(int) operation
	}{
		{"get-session by database", connections, sessionReads(s.host, []string{cookie})},
		{"sign-in (its scrypt) at 1 connection", 1, signInAs(s.host, people, false)},
		{"sign-in (its scrypt) at 16 connections", 16, signInAs(s.host, people, false)},
		{"discovery", connections, reads(s.host, "/api/auth/.well-known/openid-configuration")},
		{"JWKS", connections, reads(s.host, "/api/auth/jwks")},
	}
	for _, m := range measured {
		f, err := b.compare(ctx, s, m.connections, m.worker)
		if err != nil {
			return fmt.Errorf("%s: %w", m.what, err)
		}
		b.table.addMultiple("reference: "+m.what, 0, f)
	}
	return b.referenceOAuth(ctx, s, cookie)
}

func (b *bench) referenceOAuth(ctx context.Context, s *server, cookie string) error {
	party, err := register(s, cookie)
	if err != nil {
		return err
	}
	for _, m := range []struct {
		what string
		do   func(relyingParty) operation
	}{
		{"code + PKCE flow, both requests", relyingParty.flows},
		{"token refresh, rotated, 8 connections", relyingParty.refresher},
	} {
		f, err := b.compare(ctx, s, 8, func(int) operation { return m.do(party) })
		if err != nil {
			return fmt.Errorf("%s: %w", m.what, err)
		}
		b.table.addMultiple("reference: "+m.what, 0, f)
	}
	if s.pid == 0 {
		return nil
	}
	rss, err := s.memory()
	b.table.add(line{what: "reference: memory, after load", measured: megabytes(rss)})
	return err
}

func signedInCookie(s *server, email string) (string, error) {
	c, err := dial(s.addr)
	if err != nil {
		return "", err
	}
	defer c.close()
	if err := errors.Join(c.do(signInRequest(s.host, email)), c.want(200)); err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	return c.cookies(), nil
}

// register makes an OAuth client by dynamic registration and gives the user's consent once.
func register(s *server, cookie string) (relyingParty, error) {
	c, err := dial(s.addr)
	if err != nil {
		return relyingParty{}, err
	}
	defer c.close()
	origin := "Origin: http://" + s.host
	body := fmt.Sprintf(`{"redirect_uris":[%q],"client_name":"Bench","scope":"openid profile email offline_access","grant_types":["authorization_code","refresh_token"]}`, redirectURI)
	if err := errors.Join(c.do(postJSON(s.host, "/api/auth/oauth2/register", body, origin)), c.want(201)); err != nil {
		return relyingParty{}, fmt.Errorf("register a client: %w", err)
	}
	party := relyingParty{host: s.host, id: c.field("client_id"), secret: c.field("client_secret"), cookie: cookie}
	if err := errors.Join(c.do(party.authorize()), c.want(302)); err != nil {
		return relyingParty{}, fmt.Errorf("authorize: %w", err)
	}
	_, query, _ := strings.Cut(c.header("Location"), "?")
	consent, err := json.Marshal(map[string]any{"accept": true, "oauth_query": query})
	if err != nil {
		return relyingParty{}, err
	}
	if err := errors.Join(c.do(postJSON(s.host, "/api/auth/oauth2/consent", string(consent), origin, "Cookie: "+cookie)), c.want(200)); err != nil {
		return relyingParty{}, fmt.Errorf("consent: %w", err)
	}
	return party, nil
}

// findServer takes a port or a URL and finds the process that listens there, for its CPU time.
func findServer(at string) (*server, error) {
	if _, err := strconv.Atoi(at); err == nil {
		at = "http://localhost:" + at
	}
	u, err := url.Parse(at)
	if err != nil || u.Port() == "" {
		return nil, fmt.Errorf("-reference takes a port or a URL with one, not %q", at)
	}
	s := &server{name: "the reference", addr: "localhost:" + u.Port(), host: u.Host}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		return nil, err
	}
	inode, err := listeningInode(port)
	if err != nil {
		return nil, err
	}
	s.pid, err = ownerOf("socket:[" + inode + "]")
	return s, err
}

// listeningInode finds the socket that listens on a port (proc(5), /proc/net/tcp: state 0A).
func listeningInode(port int) (string, error) {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) > 9 && f[3] == "0A" && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
				return f[9], nil
			}
		}
	}
	return "", fmt.Errorf("nothing listens on port %d", port)
}

func ownerOf(socket string) (int, error) {
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return 0, err
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == socket {
			return strconv.Atoi(strings.Split(link, "/")[2])
		}
	}
	return 0, fmt.Errorf("no process of mine owns %s", socket)
}
