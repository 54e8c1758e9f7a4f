package tests

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocsAreLinked: every page of docs can be reached from the README, and no
// link between them leads nowhere.
func TestDocsAreLinked(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..")
	link := regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
	reached, todo := map[string]bool{"README.md": true}, []string{"README.md"}
	for len(todo) > 0 {
		page := todo[0]
		todo = todo[1:]
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Errorf("a link leads to a page that is not there: %v", err)
			continue
		}
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(found[1], ":") {
				continue
			}
			to := filepath.Join(filepath.Dir(page), found[1])
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s links to %s, which is not there", page, found[1])
			}
			if strings.HasSuffix(to, ".md") && !reached[to] {
				reached[to] = true
				todo = append(todo, to)
			}
		}
	}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if page := strings.TrimPrefix(path, root+string(filepath.Separator)); err == nil && strings.HasSuffix(page, ".md") && !reached[page] {
			t.Errorf("no link leads from the README to %s", page)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDependenciesHaveReasons: the README says of each direct dependency why it is there.
func TestDependenciesHaveReasons(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile(filepath.Join("..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, reasons, _ := strings.Cut(string(readme), "## Dependencies")
	direct, _, _ := strings.Cut(string(module), ")\n")
	names := regexp.MustCompile(`(?m)^\t(\S+) v`).FindAllStringSubmatch(direct, -1)
	if len(names) == 0 {
		t.Fatal("go.mod names nothing")
	}
	for _, name := range names {
		// A parser of koanf's stands beside koanf.
		if base, _, _ := strings.Cut(name[1], "/parsers/"); !strings.Contains(reasons, base) {
			t.Errorf("the README does not say why %s is there", name[1])
		}
	}
	for _, found := range regexp.MustCompile(`(?:github\.com|golang\.org|modernc\.org)/[\w./-]+`).FindAllString(reasons, -1) {
		if !strings.Contains(direct, "\t"+found+" ") {
			t.Errorf("the README gives a reason for %s, which go.mod does not have", found)
		}
	}
}

// TestTheTestsThatTheDocsNameAreThere: docs/security.md says which test shows each guard.
func TestTheTestsThatTheDocsNameAreThere(t *testing.T) {
	page, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z/]+)\\.(Test\\w+)`").FindAllStringSubmatch(string(page), -1)
	if len(named) < 50 {
		t.Fatalf("only %d tests are named", len(named))
	}
	for _, one := range named {
		folder := filepath.Join("..", "auth", one[1])
		switch one[1] {
		case "auth": // of the whole, not of a part
			folder = filepath.Join("..", "auth")
		case "attack": // from outside, against the program
			folder = "attack"
		}
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(text), "func "+one[2]+"(t *testing.T)")
		}
		if !found {
			t.Errorf("%s has no %s", one[1], one[2])
		}
	}
}
