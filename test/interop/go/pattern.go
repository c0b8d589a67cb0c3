package main

import (
	"encoding/binary"
	"math/rand/v2"
)

// maxPiece is the most that one write, and so one DATA frame, carries: the whole
// of a default window.
const maxPiece = 64 << 10

// newPattern gives the bytes of a stream. They differ from stream to stream, so
// that data delivered to the wrong one is noticed, and can be made again for the
// comparison instead of being kept.
func newPattern(index int) *rand.ChaCha8 {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], uint64(index))
	return rand.NewChaCha8(seed)
}

// newPieceSizes gives the sizes of a stream's writes: small ones are as common
// as large ones, because frames of a few bytes and frames of a whole window go
// wrong in different ways.
func newPieceSizes(index int) func() int {
	source := rand.New(rand.NewPCG(uint64(index), 0))
	return func() int {
		largest := 1 << source.IntN(17) // 1 to maxPiece
		return 1 + source.IntN(largest)
	}
}

// fillPattern writes bytes offset and on of what stream index sends: 32-bit
// words, little-endian, each a hash of its place. The other peers make the same
// (test/interop/README.md).
func fillPattern(out []byte, index uint32, offset uint64) {
	i := 0
	for ; i < len(out) && (offset+uint64(i))%4 != 0; i++ {
		out[i] = patternByte(index, offset+uint64(i))
	}
	number := uint32((offset + uint64(i)) / 4)
	for ; i+4 <= len(out); i += 4 {
		word := patternWord(index, number)
		number++
		out[i] = byte(word)
		out[i+1] = byte(word >> 8)
		out[i+2] = byte(word >> 16)
		out[i+3] = byte(word >> 24)
	}
	for ; i < len(out); i++ {
		out[i] = patternByte(index, offset+uint64(i))
	}
}

func patternWord(index, number uint32) uint32 {
	word := index*0x9e3779b1 + number
	word = (word ^ word>>16) * 0x85ebca6b
	word = (word ^ word>>13) * 0xc2b2ae35
	return word ^ word>>16
}

func patternByte(index uint32, at uint64) byte {
	return byte(patternWord(index, uint32(at/4)) >> (at % 4 * 8))
}
