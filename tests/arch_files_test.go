package tests

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const (
	maxLines         = 400
	maxFunctionLines = 60
)

// source is one hand-written Go file with what the rules ask about it.
type source struct {
	path   string // slash-separated, from the repository's root
	layer  int
	test   bool
	fset   *token.FileSet
	syntax *ast.File
}

func (s source) base() string { return filepath.Base(s.path) }

func (s source) at(pos token.Pos) string {
	return s.path + ":" + strconv.Itoa(s.fset.Position(pos).Line)
}

// named reports whether the file is one of FILE.go or FILE_noun.go.
func (s source) named(names ...string) bool {
	for _, name := range names {
		if s.base() == name+".go" || strings.HasPrefix(s.base(), name+"_") {
			return true
		}
	}
	return false
}

// TestSourceRules holds every hand-written Go file, whatever its build tags, against the house rules.
func TestSourceRules(t *testing.T) {
	t.Parallel()
	files := readSources(t)
	if len(files) < 5 {
		t.Fatalf("found %d Go files: this test looks at the wrong folder", len(files))
	}
	for _, s := range files {
		for _, complaint := range sourceComplaints(s) {
			t.Error(complaint)
		}
	}
}

func sourceComplaints(s source) []string {
	var found []string
	for _, rule := range []func(source) []string{httpComplaints, sqlTextComplaints, initComplaints, errorComplaints, lengthComplaints} {
		found = append(found, rule(s)...)
	}
	return found
}

// httpComplaints: HTTP stands only in endpoints.go and pages.go (and errors.go, for the names
// of statuses); domain code takes a context and values, so that a command, a job and an
// endpoint can all call it.
func httpComplaints(s source) []string {
	if s.test || !keepsOutOfHTTP(s) {
		return nil
	}
	var found []string
	for _, imp := range s.syntax.Imports {
		if name, _ := strconv.Unquote(imp.Path.Value); name == "net/http" {
			found = append(found, s.at(imp.Pos())+" imports net/http: in a capability only endpoints.go, pages.go and errors.go may, and below it only "+strings.Join(httpFolders, ", ")+"; pass values instead")
		}
	}
	return found
}

// httpFolders are the base packages whose business is HTTP itself.
var httpFolders = []string{"api", "core", "egress", "upstream", "clientip", "limit", "nativeapp"}

func keepsOutOfHTTP(s source) bool {
	switch s.layer {
	case layerCapability:
		return !s.named("endpoints", "pages", "errors")
	case layerBase:
		for _, folder := range httpFolders {
			if within(s.path, "auth/internal/"+folder) {
				return false
			}
		}
		return true
	case layerLeaf:
		return !within(s.path, "static")
	default:
		return false
	}
}

// sqlText finds statements by their first words, which are written in capitals everywhere.
var sqlText = regexp.MustCompile(`^\s*(SELECT\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+[\w"]+\s+SET\s|DELETE\s+FROM\s|WITH\s+(RECURSIVE\s+)?\w+\s*(\(|AS\s)|CREATE\s+(UNIQUE\s+)?(TABLE|INDEX)\s|ALTER\s+TABLE\s|PRAGMA\s+\w|VACUUM)`)

func sqlTextComplaints(s source) []string {
	if s.test || s.named("store") || within(s.path, "auth/internal/store") || s.layer == layerTests {
		return nil
	}
	var found []string
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		if text, err := strconv.Unquote(lit.Value); err == nil && sqlText.MatchString(text) {
			found = append(found, s.at(lit.Pos())+" holds SQL: it stands only in store.go (or store_NOUN.go) of the package that owns the table")
		}
		return true
	})
	return found
}

func initComplaints(s source) []string {
	var found []string
	for _, decl := range s.syntax.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			found = append(found, s.at(fn.Pos())+" has an init function: call it from main or a constructor, where a reader sees it")
		}
	}
	return found
}

// errorComplaints: a capability's wire errors are declared in one place, so that the table
// of codes and the OpenAPI document can be made of them.
func errorComplaints(s source) []string {
	if s.test || s.layer != layerCapability || s.named("errors") {
		return nil
	}
	var found []string
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		sel, ok := lit.Type.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Error" {
			return true
		}
		if left, ok := sel.X.(*ast.Ident); ok && left.Name == "api" {
			found = append(found, s.at(lit.Pos())+" makes an api.Error: declare it in the capability's errors.go and list it on the endpoint")
		}
		return true
	})
	return found
}

// lengthComplaints: a function over 60 lines does more than one thing. Tables of cases may be long.
func lengthComplaints(s source) []string {
	if s.test {
		return nil
	}
	var found []string
	for _, decl := range s.syntax.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if lines := s.fset.Position(fn.End()).Line - s.fset.Position(fn.Pos()).Line; lines > maxFunctionLines {
			found = append(found, fmt.Sprintf("%s: %s has %d lines, the limit is %d: give a part of it a name of its own", s.at(fn.Pos()), fn.Name.Name, lines, maxFunctionLines))
		}
	}
	return found
}

