package hashing

import "encoding/binary"

// fill is the memory of one argon2id hash while it is computed.
type fill struct {
	cost
	blocks []block
	lane   uint32 // blocks in a lane
}

// begin computes the first two blocks of each lane (RFC 9106 §3.2, steps 3, 4).
func (f *fill) begin(seed []byte) {
	for lane := range f.lanes {
		for i := range uint32(2) {
			in := binary.LittleEndian.AppendUint32(seed[:len(seed):len(seed)], i)
			in = binary.LittleEndian.AppendUint32(in, lane)
			first := longHash(blockBytes, in)
			for w := range blockWords {
				f.blocks[lane*f.lane+i][w] = binary.LittleEndian.Uint64(first[8*w:])
			}
		}
	}
}

// segment fills one slice of one lane (RFC 9106 §3.2, steps 5, 6). The lanes of
// a slice do not depend on each other, so one thread may fill them in turn.
func (f *fill) segment(pass, slice, lane uint32) {
	length := f.lane / syncPoints
	addresses := addressBlocks{in: block{
		uint64(pass), uint64(lane), uint64(slice), uint64(len(f.blocks)), uint64(f.time), argonID,
	}}
	// The first half of the first pass is independent of the data, against
	// observers of memory access (RFC 9106 §3.4.1.3).
	independent := pass == 0 && slice < syncPoints/2
	for i := range length {
		if independent && i%blockWords == 0 {
			addresses.next()
		}
		if pass == 0 && slice == 0 && i < 2 {
			continue // begin has made these
		}
		at := lane*f.lane + slice*length + i
		before := at - 1
		if slice == 0 && i == 0 {
			before += f.lane // the lane's last block
		}
		choice := f.blocks[before][0]
		if independent {
			choice = addresses.out[i%blockWords]
		}
		other := f.reference(choice, pass, slice, lane, i)
		if pass == 0 {
			compress(&f.blocks[at], &f.blocks[before], &f.blocks[other])
		} else {
			compressXOR(&f.blocks[at], &f.blocks[before], &f.blocks[other])
		}
	}
}

// reference maps a pseudo-random value to the block to mix in (RFC 9106 §3.4.2).
func (f *fill) reference(choice uint64, pass, slice, lane, i uint32) uint32 {
	length := f.lane / syncPoints
	from := uint32(choice>>32) % f.lanes
	if pass == 0 && slice == 0 {
		from = lane
	}
	// The blocks that may be chosen: the other slices of the last round, or in
	// the first pass those done so far; of the own lane the current slice too,
	// without the block just before; of others at most all but the newest.
	size, start := (syncPoints-1)*length, (slice+1)%syncPoints*length
	if pass == 0 {
		size, start = slice*length, 0
	}
	if from == lane {
		size += i - 1
	} else if i == 0 {
		size--
	}
	x := choice & 0xffffffff
	x = x * x >> 32
	y := uint64(size) * x >> 32
	z := uint64(size) - 1 - y
	return from*f.lane + uint32((uint64(start)+z)%uint64(f.lane))
}

// tag is the hash of the last column (RFC 9106 §3.2, steps 7, 8).
func (f *fill) tag(length int) []byte {
	var last block
	for lane := range f.lanes {
		for w, v := range f.blocks[lane*f.lane+f.lane-1] {
			last[w] ^= v
		}
	}
	out := make([]byte, 0, blockBytes)
	for _, w := range last {
		out = binary.LittleEndian.AppendUint64(out, w)
	}
	return longHash(length, out)
}

// addressBlocks generates the pseudo-random values of the data-independent
// part, 128 at a time (RFC 9106 §3.4.1.2).
type addressBlocks struct {
	in, out, zero block
}

func (a *addressBlocks) next() {
	a.in[6]++
	compress(&a.out, &a.in, &a.zero)
	compress(&a.out, &a.out, &a.zero)
}
