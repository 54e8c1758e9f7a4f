//go:build !unix

package hashing

import "unsafe"

func mapMemory(n int) ([]byte, error) {
	words := make([]uint64, (n+7)/8) // words, so that it is aligned for them
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), n), nil
}

func unmapMemory([]byte) {}
