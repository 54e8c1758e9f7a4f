// Package importer takes over the people of a better-auth server: users under
// their ids, passwords, passkeys, identities at providers, and, when asked, sessions and
// OAuth clients.
//
// It is the one place that knows a foreign schema. An import first judges every
// row and writes nothing; what it found is the report of a dry run. Then all rows
// that were found good are written in one transaction, or none. What is here
// already stays as it is: a second run changes nothing. The package must not put
// anything of a foreign row but ids and addresses into an error or a log.
package importer

import (
	"context"
	"errors"
	"fmt"

	"authd/auth/internal/core"
	"authd/auth/internal/store"
)

// Service is this capability.
type Service struct {
	core     *core.Core
	clients  Clients
	passkeys Passkeys
	factors  Factors
}

// New connects the capability.
func New(c *core.Core, clients Clients, passkeys Passkeys) *Service {
	return &Service{core: c, clients: clients, passkeys: passkeys}
}

// Options say what is taken over.
type Options struct {
	DryRun       bool
	Sessions     bool     // those that still run, too
	SkipProblems bool     // leave out the rows that have one, and take the others
	DropFactors  bool     // take people over who have a second factor, without it
	Secrets      []string // better-auth's, to open sealed tokens
	Progress     func(doing, table string, done, total int64)
}

// ErrProblems tells that the report has problems and that nothing was written.
var ErrProblems = errors.New("nothing was imported")

// errMoved tells that what was judged good is so no longer.
var errMoved = errors.New("the database changed while rows were imported; nothing was imported, run it again")

// step is one table on its way.
type step struct {
	table string
	// judge looks at a row, notes in the report what becomes of it, and tells
	// whether it is to be written.
	judge func(ctx context.Context, r *row) (bool, error)
	// write writes a row that judge took. It may run twice for the same row, and
	// keeps nothing outside tx.
	write func(ctx context.Context, tx *store.Tx, r *row) error
	take  marks
}

// Import judges everything, and writes it unless that is a dry run or there are
// problems. The report is there in every case. Errors: ErrProblems.
func (s *Service) Import(ctx context.Context, src *Source, o Options) (*Report, error) {
	if o.Progress == nil {
		o.Progress = func(string, string, int64, int64) {}
	}
	run, err := s.newRun(ctx, src, o)
	if err != nil {
		return nil, err
	}
	for _, step := range run.steps {
		if err := run.judge(ctx, step); err != nil {
			return nil, err
		}
	}
	run.report.left(src)
	run.tell()
	switch {
	case run.report.ProblemCount > 0 && !o.SkipProblems:
		return run.report, ErrProblems
	case o.DryRun || !run.anything():
		return run.report, nil
	}
	if err := s.core.DB.Write(ctx, func(tx *store.Tx) error { return run.write(ctx, tx) }); err != nil {
		return run.report, fmt.Errorf("import: %w", err)
	}
	run.report.Imported = true
	return run.report, nil
}

func (r *run) judge(ctx context.Context, step *step) error {
	total, done := r.src.rows(step.table), int64(0)
	r.o.Progress("reading", step.table, done, total)
	err := r.src.rowsOf(ctx, step.table, func(row *row) error {
		take, err := step.judge(ctx, row)
		if err != nil {
			return err
		}
		step.take.add(take)
		if done++; done%5000 == 0 {
			r.o.Progress("reading", step.table, done, total)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", step.table, err)
	}
	return nil
}

func (r *run) anything() bool {
	for _, step := range r.steps {
		if step.take.some {
			return true
		}
	}
	return false
}

// write reads the tables again and writes the rows that were taken.
func (r *run) write(ctx context.Context, tx *store.Tx) error {
	for _, step := range r.steps {
		if !step.take.some {
			continue
		}
		done := int64(0)
		err := r.src.rowsOf(ctx, step.table, func(row *row) error {
			if !step.take.at(row.number - 1) {
				return nil
			}
			if done++; done%5000 == 0 {
				r.o.Progress("writing", step.table, done, r.report.table(step.table).Add)
			}
			return step.write(ctx, tx, row)
		})
		switch {
		case errors.Is(err, core.ErrAdopted), errors.Is(err, core.ErrEmailTaken):
			return errMoved
		case err != nil:
			return fmt.Errorf("write %s: %w", step.table, err)
		case done != r.report.table(step.table).Add:
			return fmt.Errorf("%s changed while it was read; nothing was imported", r.src.Path)
		}
	}
	return nil
}

// marks is one bit a row.
type marks struct {
	bits []uint64
	n    int64
	some bool
}

func (m *marks) add(set bool) {
	if m.n%64 == 0 {
		m.bits = append(m.bits, 0)
	}
	if set {
		m.bits[m.n/64] |= 1 << (m.n % 64)
		m.some = true
	}
	m.n++
}

func (m *marks) at(i int64) bool {
	return i >= 0 && i < m.n && m.bits[i/64]&(1<<(i%64)) != 0
}
