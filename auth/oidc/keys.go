package oidc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"authd/auth/internal/clock"
	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1).
const (
	algRS256 = "RS256"
	algES256 = "ES256"
	algEdDSA = "EdDSA"
)

// signingAlgs are those of ID tokens, the one that every client can check first
// (OpenID Connect Core §15.1).
func signingAlgs() []string { return append(standingAlgs(), algPS256) }

// standingAlgs are those that there is always a key for. Any other is made when
// something is first signed with it: few ask, and an RSA key costs the start.
func standingAlgs() []string { return []string{algRS256, algES256, algEdDSA} }

// keys are the signing keys. The database has them; what is kept here is only a
// cache, looked at again after reloadAfter: a key is published long before it
// signs and after it has stopped, so that a second more or less is nothing.
type keys struct {
	db     *store.DB
	sealer *core.Sealer
	now    clock.Clock

	loaded  atomic.Pointer[loadedKeys]
	loading sync.Mutex
}

const reloadAfter = time.Second

// loadedKeys is one look at the database. It is never changed.
type loadedKeys struct {
	at      time.Time // of the process, not of a request: the age of a cache
	until   time.Time // when another key signs, or one is published no more; zero for never
	byID    map[string]*key
	signing map[string]*key // by algorithm
	jwks    []byte
}

// key is one row of jwks. Its private half is opened when it first signs:
// opening an RSA key costs more than a start may take.
type key struct {
	id, alg string
	public  json.RawMessage
	sealed  string
	private func() (any, error)
	signers *sync.Map // jose.Signer by the typ of what it signs
}

func newKeys(db *store.DB, sealer *core.Sealer, now clock.Clock) *keys {
	return &keys{db: db, sealer: sealer, now: now}
}

// JWKS is the document of all keys that verify (RFC 7517 §5).
func (k *keys) JWKS(ctx context.Context) ([]byte, error) {
	l, err := k.current(ctx)
	if err != nil {
		return nil, err
	}
	return l.jwks, nil
}

// sign makes a JWT of claims in compact form (RFC 7515 §7.1), without a type:
// that is an ID token (OpenID Connect Core §2). All else names its type.
func (k *keys) sign(ctx context.Context, alg string, claims any) (string, error) {
	return k.signTyped(ctx, alg, "", claims)
}

// signTyped is sign with the typ header by which one kind of token is never
// taken for another (RFC 8725 §3.11).
func (k *keys) signTyped(ctx context.Context, alg, typ string, claims any) (string, error) {
	signing, err := k.signing(ctx, alg)
	if err != nil {
		return "", err
	}
	signer, err := signing.signer(typ)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("claims: %w", err)
	}
	object, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign with %s: %w", alg, err)
	}
	return object.CompactSerialize()
}

// signing is the key that signs with an algorithm, made if need be.
func (k *keys) signing(ctx context.Context, alg string) (*key, error) {
	l, err := k.current(ctx)
	if err != nil {
		return nil, err
	}
	if one := l.signing[alg]; one != nil {
		return one, nil
	}
	if !slices.Contains(signingAlgs(), alg) {
		return nil, fmt.Errorf("there is no key for %s", alg)
	}
	if err := k.ensure(ctx, alg); err != nil {
		return nil, err
	}
	if one := k.loaded.Load().signing[alg]; one != nil {
		return one, nil
	}
	return nil, fmt.Errorf("there is no key for %s", alg)
}

// current is a look at the database no older than reloadAfter. Whoever comes
// while another looks is content with the last look.
func (k *keys) current(ctx context.Context) (*loadedKeys, error) {
	l := k.loaded.Load()
	if l != nil && time.Since(l.at) < reloadAfter && (l.until.IsZero() || k.now(ctx).Before(l.until)) {
		return l, nil
	}
	if l != nil {
		if !k.loading.TryLock() {
			return l, nil
		}
		defer k.loading.Unlock()
		fresh, err := k.load(ctx, l)
		if err != nil { // signing needs no database: keys do not go bad when it is away
			return l, nil
		}
		return fresh, nil
	}
	if err := k.ensure(ctx); err != nil {
		return nil, err
	}
	return k.loaded.Load(), nil
}

// ensure loads the keys and makes those that are missing, of the standing
// algorithms and of those that are named.
func (k *keys) ensure(ctx context.Context, algs ...string) error {
	k.loading.Lock()
	defer k.loading.Unlock()
	l, err := k.load(ctx, k.loaded.Load())
	if err != nil {
		return err
	}
	made := false
	for _, alg := range append(standingAlgs(), algs...) {
		if l.signing[alg] != nil {
			continue
		}
		if err := k.generate(ctx, alg); err != nil {
			return fmt.Errorf("make a key for %s: %w", alg, err)
		}
		made = true
	}
	if made {
		_, err = k.load(ctx, l)
	}
	return err
}

