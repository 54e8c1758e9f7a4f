package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"authd/auth"
	"authd/auth/importer"
)

type importCommands struct {
	BetterAuth importBetterAuth `cmd:"" name:"better-auth" help:"Take over the people of a better-auth server, all or nothing."`
}

type importBetterAuth struct {
	File              string `arg:"" help:"Its SQLite database, a postgres:// URL, or an export as JSON. It is only read."`
	DryRun            bool   `help:"Tell what would be imported, and import nothing."`
	Sessions          bool   `help:"Take sessions over that still run, too."`
	SkipProblems      bool   `help:"Leave out the rows that have a problem, and import the others."`
	DropSecondFactors bool   `help:"Take people over who have a second factor, without it."`
	SecretFile        string `help:"File with better-auth's secret, to open tokens of providers that it sealed; several a line each, the newest first." placeholder:"FILE"`
}

// Run imports, and tells what became of every row.
func (c *importBetterAuth) Run(ctx context.Context, p *program) (err error) {
	// Opened first: the process may give up the right to read them.
	secrets, err := c.secrets()
	if err != nil {
		return err
	}
	source, err := importer.Open(ctx, c.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	return p.with(ctx, func(s *auth.Server) error {
		report, err := s.Importer.Import(ctx, source, importer.Options{
			DryRun: c.DryRun, Sessions: c.Sessions, SkipProblems: c.SkipProblems, DropFactors: c.DropSecondFactors,
			Secrets: secrets, Progress: p.progress(),
		})
		if report == nil {
			return err
		}
		if printErr := c.print(p, report); printErr != nil {
			return printErr
		}
		if errors.Is(err, importer.ErrProblems) {
			return silentError{}
		}
		return err
	})
}

func (c *importBetterAuth) secrets() ([]string, error) {
	if c.SecretFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.SecretFile)
	if err != nil {
		return nil, err
	}
	var secrets []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			secrets = append(secrets, line)
		}
	}
	if len(secrets) == 0 {
		return nil, fmt.Errorf("%s is empty", c.SecretFile)
	}
	return secrets, nil
}

// progress tells every other second how far an import is.
func (p *program) progress() func(doing, table string, done, total int64) {
	last := time.Now()
	return func(doing, table string, done, total int64) {
		if time.Since(last) < 2*time.Second {
			return
		}
		last = time.Now()
		_, _ = fmt.Fprintf(p.errOut, "%s %s: %d of %d\n", doing, clean(table), done, total)
	}
}

// print shows the report: what is added, what is not and why, and what to do about problems.
func (c *importBetterAuth) print(p *program, r *importer.Report) error {
	if p.json {
		return p.printJSON(r)
	}
	for _, one := range r.Problems {
		_, _ = fmt.Fprintf(p.errOut, "%s row %d%s: %s. %s.\n", clean(one.Table), one.Row, who(one), clean(one.What), capital(clean(one.Do)))
	}
	if more := r.ProblemCount - int64(len(r.Problems)); more > 0 {
		_, _ = fmt.Fprintf(p.errOut, "… and %d more problems.\n", more)
	}
	added := "IMPORTED"
	if !r.Imported {
		added = "TO IMPORT"
	}
	rows := make([][]string, len(r.Tables))
	for i, t := range r.Tables {
		rows[i] = []string{t.Name, number(t.Rows), number(t.Add), number(t.Present), number(t.LeftOut), number(t.Problems), t.Why}
	}
	if err := table(p.out, []string{"TABLE", "ROWS", added, "HERE ALREADY", "LEFT OUT", "PROBLEMS", "WHY LEFT OUT"}, rows); err != nil {
		return err
	}
	for _, note := range r.Notes {
		_, _ = fmt.Fprintf(p.out, "Note: %s.\n", clean(note))
	}
	_, err := fmt.Fprintln(p.out, c.verdict(r))
	return err
}

func who(one importer.Problem) string {
	switch {
	case one.Email != "":
		return ", " + clean(one.Email)
	case one.ID != "":
		return ", " + clean(one.ID)
	}
	return ""
}

func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func number(n int64) string { return fmt.Sprint(n) }

// verdict is the last line.
func (c *importBetterAuth) verdict(r *importer.Report) string {
	total := int64(0)
	for _, t := range r.Tables {
		total += t.Add
	}
	switch {
	case r.Imported:
		return fmt.Sprintf("Imported %d rows.", total)
	case r.ProblemCount > 0 && !c.SkipProblems:
		return fmt.Sprintf("Nothing was imported: %d problems. Solve them, or leave those rows out with --skip-problems.", r.ProblemCount)
	case total == 0:
		return "Nothing to import: all of it is here already, or left out."
	default:
		return "Nothing was imported: this was a dry run."
	}
}
