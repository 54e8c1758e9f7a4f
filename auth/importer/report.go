package importer

import (
	"fmt"
	"slices"
)

// Report tells what becomes, or became, of every row.
type Report struct {
	File     string   `json:"file"`
	Format   string   `json:"format"`
	Imported bool     `json:"imported"` // it is on disk
	Tables   []*Table `json:"tables"`
	// Notes are what the reader should know and need not act on.
	Notes []string `json:"notes"`
	// Problems are rows that need a decision; the first ones of ProblemCount.
	Problems     []Problem `json:"problems"`
	ProblemCount int64     `json:"problemCount"`
}

// Table tells of one table.
type Table struct {
	Name     string `json:"table"`
	Rows     int64  `json:"rows"`
	Add      int64  `json:"add"`     // to be imported, or imported
	Present  int64  `json:"present"` // here already, and left as they are
	LeftOut  int64  `json:"leftOut"`
	Problems int64  `json:"problems"`
	Why      string `json:"why,omitempty"` // why rows are left out
	reasons  []counted
}

type counted struct {
	text string
	n    int64
}

// Problem is a row that cannot be imported as it is.
type Problem struct {
	Table string `json:"table"`
	Row   int64  `json:"row"`
	ID    string `json:"id,omitempty"`
	Email string `json:"email,omitempty"`
	What  string `json:"what"`
	Do    string `json:"do"`
}

// maxProblems bounds how many are told one by one.
const maxProblems = 1000

func (p *Report) table(name string) *Table {
	for _, t := range p.Tables {
		if t.Name == name {
			return t
		}
	}
	t := &Table{Name: name}
	p.Tables = append(p.Tables, t)
	return t
}

func (p *Report) problem(one Problem) {
	p.ProblemCount++
	p.table(one.Table).Problems++
	if len(p.Problems) < maxProblems {
		p.Problems = append(p.Problems, one)
	}
}

// leaveOut counts a row that is left out for a reason that needs no decision.
func (t *Table) leaveOut(why string) {
	t.LeftOut++
	t.reasons = count(t.reasons, why, 1)
}

func count(list []counted, text string, n int64) []counted {
	i := slices.IndexFunc(list, func(c counted) bool { return c.text == text })
	if i < 0 {
		return append(list, counted{text, n})
	}
	list[i].n += n
	return list
}

// finish puts the reasons into words, the table's rows all being read.
func (t *Table) finish() {
	t.Why = ""
	for _, one := range t.reasons {
		if t.Why != "" {
			t.Why += "; "
		}
		if len(t.reasons) > 1 {
			t.Why += fmt.Sprintf("%d: ", one.n)
		}
		t.Why += one.text
	}
}

// notYet says of better-auth's other tables why their rows stay behind.
func notYet() map[string]string {
	const later = "authd has no such table yet"
	return map[string]string{
		"verification": "pending links and codes: people ask for new ones", "ratelimit": "counts of requests",
		"devicecode": "devices that wait: they ask again", "oauthaccesstoken": "clients ask for new tokens",
		"oauthrefreshtoken": "clients send people to sign in once more", "oauthconsent": "people are asked for consent once more",
		"oauthclientassertion": "used assertions", "oauthresource": "make them with authd resource create", "oauthclientresource": "link them with authd resource link",
		"jwks": "authd makes keys of its own", "twofactor": later, "apikey": later,
		"organization": later, "member": later, "invitation": later, "team": later, "teammember": later, "organizationrole": later,
		"ssoprovider": later, "walletaddress": later, "scimprovider": later,
	}
}

// left tells of the tables that no step reads.
func (p *Report) left(src *Source) {
	known := notYet()
	for _, name := range src.names {
		n := src.counts[name]
		if n == 0 || slices.ContainsFunc(p.Tables, func(t *Table) bool { return src.tables[t.Name] == name }) {
			continue
		}
		folded := fold(name)
		why, ours := known[folded]
		if !ours {
			if why, ours = known[trimPlural(folded)]; !ours {
				continue // a table of the app's
			}
		}
		t := p.table(name)
		t.Rows, t.LeftOut, t.Why = n, n, why
	}
	for _, t := range p.Tables {
		if len(t.reasons) > 0 {
			t.finish()
		}
	}
}
