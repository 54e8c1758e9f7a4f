package importer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"authd/auth/internal/api"
	"authd/auth/internal/core"
)

// run is one import: what it has learnt so far of the rows that it read. All it
// keeps of a row is a digest.
type run struct {
	core     *core.Core
	clients  Clients
	passkeys Passkeys
	factors  Factors
	src      *Source
	o        Options
	report   *Report
	here     bool // somebody is here already, so that rows may meet theirs

	people     map[digest]fate
	emails     map[digest]struct{}
	identities map[digest]struct{}
	notes      []counted
	columns    []counted // of users, that authd has no field for
	known      []string  // the columns of users that it has one for
	opener     *opener
	unread     map[digest]string // why a second factor cannot be taken over, by its user
	alg        string            // that ID tokens were signed with
	steps      []*step
}

// fate is what becomes of a user.
type fate uint8

const (
	isNew fate = iota + 1
	isPresent
	isRefused
)

// digest stands for a text, so that a million of them fit in memory.
type digest [16]byte

func digestOf(parts ...string) digest {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return digest(h.Sum(nil))
}

func (s *Service) newRun(ctx context.Context, src *Source, o Options) (*run, error) {
	r := &run{
		core: s.core, clients: s.clients, passkeys: s.passkeys, factors: s.factors, unread: map[digest]string{}, opener: newOpener(o.Secrets), src: src, o: o,
		report: &Report{File: src.Path, Format: src.Format, Notes: []string{}, Problems: []Problem{}},
		people: map[digest]fate{}, emails: map[digest]struct{}{}, identities: map[digest]struct{}{},
		known: kept(),
	}
	for _, field := range s.core.UserFields.All() {
		r.known = append(r.known, fold(field.Name))
	}
	var err error
	if r.here, err = s.core.HasUsers(ctx, s.core.DB); err != nil {
		return nil, err
	}
	r.steps = []*step{
		{table: "user", judge: r.judgeUser, write: r.writeUser},
		{table: tableFactor, judge: r.judgeFactor, write: r.writeFactor},
		{table: "account", judge: r.judgeAccount, write: r.writeAccount},
		{table: tablePasskey, judge: r.judgePasskey, write: r.writePasskey},
		{table: "session", judge: r.judgeSession, write: r.writeSession},
	}
	for _, table := range []string{tableClient, tableApplication} {
		r.steps = append(r.steps, &step{table: table, judge: r.judgeClient(table), write: r.writeClient(table)})
	}
	if err := r.readFactors(ctx); err != nil {
		return nil, err
	}
	if err := r.signingAlg(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// tell says in words what was counted on the way.
func (r *run) tell() {
	for _, one := range r.notes {
		r.report.Notes = append(r.report.Notes, fmt.Sprintf("%d %s", one.n, one.text))
	}
	for _, one := range r.columns {
		r.report.Notes = append(r.report.Notes, fmt.Sprintf("user.%s of %d people is not imported: authd.toml has no field of that name (user.additional_fields)", one.text, one.n))
	}
}

// words says a refusal of a client's metadata.
func (r *run) words(err error) string {
	var oauth *api.OAuthError
	if errors.As(err, &oauth) {
		return oauth.Description
	}
	return err.Error()
}

// note counts something that the reader should know.
func (r *run) note(text string) { r.notes = count(r.notes, text, 1) }

func trimPlural(name string) string { return strings.TrimSuffix(name, "s") }
