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
