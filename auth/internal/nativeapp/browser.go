package nativeapp

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Browser opens address in the person's browser. Getenv reads the environment:
// BROWSER names a program of their choice.
func Browser(address string, getenv func(string) string) error {
	command, err := browserCommand(runtime.GOOS, address, getenv)
	if err != nil {
		return err
	}
	started := exec.Command(command[0], command[1:]...) //nolint:noctx // the browser outlives the command
	if err := started.Start(); err != nil {
		return fmt.Errorf("open the browser: %w", err)
	}
	go func() { _ = started.Wait() }()
	return nil
}

func browserCommand(system, address string, getenv func(string) string) ([]string, error) {
	if chosen := filepath.SplitList(getenv("BROWSER")); len(chosen) > 0 {
		first := chosen[0]
		words := strings.Fields(first)
		if len(words) > 0 && strings.Contains(first, "%s") {
			for i := range words {
				words[i] = strings.ReplaceAll(words[i], "%s", address)
			}
			return words, nil
		}
		if len(words) > 0 {
			return append(words, address), nil
		}
	}
	switch system {
	case "darwin":
		return []string{"open", address}, nil
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler", address}, nil
	}
	if getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "" && getenv("WSL_DISTRO_NAME") == "" {
		return nil, errors.New("there is no screen to open a browser on")
	}
	return []string{"xdg-open", address}, nil
}
