//go:build unix

package hashing

import (
	"fmt"

	"golang.org/x/sys/unix"
)

func mapMemory(n int) ([]byte, error) {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("hashing: map %d bytes of memory: %w", n, err)
	}
	preferLargePages(b)
	return b, nil
}

func unmapMemory(b []byte) {
	_ = unix.Munmap(b) // fails only for memory that mapMemory did not give out
}
