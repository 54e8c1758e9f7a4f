package hashing_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"authd/auth/internal/hashing"
)

func pool(t *testing.T, o hashing.Options) *hashing.Pool {
	t.Helper()
	p := hashing.New(o)
	t.Cleanup(p.Close)
	return p
}

func TestHashVerifies(t *testing.T) {
	p := pool(t, hashing.Options{})
	const password = "correct horse battery"
	encoded, err := p.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(encoded, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("%s is not of the intended cost", encoded)
	}
	for _, c := range []struct {
		rule, password string
		ok             bool
	}{
		{"the same password", password, true},
		{"another password", "correct horse batterz", false},
		{"no password", "", false},
	} {
		t.Run(c.rule, func(t *testing.T) {
			ok, rehash, err := p.Verify(t.Context(), encoded, c.password)
			if ok != c.ok || rehash || err != nil {
				t.Errorf("got %v, rehash %v, %v", ok, rehash, err)
			}
		})
	}
	again, err := p.Hash(t.Context(), password)
	if err != nil || again == encoded {
		t.Errorf("two hashes of one password are the same (%v)", err)
	}
}

func TestPasswordIsNormalised(t *testing.T) {
	p := pool(t, hashing.Options{})
	encoded, err := p.Hash(t.Context(), "A\u030angstro\u0308m \ufb01sh") // combining marks, a ligature
	if err != nil {
		t.Fatal(err)
	}
	ok, _, err := p.Verify(t.Context(), encoded, "\u00c5ngstr\u00f6m fish")
	if !ok || err != nil {
		t.Errorf("the same text in another Unicode form: %v, %v", ok, err)
	}
}

