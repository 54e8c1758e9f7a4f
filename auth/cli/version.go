package cli

import (
	"runtime"
	"runtime/debug"
)

// version is set by the linker: -X authd/auth/cli.version=1.2.3.
var version = "dev"

type versionCommand struct{}

// Run prints the version, for people and for bug reports.
func (versionCommand) Run(p *program) error {
	about := struct {
		Version  string `json:"version"`
		Revision string `json:"revision,omitempty"`
		Go       string `json:"go"`
		System   string `json:"system"`
	}{version, revision(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	if about.Revision == "" {
		return p.print(about, "authd %s (%s, %s)", about.Version, about.Go, about.System)
	}
	return p.print(about, "authd %s (%s, %s, %s)", about.Version, about.Revision, about.Go, about.System)
}

func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value[:min(12, len(setting.Value))]
		}
	}
	return ""
}
