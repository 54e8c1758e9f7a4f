package cli

import "golang.org/x/sys/unix"

// networkFileSystem names the network file system that a directory stands on, or "".
func networkFileSystem(name string) string {
	var about unix.Statfs_t
	if err := unix.Statfs(name, &about); err != nil {
		return ""
	}
	switch uint32(about.Type) {
	case unix.NFS_SUPER_MAGIC:
		return "NFS"
	case unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC:
		return "SMB"
	default:
		return ""
	}
}