func TestHashesFromElsewhereVerifyAndAskForARehash(t *testing.T) {
	p := pool(t, hashing.Options{})
	for _, c := range []struct{ rule, encoded, password string }{
		{"better-auth's scrypt", "046c615a24d2fe55c49ec75375b27c25:0c9cda3fb0f071f73bed629a198f8fc83f9a9a2bf4fdd710c8bb9fc62e3cf8865cf246f5ec8609c854bc0037bd2f5ea5816f7714812a53bf5a07a38c28fd616a", "correct horse battery"},
		{"better-auth's scrypt, full-width letters", "087a33456ef8c68b4a3eed65459528fa:b617e9f7659c79f691a23bea8157515b4ed6d498948b41437ed0fecb2fb9eacba52f259dbf69c01aab05be78f2b1da945190b6a69a37071a6bba02bd8e239b1a", "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44 \uff11\uff12\uff13"},
		{"better-auth's scrypt, normalised letters", "087a33456ef8c68b4a3eed65459528fa:b617e9f7659c79f691a23bea8157515b4ed6d498948b41437ed0fecb2fb9eacba52f259dbf69c01aab05be78f2b1da945190b6a69a37071a6bba02bd8e239b1a", "password 123"},
		{"bcrypt 2a", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
		{"bcrypt 2y", "$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq", "rasmuslerdorf"},
		{"bcrypt 2b of what was typed, not normalised", "$2b$05$abcdefghijklmnopqrstuuuH1umjlfF3ekqFywf0.g4io9AhB9bR2", "na\u00efve p\u00e4ssword"},
		{"argon2id of 64 MiB", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
		{"argon2id of two lanes", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			ok, rehash, err := p.Verify(t.Context(), c.encoded, c.password)
			if !ok || !rehash || err != nil {
				t.Errorf("right password: got %v, rehash %v, %v", ok, rehash, err)
			}
			ok, rehash, err = p.Verify(t.Context(), c.encoded, c.password+"x")
			if ok || rehash || err != nil {
				t.Errorf("wrong password: got %v, rehash %v, %v", ok, rehash, err)
			}
		})
	}
}

func TestUnsupportedHashIsAnErrorWithoutTheHash(t *testing.T) {
	p := pool(t, hashing.Options{})
	const salt, key = "c29tZXNhbHQ", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for _, c := range []struct{ rule, encoded string }{
		{"nothing", ""},
		{"plain text", "hunter2hunter2"},
		{"argon2i", "$argon2i$v=19$m=65536,t=2,p=1$" + salt + "$" + key},
		{"old version", "$argon2id$v=16$m=65536,t=2,p=1$" + salt + "$" + key},
		{"memory beyond the bound", "$argon2id$v=19$m=4194304,t=1,p=1$" + salt + "$" + key},
		{"memory beyond 32 bits", "$argon2id$v=19$m=4294967296,t=1,p=1$" + salt + "$" + key},
		{"no memory", "$argon2id$v=19$m=0,t=1,p=1$" + salt + "$" + key},
		{"passes beyond the bound", "$argon2id$v=19$m=64,t=1000000,p=1$" + salt + "$" + key},
		{"memory and passes each within bounds, together not", "$argon2id$v=19$m=131072,t=16,p=1$" + salt + "$" + key},
		{"no pass", "$argon2id$v=19$m=64,t=0,p=1$" + salt + "$" + key},
		{"no lane", "$argon2id$v=19$m=64,t=1,p=0$" + salt + "$" + key},
		{"lanes beyond the bound", "$argon2id$v=19$m=65536,t=1,p=255$" + salt + "$" + key},
		{"salt too short", "$argon2id$v=19$m=64,t=1,p=1$c29t$" + key},
		{"key too short", "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$CTFhFdU"},
		{"key is not base64", "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + strings.Repeat("*", 43)},
		{"padding", "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + key + "="},
		{"parameters in another order", "$argon2id$v=19$t=1,m=64,p=1$" + salt + "$" + key},
		{"a fourth parameter", "$argon2id$v=19$m=64,t=1,p=1,keyid=x$" + salt + "$" + key},
		{"scrypt with a short key", strings.Repeat("a", 32) + ":" + strings.Repeat("b", 126)},
		{"scrypt with other letters", strings.Repeat("g", 32) + ":" + strings.Repeat("b", 128)},
		{"bcrypt cost beyond the bound", "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
		{"bcrypt of an unknown revision", "$2z$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
		{"very long", "$argon2id$" + strings.Repeat("a", 1<<20)},
	} {
		t.Run(c.rule, func(t *testing.T) {
			ok, rehash, err := p.Verify(t.Context(), c.encoded, "password")
			if ok || rehash || !errors.Is(err, hashing.ErrUnsupported) {
				t.Fatalf("got %v, rehash %v, %v", ok, rehash, err)
			}
			if len(c.encoded) > 10 && strings.Contains(err.Error(), c.encoded[len(c.encoded)-10:]) {
				t.Errorf("error tells the hash: %v", err)
			}
		})
	}
}

func TestReleaseIgnoresFast(t *testing.T) {
	encoded, err := pool(t, hashing.Options{Fast: true}).Hash(t.Context(), "password")
	if err != nil {
		t.Fatal(err)
	}
	if cheap := strings.Contains(encoded, "m=64,t=1,"); cheap != hashing.FastBuild {
		t.Errorf("%s: cheap in a build where that is %v", encoded, hashing.FastBuild)
	}
}

func TestQueueIsBounded(t *testing.T) {
	const workers, queue, callers = 1, 3, 12
	p := pool(t, hashing.Options{Workers: workers, Queue: queue})
	var (
		all        sync.WaitGroup
		mu         sync.Mutex
		done, busy int
	)
	release := hashing.Occupy(t, p, workers)
	for range callers {
		all.Go(func() {
			_, err := p.Hash(t.Context(), "password")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				done++
			case errors.Is(err, hashing.ErrBusy):
				var later interface{ RetryAfter() time.Duration }
				if !errors.As(err, &later) || later.RetryAfter() <= 0 {
					t.Error("ErrBusy does not say when to try again")
				}
				busy++
			default:
				t.Error(err)
			}
		})
	}
	hashing.AwaitInside(t, p, workers+queue, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return busy == callers-queue
	})
	release()
	all.Wait()
	if done != queue || busy != callers-queue {
		t.Errorf("%d done, %d refused; want %d and %d", done, busy, queue, callers-queue)
	}
}

func TestGivingUpWhileWaitingFreesThePlace(t *testing.T) {
	p := pool(t, hashing.Options{Workers: 1, Queue: 1})
	release := hashing.Occupy(t, p, 1)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() { _, err := p.Hash(ctx, "password"); gone <- err }()
	hashing.AwaitInside(t, p, 2, func() bool { return true })
	if _, err := p.Hash(t.Context(), "password"); !errors.Is(err, hashing.ErrBusy) {
		t.Fatalf("a full queue: %v", err)
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Fatalf("the one who gave up: %v", err)
	}
	next := make(chan error, 1)
	go func() { _, err := p.Hash(t.Context(), "password"); next <- err }()
	hashing.AwaitInside(t, p, 2, func() bool { return true })
	release()
	if err := <-next; err != nil {
		t.Errorf("the next in the freed place: %v", err)
	}
}

func TestCloseEndsWaitingCalls(t *testing.T) {
	p := hashing.New(hashing.Options{Workers: 1})
	release := hashing.Occupy(t, p, 1)
	waiting := make(chan error, 1)
	go func() { _, err := p.Hash(t.Context(), "password"); waiting <- err }()
	hashing.AwaitInside(t, p, 2, func() bool { return true })
	closed := make(chan struct{})
	go func() { p.Close(); close(closed) }()
	if err := <-waiting; !errors.Is(err, hashing.ErrClosed) {
		t.Errorf("waiting call: %v", err)
	}
	release()
	<-closed
	if _, err := p.Hash(t.Context(), "password"); !errors.Is(err, hashing.ErrClosed) {
		t.Errorf("call after Close: %v", err)
	}
	p.Close()
}

func TestPanicInAHashIsAnErrorAndThePoolLivesOn(t *testing.T) {
	p := pool(t, hashing.Options{Workers: 1})
	if err := hashing.Panic(t, p); err == nil {
		t.Error("no error")
	}
	if _, err := p.Hash(t.Context(), "password"); err != nil {
		t.Error(err)
	}
}

func TestUnknownAccountCostsWhatAWrongPasswordCosts(t *testing.T) {
	p := pool(t, hashing.Options{Workers: 1, Queue: 1})
	encoded, err := p.Hash(t.Context(), "password")
	if err != nil {
		t.Fatal(err)
	}
	// The time itself is no measure on a busy machine.
	if err := hashing.DummyDiffers(p, encoded); err != nil {
		t.Error(err)
	}
	if err := p.Dummy(t.Context(), "password"); err != nil {
		t.Error(err)
	}
	release := hashing.Occupy(t, p, 1)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() { waiting <- p.Dummy(ctx, "password") }()
	hashing.AwaitInside(t, p, 2, func() bool { return true })
	if err := p.Dummy(t.Context(), "password"); !errors.Is(err, hashing.ErrBusy) {
		t.Errorf("a full queue: %v", err)
	}
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("the one who gave up: %v", err)
	}
}