// load reads the keys; one that is known already is not parsed again.
func (k *keys) load(ctx context.Context, before *loadedKeys) (*loadedKeys, error) {
	now := k.now(ctx)
	rows, err := listKeys(ctx, k.db, now)
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	signing := signingRows(rows, now)
	l := &loadedKeys{at: time.Now(), byID: map[string]*key{}, signing: map[string]*key{}}
	published := struct {
		Keys []json.RawMessage `json:"keys"`
	}{Keys: []json.RawMessage{}}
	for _, row := range rows {
		one := &row.key
		if before != nil && before.byID[one.id] != nil {
			one = before.byID[one.id]
		} else {
			one.signers = &sync.Map{}
			one.private = sync.OnceValues(func() (any, error) { return k.open(one) })
		}
		l.byID[one.id] = one
		if signing[one.alg] == one.id {
			l.signing[one.alg] = one
		}
		l.changesAt(now, &row.activeAt)
		l.changesAt(now, row.expiresAt)
		published.Keys = append(published.Keys, one.public)
	}
	if l.jwks, err = json.Marshal(published); err != nil {
		return nil, fmt.Errorf("write key set: %w", err)
	}
	if !slices.ContainsFunc(standingAlgs(), func(alg string) bool { return l.signing[alg] == nil }) {
		k.loaded.Store(l)
	}
	return l, nil
}

// changesAt notes a time to come at which this look is outdated.
func (l *loadedKeys) changesAt(now time.Time, at *time.Time) {
	if at != nil && at.After(now) && (l.until.IsZero() || at.Before(l.until)) {
		l.until = *at
	}
}

// open unseals a private key.
func (k *keys) open(one *key) (any, error) {
	der, err := k.sealer.Open(one.id, one.sealed)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", one.id, err)
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", one.id, err)
	}
	return private, nil
}

// signer is the one for tokens of a type. There are as many types as this package has words for.
func (one *key) signer(typ string) (jose.Signer, error) {
	if made, ok := one.signers.Load(typ); ok {
		return made.(jose.Signer), nil
	}
	private, err := one.private()
	if err != nil {
		return nil, err
	}
	var options *jose.SignerOptions
	if typ != "" {
		options = (&jose.SignerOptions{}).WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(jose.SigningKey{
		Algorithm: jose.SignatureAlgorithm(one.alg),
		Key:       jose.JSONWebKey{Key: private, KeyID: one.id},
	}, options)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", one.id, err)
	}
	one.signers.Store(typ, signer)
	return signer, nil
}

// rsaBits is what RFC 7518 §3.3 asks for at least.
const rsaBits = 2048

// generate makes and stores the first key of an algorithm. Another process may
// have been faster: then its key stays.
func (k *keys) generate(ctx context.Context, alg string) error {
	row, err := k.newKey(alg)
	if err != nil {
		return err
	}
	row.createdAt = k.now(ctx)
	row.activeAt = row.createdAt
	return k.db.Write(ctx, func(tx *store.Tx) error { return insertKey(ctx, tx, row, curveOf(alg)) })
}

// newKey makes a key and seals its private half.
func (k *keys) newKey(alg string) (*keyRow, error) {
	private, err := newPrivateKey(alg)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	id := core.NewID()
	public, err := json.Marshal(jose.JSONWebKey{Key: private.Public(), KeyID: id, Algorithm: alg, Use: "sig"})
	if err != nil {
		return nil, err
	}
	sealed, err := k.sealer.Seal(id, der)
	if err != nil {
		return nil, err
	}
	return &keyRow{key: key{id: id, alg: alg, public: public, sealed: sealed}}, nil
}

func newPrivateKey(alg string) (crypto.Signer, error) {
	switch alg {
	case algRS256, algPS256:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	case algES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
}

func curveOf(alg string) string {
	switch alg {
	case algES256:
		return "P-256"
	case algEdDSA:
		return "Ed25519"
	default:
		return ""
	}
}

// Reseal seals every private key under the secret now in force, for
// `authd secret rotate`. It reports how many were not.
func (s *Service) Reseal(ctx context.Context) (int, error) {
	resealed := 0
	err := s.core.DB.Write(ctx, func(tx *store.Tx) error {
		resealed = 0
		rows, err := listKeys(ctx, tx, time.UnixMilli(0))
		if err != nil {
			return err
		}
		for _, row := range slices.DeleteFunc(rows, func(r keyRow) bool { return s.keys.sealer.Current(r.id, r.sealed) }) {
			der, err := s.keys.sealer.Open(row.id, row.sealed)
			if err != nil {
				return fmt.Errorf("signing key %s: %w", row.id, err)
			}
			sealed, err := s.keys.sealer.Seal(row.id, der)
			if err != nil {
				return err
			}
			if err := resealKey(ctx, tx, row.id, sealed); err != nil {
				return err
			}
			resealed++
		}
		return nil
	})
	return resealed, err
}
