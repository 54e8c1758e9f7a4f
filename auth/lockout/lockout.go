// Package lockout has those wait who guess: many passwords at one account, from
// one place or from many, or one password at many accounts (credential stuffing).
//
// It counts by name and not by user: a name that nobody has is counted and made
// to wait like every other, so that waiting tells nothing. The counts are rows,
// under keyed hashes; they end by themselves, and nobody has to unlock anything.
//
// A browser that the person has signed in with before (package known) has a count
// of its own, and no other. So nobody is locked out of it by a stranger's guesses, and
// a stolen one has no more of them than everybody else.
//
// The passwords that people give again while they are signed in count as well: a
// session may be stolen.
//
// Where the captcha is authd's own, somebody in a network that waits may go on at
// once with a proof of work that costs more than the usual one, for one try each.
// The account's own count holds all the same.
//
// A sign-in that succeeds costs two small reads. One that fails costs one statement
// more, after the password was looked at, for known and unknown names alike.
package lockout

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"math"
	"math/bits"
	"net/netip"
	"time"

	"authd/auth/internal/api"
	"authd/auth/internal/config"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Devices tells browsers that a user has signed in with.
type Devices interface {
	// Known is the id of such a browser, "" for every other.
	Known(ctx context.Context, r *api.Request, userID string) (id string, err error)
}

// The kinds of what is counted.
const (
	kindAccount = "account"
	kindNetwork = "network"
	kindDevice  = "device"
)

// Service is this capability.
type Service struct {
	core    *core.Core
	cfg     config.SignInLockout
	devices Devices
	keys    *core.Signer
	observe func(kind string)
	// price is the proof of work, in bits, by which a network need not wait; 0 when there is none.
	price int
}

// New connects the capability when it is on; observe is told of every lock.
func New(c *core.Core, d Devices, observe func(kind string)) (*Service, error) {
	s := &Service{core: c, cfg: c.Config.Lockout, devices: d, observe: observe}
	if captcha := c.Config.Captcha; captcha.BuiltIn() {
		s.price = captcha.LockedDifficulty
	}
	c.Mail.Handle(kindLocked, s.lockedMail)
	if !s.cfg.Enabled {
		return s, nil
	}
	var err error
	if s.keys, err = c.Keys.Signer("sign-in guess"); err != nil {
		return nil, err
	}
	c.Attempts = s
	// Who has proven their mailbox, or was helped, starts afresh.
	c.PasswordSet.On(func(ctx context.Context, tx *store.Tx, e core.PasswordSet) error {
		if e.First {
			return nil
		}
		u, err := c.User(ctx, tx, e.UserID)
		if err != nil {
			return err
		}
		return s.afresh(ctx, tx, u)
	})
	c.MailboxClaimed.On(s.afresh)
	return s, nil
}

// afresh ends the waiting of a user's account, under each of its names.
func (s *Service) afresh(ctx context.Context, tx *store.Tx, u *core.User) error {
	for _, name := range [...]string{u.Email, u.Extra.Text("username"), u.Extra.Text("phoneNumber")} {
		if err := unlock(ctx, tx, s.bucket(kindAccount, name)); err != nil {
			return err
		}
	}
	return nil
}

// bucket is what a count is kept under.
func (s *Service) bucket(kind, subject string) string {
	return base64.RawURLEncoding.EncodeToString(s.keys.Sign([]byte(kind), []byte{0}, []byte(subject)))
}

// bit is the place of something in a sketch of 63 bits.
func (s *Service) bit(text string) int64 {
	return 1 << (binary.BigEndian.Uint64(s.keys.Sign([]byte("bit\x00"), []byte(text))) % sketchBits)
}

const sketchBits = 63

// distinct is about how many different things a sketch has seen: linear counting
// (Whang, Vander-Zanden, Taylor 1990).
func distinct(sketch int64) int {
	n := bits.OnesCount64(uint64(sketch))
	if n >= sketchBits {
		return math.MaxInt
	}
	return int(math.Round(-sketchBits * math.Log(1-float64(n)/sketchBits)))
}

// networkOf is what is counted as one network: 24 bits of IPv4, 64 of IPv6. ""
// where a network says nothing of who is there.
func networkOf(ip netip.Addr) string {
	ip = ip.Unmap().WithZone("")
	if !ip.IsValid() || !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return ""
	}
	size := 64
	if ip.Is4() {
		size = 24
	}
	prefix, err := ip.Prefix(size)
	if err != nil { // only of more bits than there are
		return ""
	}
	return prefix.String()
}

// Check implements [core.Attempts]: it refuses an attempt that is to wait.
func (s *Service) Check(ctx context.Context, a *core.Attempt) error {
	guesses, err := s.guesses(ctx, a)
	if err != nil {
		return err
	}
	wait, err := s.waits(ctx, s.core.DB, guesses)
	if err != nil || wait <= 0 {
		return err
	}
	account, err := s.waits(ctx, s.core.DB, guesses[:1])
	if err != nil {
		return err
	}
	return &waiting{wait, s.price > 0 && account <= 0}
}

