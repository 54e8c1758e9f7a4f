package hashing

import "unsafe"

// memory is one thread's working memory. It is kept between hashes, because a
// fresh 19 MiB for each costs a quarter of the hash in page faults, and it lies
// outside the Go heap, because there it would let the heap grow to twice its
// size before it is collected.
type memory struct {
	bytes []byte
}

// take returns n bytes of any content, aligned to a page.
func (m *memory) take(n int) ([]byte, error) {
	if len(m.bytes) < n {
		m.release()
		b, err := mapMemory(n)
		if err != nil {
			return nil, err
		}
		m.bytes = b
	}
	return m.bytes[:n], nil
}

// keep gives the memory back if it is more than n bytes.
func (m *memory) keep(n int) {
	if len(m.bytes) > n {
		m.release()
	}
}

func (m *memory) release() {
	if m.bytes != nil {
		unmapMemory(m.bytes)
		m.bytes = nil
	}
}

// blocks returns n blocks of any content for argon2id.
func (m *memory) blocks(n uint32) ([]block, error) {
	b, err := m.take(int(n) * blockBytes)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*block)(unsafe.Pointer(unsafe.SliceData(b))), n), nil
}

// words returns n words of any content for scrypt.
func (m *memory) words(n int) ([]uint32, error) {
	b, err := m.take(4 * n)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(b))), n), nil
}
