package store_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"authd/auth/internal/store"
)

// crashFile names the file that a child of this test binary works on, and crashStart the number
// it begins to write at.
const (
	crashFile  = "AUTHD_STORE_CRASH_FILE"
	crashStart = "AUTHD_STORE_CRASH_START"
)

func TestMain(m *testing.M) {
	switch path := os.Getenv(crashFile); {
	case path == "":
		os.Exit(m.Run())
	case os.Getenv(crashStart) == "":
		openOnce(path)
	default:
		writeUntilKilled(path)
	}
}

// openOnce does what a short command does with the file.
func openOnce(path string) {
	db, err := openWith(path, files(first, second))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = db.Close()
}

// writeUntilKilled writes from many callers and prints the number of each write once it was
// acknowledged. Every third write is two rows and every seventh takes itself back.
func writeUntilKilled(path string) {
	db, err := openWith(path, files(first))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	start, err := strconv.Atoi(os.Getenv(crashStart))
	if err != nil {
		panic(err)
	}
	var acknowledge sync.Mutex
	ctx := context.Background()
	for worker := range 8 {
		go func() {
			for i := start + worker; ; i += 8 {
				err := db.Write(ctx, func(tx *store.Tx) error {
					if err := put(ctx, tx, fmt.Sprint(i), "1"); err != nil {
						return err
					}
					if i%3 == 0 {
						if err := put(ctx, tx, fmt.Sprint(i, " too"), "1"); err != nil {
							return err
						}
					}
					if i%7 == 0 {
						return io.EOF
					}
					return nil
				})
				if err != nil {
					continue
				}
				acknowledge.Lock()
				fmt.Println(i)
				acknowledge.Unlock()
			}
		}()
	}
	select {}
}

func TestNoAcknowledgedWriteIsLostWhenTheProcessIsKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "authd.db")
	acknowledged := []int{}
	for round := range 20 {
		acknowledged = append(acknowledged, killOne(t, path, round*1_000_000)...)
		db, err := openWith(path, files(first))
		if err != nil {
			t.Fatal(err)
		}
		names, err := store.All(context.Background(), db, func(r *store.Row) string { return r.Text() }, `SELECT name FROM setting`)
		if err != nil {
			t.Fatal(err)
		}
		// Every other round leaves the log as it is for the next child to find.
		if round%2 == 0 {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		} else {
			t.Cleanup(func() { _ = db.Close() })
		}
		verify(t, names, acknowledged)
		if _, err := store.Check(context.Background(), path); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d acknowledged writes outlived 20 kills", len(acknowledged))
	if len(acknowledged) < 1000 {
		t.Fatalf("only %d writes were acknowledged", len(acknowledged))
	}
}

// killOne runs a child, kills it at a random moment and gives the numbers that it printed.
func killOne(t *testing.T, path string, start int) (acknowledged []int) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashFile+"="+path, crashStart+"="+strconv.Itoa(start))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if len(acknowledged) == 0 {
			// From the first write on, so that a slow start is not what is killed.
			time.AfterFunc(time.Duration(rand.IntN(200))*time.Millisecond, func() { _ = child.Process.Kill() })
		}
		number, err := strconv.Atoi(lines.Text())
		if err != nil {
			break // the line that the kill cut
		}
		acknowledged = append(acknowledged, number)
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	return acknowledged
}

func verify(t *testing.T, names []string, acknowledged []int) {
	t.Helper()
	there := map[string]bool{}
	for _, name := range names {
		there[name] = true
	}
	for _, i := range acknowledged {
		if !there[fmt.Sprint(i)] || i%3 == 0 && !there[fmt.Sprint(i, " too")] {
			t.Fatalf("write %d was acknowledged and is lost", i)
		}
	}
	for name := range there {
		if i, err := strconv.Atoi(name); err == nil && (i%7 == 0 || i%3 == 0 && !there[name+" too"]) {
			t.Fatalf("write %d is there in part", i)
		}
	}
}
