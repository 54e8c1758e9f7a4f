//go:build unix

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// dropRoot gives up root before anything is opened. With chown, a user id or
// user:group, the data directory is handed to that user first: what a container
// with a fresh volume needs. Without it, a data directory that belongs to
// somebody else makes the process that somebody, so that a command run as root
// beside the server leaves no file that the server cannot open.
func dropRoot(data, chown string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	if chown == "" {
		uid, gid := ownerOf(data)
		return become(uid, gid)
	}
	uid, gid, err := parseOwner(chown)
	if err != nil {
		return err
	}
	if err := handOver(data, uid, gid); err != nil {
		return err
	}
	return become(uid, gid)
}

func parseOwner(text string) (uid, gid int, err error) {
	user, group, both := strings.Cut(text, ":")
	if !both {
		group = user
	}
	uid, userErr := strconv.Atoi(user)
	gid, groupErr := strconv.Atoi(group)
	if userErr != nil || groupErr != nil || uid < 1 || gid < 1 {
		return 0, 0, fmt.Errorf("AUTHD_CHOWN_DATA is %q; allowed: the number of a user other than root, or user:group, such as 65532", text)
	}
	return uid, gid, nil
}

// ownerOf says whose the data directory is; root's while there is none.
func ownerOf(data string) (uid, gid int) {
	info, err := os.Stat(data)
	if err != nil {
		return 0, 0
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid), int(stat.Gid)
	}
	return 0, 0
}

// handOver makes the data directory and everything in it the user's. It cannot
// be led out of it by a link that appears meanwhile.
func handOver(data string, uid, gid int) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	root, err := os.OpenRoot(data)
	if err != nil {
		return fmt.Errorf("open the data directory: %w", err)
	}
	defer func() { _ = root.Close() }()
	err = fs.WalkDir(root.FS(), ".", func(name string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = own(root, name, uid, gid)
		}
		if errors.Is(err, fs.ErrNotExist) { // a running server tidied up meanwhile
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("hand the data directory to user %d: %w", uid, err)
	}
	return nil
}

func own(root *os.Root, name string, uid, gid int) error {
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) == uid && int(stat.Gid) == gid {
		return nil
	}
	return root.Lchown(name, uid, gid)
}

// become changes all threads of the process for good.
func become(uid, gid int) error {
	if uid == 0 {
		return nil
	}
	if err := syscall.Setgroups([]int{gid}); err != nil {
		return fmt.Errorf("give up root's groups: %w", err)
	}
	if err := syscall.Setgid(gid); err != nil {
		return fmt.Errorf("give up root's group: %w", err)
	}
	if err := syscall.Setuid(uid); err != nil {
		return fmt.Errorf("give up root: %w", err)
	}
	if syscall.Setuid(0) == nil {
		return errors.New("root was given up and could be taken back; nothing is started")
	}
	return nil
}
