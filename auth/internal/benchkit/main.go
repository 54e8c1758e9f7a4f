// Command benchkit is the part of tests/bench that needs the server's own packages: it fills a
// data directory with users and sessions, and it runs the password hash by itself.
//
//	benchkit -data DIR -users N      prints the Cookie value of each session, one a line
//	         -clients M              adds M OAuth clients and one grant for each user
//	         -consent ID             each user has allowed the client of that id all that it asks for
//	benchkit -hash 2                 prints CPU nanoseconds a hash, two at a time
//	benchkit -data DIR -inserts 64   prints durable session inserts a second, 64 at once
//
// It is a program and no package, so that nothing of the server can come to need it.
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
	"authd/migrations"
)

func main() {
	data := flag.String("data", "", "data directory that a server has made")
	users := flag.Int("users", 0, "how many users to add, each with one session")
	clients := flag.Int("clients", 0, "how many OAuth clients to add; each user then has a grant of one of them")
	consent := flag.String("consent", "", "id of a client that each user has allowed all that it asks for")
	threads := flag.Int("hash", 0, "hash for a second, this many at a time")
	writers := flag.Int("inserts", 0, "insert sessions for three seconds, this many at a time")
	flag.Parse()
	var err error
	switch {
	case *threads > 0:
		err = hashAlone(*threads, time.Second)
	case *writers > 0:
		err = insertSessions(context.Background(), *data, *writers, 3*time.Second)
	default:
		err = fill(context.Background(), *data, *consent, *users, *clients)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchkit:", err)
		os.Exit(1)
	}
}

// open reads a data directory that a server has made.
func open(ctx context.Context, data string) (*config.Config, *core.Keyring, *store.DB, error) {
	cfg, err := config.Load(config.Options{Environ: []string{"AUTHD_DATA=" + data}})
	if err != nil {
		return nil, nil, nil, err
	}
	keys, err := core.NewKeyring(cfg.Secrets)
	if err != nil {
		return nil, nil, nil, err
	}
	db, err := store.Open(ctx, store.Options{Path: filepath.Join(data, config.DatabaseFileName), Migrations: migrations.FS})
	return cfg, keys, db, err
}

// fill writes the rows as the server would, many to a transaction, and prints the cookies.
func fill(ctx context.Context, data, consent string, users, clients int) error {
	cfg, keys, db, err := open(ctx, data)
	if err != nil {
		return err
	}
	defer db.Close()
	signer, err := keys.Signer("session cookie")
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	if err := db.Write(ctx, func(tx *store.Tx) error { return insertClients(ctx, tx, clients) }); err != nil {
		return fmt.Errorf("add clients: %w", err)
	}
	const batch = 5_000
	for from := 0; from < users; from += batch {
		tokens := make([]string, min(batch, users-from))
		for i := range tokens {
			tokens[i] = core.NewToken(32)
		}
		if err := db.Write(ctx, func(tx *store.Tx) error { return insertPeople(ctx, tx, from, tokens, clients, consent) }); err != nil {
			return fmt.Errorf("add users: %w", err)
		}
		for _, token := range tokens {
			signature := base64.StdEncoding.EncodeToString(signer.Sign([]byte(token)))
			fmt.Fprintf(out, "%s.session_token=%s\n", cfg.Advanced.CookiePrefix, url.QueryEscape(token+"."+signature))
		}
	}
	return out.Flush()
}
