// Package wire holds authd against better-auth's HTTP API as it was recorded.
//
// testdata/recordings.jsonl has the recorded answers; testdata/runs has the
// requests behind them, as scenarios: who sends what, in which order. A folder
// of runs is one server; settings.json says how it is started. Answers measured
// for scenarios of our own are in testdata/measured.jsonl, numbered from 1000.
//
// Fields, headers and cookies of capabilities that are not built are left out on
// both sides (capability_test.go); what authd answers differently on purpose is
// in one list with its reasons (deviation_test.go), from which docs/compatibility.md
// is made: go test ./tests/wire -update.
//
// The scenarios prove themselves against better-auth itself:
//
//	AUTHD_WIRE_TARGET=http://localhost:3999 go test ./tests/wire -run Recordings
//
// with AUTHD_WIRE_SETTINGS naming what that server was started with, as in a
// run's settings.json; -measure then writes testdata/measured.jsonl.
package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"authd/tests/authdtest"
)

var (
	update  = flag.Bool("update", false, "write docs/compatibility.md")
	measure = flag.Bool("measure", false, "write testdata/measured.jsonl from AUTHD_WIRE_TARGET")
)

const firstMeasured = 1000

func TestMain(m *testing.M) { os.Exit(authdtest.Main(m)) }

// TestRecordings plays every scenario and compares each answer with its recording.
func TestRecordings(t *testing.T) {
	recordings := readRecordings(t)
	base := os.Getenv("AUTHD_WIRE_TARGET")
	elsewhere := startProvider(t)
	toml := clientTOML + providerTOML(elsewhere)
	for _, r := range readRuns(t) {
		if base != "" && r.settings.Reference != os.Getenv("AUTHD_WIRE_SETTINGS") {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			p := play{stage: newStage(reference{base}), comparison: newComparison(), recordings: recordings, oracle: base != ""}
			if base == "" {
				for name, value := range r.settings.Authd {
					r.settings.Authd[name] = strings.ReplaceAll(value, "${provider}", elsewhere)
				}
				p.stage = newStage(authd{authdtest.Start(t, authdtest.Options{Env: r.settings.Authd, TOML: toml}), elsewhere})
			}
			for _, s := range r.scenarios {
				p.scenario(t, s)
			}
			if *measure {
				writeMeasured(t, p.measured)
			}
		})
	}
}

// play is one run in front of its server.
type play struct {
	stage      *stage
	comparison *comparison
	recordings map[int]recording
	oracle     bool // the server is better-auth itself: nothing deviates
	measured   []recording
}

func (p *play) scenario(t *testing.T, s scenario) {
	t.Helper()
	for i, st := range s.Steps {
		switch {
		case st.Mail != "":
			payload := p.stage.target.mail(t, st.Mail, st.To)
			for name, field := range st.Save {
				p.stage.values[name] = fmt.Sprint(payload[field])
			}
		case st.Setup != "":
			p.stage.target.setup(t, p.stage, st)
		default:
			p.step(t, fmt.Sprintf("%s step %d", s.file, i+1), st)
		}
	}
}

func (p *play) step(t *testing.T, where string, st step) {
	t.Helper()
	call := p.stage.call(t, st)
	for range st.Repeat - 1 {
		p.stage.browser(st.As).Do(t, call)
	}
	res := p.stage.browser(st.As).Do(t, call)
	p.stage.save(t, st, res)
	if st.N == nil {
		return
	}
	n := *st.N
	if *measure && n >= firstMeasured {
		p.measured = append(p.measured, recordAnswer(st, res, p.stage.target.url()))
		return
	}
	recorded, err := p.recordings[n].exchange()
	if err != nil {
		t.Fatal(err)
	}
	want, got := withoutUnbuilt(recorded), withoutUnbuilt(answered(res, p.stage.target.url()))
	var found []string
	if !p.oracle {
		found = stale(p.comparison, p.recordings[n], want, got)
		want = asAuthdAnswers(p.recordings[n], want, "")
	}
	if found = append(found, p.comparison.differences(want, got)...); len(found) > 0 {
		t.Errorf("%s: recording %d %s %s (%s):\n\t%s", where, n, call.Method, call.Path, p.recordings[n].Label, bytes.Join(lines(found), []byte("\n\t")))
	}
}

func lines(texts []string) [][]byte {
	all := make([][]byte, len(texts))
	for i, text := range texts {
		all[i] = []byte(text)
	}
	return all
}

func readRecordings(t *testing.T) map[int]recording {
	t.Helper()
	all := map[int]recording{}
	for _, file := range []string{"testdata/recordings.jsonl", "testdata/measured.jsonl"} {
		eachLine(t, file, func(line []byte) {
			var r recording
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			all[r.Index] = r
		})
	}
	return all
}

func eachLine(t *testing.T, file string, visit func(line []byte)) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		visit(scanner.Bytes())
	}
	if err := scanner.Err(); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// recordAnswer is an answer of better-auth in the form of the recordings.
func recordAnswer(st step, res authdtest.Response, origin string) recording {
	method, path, _ := strings.Cut(st.Send, " ")
	r := recording{Index: *st.N, Origin: origin, Method: method, Path: path, Status: res.Status, Headers: map[string]string{}, SetCookie: res.SetCookie}
	for _, name := range comparedHeaders {
		if value := res.Header.Get(name); value != "" {
			r.Headers[strings.ToLower(name)] = value
		}
	}
	if len(res.Body) > 0 {
		body := res.Body
		if !json.Valid(body) {
			text, err := json.Marshal(string(body))
			if err != nil {
				text = nil
			}
			body = text
		}
		r.Body = body
	}
	return r
}

// writeMeasured replaces the lines of the run that was just measured.
func writeMeasured(t *testing.T, measured []recording) {
	t.Helper()
	const file = "testdata/measured.jsonl"
	all := measured
	eachLine(t, file, func(line []byte) {
		var r recording
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(measured, func(m recording) bool { return m.Index == r.Index }) {
			all = append(all, r)
		}
	})
	slices.SortFunc(all, func(a, b recording) int { return a.Index - b.Index })
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	for _, r := range all {
		if err := encoder.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