// TestFilesStayShort: a file over 400 lines is two files.
func TestFilesStayShort(t *testing.T) {
	t.Parallel()
	eachFile(t, func(path string, content []byte) {
		ext := filepath.Ext(path)
		if (ext != ".go" && ext != ".templ") || generated(content) {
			return
		}
		if lines := bytes.Count(content, []byte("\n")); lines > maxLines {
			t.Errorf("%s has %d lines, the limit is %d: split it by noun", path, lines, maxLines)
		}
	})
}

// TestRepositoryStandsAlone: a lone clone builds and passes; nothing reads from beside it.
func TestRepositoryStandsAlone(t *testing.T) {
	t.Parallel()
	outside := []byte(".." + "/shared")
	eachFile(t, func(path string, content []byte) {
		if bytes.Contains(content, outside) {
			t.Errorf("%s names %s, which a lone clone does not have: carry what is needed into testdata/", path, outside)
		}
	})
}

// TestSourceRulesAreNoticed shows that the file rules bite.
func TestSourceRulesAreNoticed(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, path, body string
		wrong            bool
	}{
		{"an endpoint speaks HTTP", "auth/password/endpoints.go", `import _ "net/http"`, false},
		{"endpoints split by noun speak HTTP", "auth/oidc/endpoints_token.go", `import _ "net/http"`, false},
		{"domain code speaks HTTP", "auth/password/password.go", `import _ "net/http"`, true},
		{"the queue speaks HTTP", "auth/internal/outbox/outbox.go", `import _ "net/http"`, true},
		{"SQL in the store file", "auth/user/store.go", "const q = `SELECT id FROM \"user\"`", false},
		{"SQL in domain code", "auth/user/user.go", "const q = `SELECT id FROM \"user\"`", true},
		{"SQL in an endpoint", "auth/user/endpoints.go", `const q = "DELETE FROM session WHERE id = $1"`, true},
		{"a sentence is not SQL", "auth/user/user.go", `const q = "Select a user, then update it"`, false},
		{"an init function", "auth/user/user.go", "func init() {}", true},
		{"a function of 70 lines", "auth/user/user.go", "func f() {" + strings.Repeat("\n", 70) + "}", true},
		{"a method named init", "auth/user/user.go", "type T struct{}\nfunc (T) init() {}", false},
		{"a wire error in errors.go", "auth/user/errors.go", "import \"authd/auth/internal/api\"\nvar e = api.Error{}", false},
		{"a wire error elsewhere", "auth/user/endpoints.go", "import \"authd/auth/internal/api\"\nvar e = &api.Error{}", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := parseSource(c.path, []byte("package x\n"+c.body))
			if err != nil {
				t.Fatal(err)
			}
			if got := sourceComplaints(s); (len(got) > 0) != c.wrong {
				t.Errorf("complaints %q, want some: %t", got, c.wrong)
			}
		})
	}
}

func readSources(t *testing.T) []source {
	t.Helper()
	var all []source
	eachFile(t, func(path string, content []byte) {
		if filepath.Ext(path) != ".go" || generated(content) {
			return
		}
		s, err := parseSource(path, content)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	})
	return all
}

func parseSource(path string, content []byte) (source, error) {
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, path, content, parser.SkipObjectResolution)
	if err != nil {
		return source{}, fmt.Errorf("parse %s: %w", path, err)
	}
	dir := filepath.ToSlash(filepath.Dir(path))
	importPath := module
	if dir != "." {
		importPath += "/" + dir
	}
	return source{path: path, layer: layer(importPath), test: strings.HasSuffix(path, "_test.go"), fset: fset, syntax: syntax}, nil
}

func generated(content []byte) bool {
	head := content[:min(len(content), 300)]
	return bytes.Contains(head, []byte("DO NOT EDIT"))
}

// eachFile walks the repository's text files; what others installed or the server wrote is not ours.
func eachFile(t *testing.T, visit func(path string, content []byte)) {
	t.Helper()
	top := root(t)
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); name == ".git" || name == "node_modules" || path == filepath.Join(top, "data") {
				return filepath.SkipDir
			}
			return nil
		}
		switch filepath.Ext(path) {
		case ".go", ".templ", ".sql", ".md", ".mjs", ".js", ".json", ".toml", ".txtar", ".yml", "":
		default:
			return nil
		}
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > 4<<20 {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(name), content)
		return nil
	})
	if err != nil {
		t.Fatalf("walk the repository: %v", err)
	}
}