// NetworkWaits tells whether sign-ins from the network of a request wait.
func (s *Service) NetworkWaits(ctx context.Context, r *api.Request) (bool, error) {
	network := networkOf(r.Address())
	if !s.cfg.Enabled || network == "" {
		return false, nil
	}
	wait, err := s.waits(ctx, s.core.DB, []guess{{kindNetwork, s.bucket(kindNetwork, network), 0}})
	return wait > 0, err
}

// paid tells whether a proof of work came along that is as good as waiting.
func (s *Service) paid(r *api.Request) bool { return s.price > 0 && r.Work >= s.price }

// Failed implements [core.Attempts]: it counts an attempt, and has further ones wait
// when they were too many. An attempt that began before that, together with many
// others, is not told that it failed.
func (s *Service) Failed(ctx context.Context, a *core.Attempt) error {
	guesses, err := s.guesses(ctx, a)
	if err != nil {
		return err
	}
	var locked, mails []string
	var wait time.Duration
	err = s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if wait, err = s.waits(ctx, tx, guesses); wait > 0 || err != nil {
			return err
		}
		locked, mails, err = s.count(ctx, tx, a, guesses)
		return err
	})
	if err != nil {
		return err
	}
	if wait > 0 {
		return &waiting{wait, false}
	}
	for _, kind := range locked {
		s.observe(kind)
		a.Request.Security("sign-in-locked", "what", kind, "method", a.Method)
	}
	s.core.Mail.Sent(ctx, mails...)
	return nil
}

// waits tells how long the guesses are to wait already.
func (s *Service) waits(ctx context.Context, q store.Querier, guesses []guess) (time.Duration, error) {
	until, err := lockedUntil(ctx, q, guesses[0].bucket, guesses[len(guesses)-1].bucket)
	return until.Sub(s.core.Now(ctx)), err
}

// guess is one count that an attempt adds to.
type guess struct {
	kind, bucket string
	bit          int64
}

// guesses are what an attempt counts for, and waits for: the browser when it is known,
// else the account and the network.
func (s *Service) guesses(ctx context.Context, a *core.Attempt) ([]guess, error) {
	userID := "" // who is nobody costs the same look at the browser
	if a.User != nil {
		userID = a.User.ID
	}
	id, err := s.devices.Known(ctx, a.Request, userID)
	if err != nil {
		return nil, err
	}
	if id != "" {
		return []guess{{kindDevice, s.bucket(kindDevice, userID+id), 0}}, nil
	}
	network := networkOf(a.Request.Address())
	list := []guess{{kindAccount, s.bucket(kindAccount, a.Name), s.bit(network)}}
	if network != "" && !s.paid(a.Request) { // who pays makes nobody else wait either
		list = append(list, guess{kindNetwork, s.bucket(kindNetwork, network), s.bit(a.Name)})
	}
	return list, nil
}

// count adds to the counts inside tx, and locks what has reached its measure.
func (s *Service) count(ctx context.Context, tx *store.Tx, a *core.Attempt, guesses []guess) (locked, mails []string, err error) {
	now := s.core.Now(ctx)
	rows, err := add(ctx, tx, guesses, now, now.Add(-s.cfg.Window))
	if err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		kind := kindOf(guesses, row.bucket)
		if !s.full(kind, row) {
			continue
		}
		if err := lock(ctx, tx, row.bucket, now.Add(s.length(row.locks)), now); err != nil {
			return nil, nil, err
		}
		locked = append(locked, kind)
		event := core.AttemptsLocked{Kind: kind, IP: a.Request.IP()}
		if kind != kindNetwork {
			event.User = a.User
			if now.Sub(row.toldAt) >= tellAgain {
				id, err := s.tell(ctx, tx, a, row.bucket, now)
				if err != nil {
					return nil, nil, err
				}
				mails = append(mails, id)
			}
		}
		if err := s.core.AttemptsLocked.Emit(ctx, tx, event); err != nil {
			return nil, nil, err
		}
	}
	return locked, mails, nil
}

func kindOf(guesses []guess, bucket string) string {
	for _, g := range guesses {
		if g.bucket == bucket {
			return g.kind
		}
	}
	return ""
}

// full tells whether a count has reached its measure.
func (s *Service) full(kind string, row counted) bool {
	switch kind {
	case kindNetwork:
		return distinct(row.sketch) >= s.cfg.NetworkAccounts
	case kindAccount:
		return row.failures >= s.cfg.AccountFailures || distinct(row.sketch) >= s.cfg.AccountNetworks
	default:
		return row.failures >= s.cfg.AccountFailures
	}
}

// longest is what a waiting lasts at most.
const longest = 24 * time.Hour

// length is how long the next waiting lasts, after so many before it.
func (s *Service) length(before int) time.Duration {
	return min(s.cfg.LockFor<<min(before, 12), longest)
}

// sweepBatch bounds how long a sweep holds the writer.
const sweepBatch = 200

// Sweep deletes counts that are over. What had come to waiting is remembered for a
// day longer, so that the next one lasts longer.
func (s *Service) Sweep(ctx context.Context) error {
	for n := int64(sweepBatch); n == sweepBatch; {
		err := s.core.DB.Write(ctx, func(tx *store.Tx) (err error) {
			now := s.core.Now(ctx)
			n, err = deleteOld(ctx, tx, now.Add(-s.cfg.Window), now.Add(-longest), sweepBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
