package cli

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
)

// writeScripts puts the scripts of docs, each a block with its name on the fence,
// where the sittings find them: they are run as the pages have them.
func writeScripts(dir string) error {
	for _, name := range []string{"oauth.md", "keys.md", "moving-from-better-auth.md", "who-may-sign-up.md", "recovery.md"} {
		page, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			return err
		}
		blocks := regexp.MustCompile("(?ms)^```sh (\\w+\\.sh)\n(.*?)^```$").FindAllSubmatch(page, -1)
		if len(blocks) == 0 {
			return errors.New(name + " has no scripts")
		}
		for _, block := range blocks {
			if err := os.WriteFile(filepath.Join(dir, string(block[1])), block[2], 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}
