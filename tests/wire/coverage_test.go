package wire

import (
	"encoding/json"
	"slices"
	"testing"
)

// TestEveryRecordingIsCovered: of all recordings, those of built capabilities
// are carried and asked for by a scenario, and the others name a capability that waits.
func TestEveryRecordingIsCovered(t *testing.T) {
	t.Parallel()
	recordings, asked := readRecordings(t), askedFor(t)
	built := map[string]bool{}
	for _, c := range capabilities() {
		built[c.Name] = c.Built
	}
	known := map[int]bool{}
	eachLine(t, "testdata/index.jsonl", func(line []byte) {
		var entry struct {
			Index      int    `json:"index"`
			Capability string `json:"capability"`
			Method     string `json:"method"`
			Path       string `json:"path"`
			Label      string `json:"label"`
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatal(err)
		}
		n := entry.Index
		known[n] = true
		inForce, listed := built[entry.Capability]
		_, carried := recordings[n]
		switch {
		case !listed:
			t.Errorf("recording %d: no capability %q in the list", n, entry.Capability)
		case inForce && !carried:
			t.Errorf("recording %d %s %s (%s) is of %s, which is built, but is not carried in recordings.jsonl", n, entry.Method, entry.Path, entry.Label, entry.Capability)
		case inForce && asked[n] == 0:
			t.Errorf("recording %d %s %s (%s): no scenario asks for it", n, entry.Method, entry.Path, entry.Label)
		case !inForce && carried:
			t.Errorf("recording %d is carried, but %s is not built", n, entry.Capability)
		}
	})
	const all = 608
	for n := range all {
		if !known[n] {
			t.Errorf("recording %d is not in index.jsonl", n)
		}
	}
	for n, times := range asked {
		if times > 1 {
			t.Errorf("recording %d is asked for %d times", n, times)
		}
		if _, ok := recordings[n]; !ok && !*measure {
			t.Errorf("a scenario asks for recording %d, which is not there", n)
		}
	}
}

// TestDeviationsAreUsed: an exception for a recording that nobody asks for is stale.
func TestDeviationsAreUsed(t *testing.T) {
	t.Parallel()
	asked := askedFor(t)
	var ids []string
	for _, d := range deviations() {
		if slices.Contains(ids, d.ID) {
			t.Errorf("deviation %s is listed twice", d.ID)
		}
		ids = append(ids, d.ID)
		if d.BetterAuth == "" || d.Authd == "" || d.Why == "" {
			t.Errorf("deviation %s lacks what better-auth does, what authd does or why", d.ID)
		}
		for _, n := range d.Recordings {
			if asked[n] == 0 {
				t.Errorf("deviation %s names recording %d, which no scenario asks for", d.ID, n)
			}
		}
	}
}

func askedFor(t *testing.T) map[int]int {
	t.Helper()
	asked := map[int]int{}
	for _, r := range readRuns(t) {
		for _, s := range r.scenarios {
			for _, st := range s.Steps {
				if st.N != nil {
					asked[*st.N]++
				}
			}
		}
	}
	return asked
}
