package main

import (
	"bytes"
	"fmt"
	"io"
	"sync/atomic"
)

// exchange is one stream's part of a test: what it sends must come back.
type exchange struct {
	index int
	bytes int64

	id       atomic.Uint32 // 0 until the stream is open
	received atomic.Int64  // good so far; read from outside when time runs out
}

// run opens the stream and exchanges the bytes.
func (e *exchange) run(c session) error {
	s, err := c.open(streamHeader(e.index))
	if err != nil {
		return fmt.Errorf("stream %d did not open: %w", e.index, err)
	}
	return e.over(s)
}

// over sends and receives at the same time: neither library has flow control,
// and an echo that nobody reads would stop the whole connection.
func (e *exchange) over(s stream) error {
	e.id.Store(s.Identifier())
	sent := make(chan error, 1)
	go func() { sent <- e.send(s) }()
	err := e.receive(s)
	if err == nil {
		err = <-sent
	} else {
		select {
		case sendErr := <-sent:
			if sendErr != nil {
				err = fmt.Errorf("%w; %w", err, sendErr)
			}
		default: // it may be stuck for good
		}
	}
	if err != nil {
		return fmt.Errorf("%v: %w", e, err)
	}
	return nil
}

func (e *exchange) send(s stream) error {
	pattern, nextSize := newPattern(e.index), newPieceSizes(e.index)
	buffer := make([]byte, min(maxPiece, e.bytes))
	for left := e.bytes; left > 0; {
		piece := buffer[:min(int64(nextSize()), left)]
		pattern.Read(piece)
		if _, err := s.Write(piece); err != nil {
			// Lets the reader go; the sending error is then reported too.
			s.Reset()
			return fmt.Errorf("sending failed with %d bytes to go: %w", left, err)
		}
		left -= int64(len(piece))
	}
	if err := s.Close(); err != nil {
		return fmt.Errorf("half-closing failed: %w", err)
	}
	return nil
}

func (e *exchange) receive(s stream) error {
	pattern := newPattern(e.index)
	got, want := make([]byte, 32<<10), make([]byte, 32<<10)
	var total int64
	for {
		n, err := s.Read(got)
		if total+int64(n) > e.bytes {
			return fmt.Errorf("more than the %d bytes sent came back", e.bytes)
		}
		pattern.Read(want[:n])
		if !bytes.Equal(got[:n], want[:n]) {
			at := firstDifference(got[:n], want[:n])
			return fmt.Errorf("byte %d came back as %#02x, was sent as %#02x", total+int64(at), got[at], want[at])
		}
		total += int64(n)
		e.received.Store(total)
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("receiving failed after %d of %d bytes: %w", total, e.bytes, err)
		}
	}
	if total < e.bytes {
		// The libraries do not tell a reset or a lost connection from a FIN.
		return fmt.Errorf("the end came after %d of %d bytes", total, e.bytes)
	}
	return nil
}

// String names the stream as a test's output and a frame trace do.
func (e *exchange) String() string {
	return fmt.Sprintf("stream %d (id %d)", e.index, e.id.Load())
}

// firstDifference is for slices of one length that differ.
func firstDifference(a, b []byte) int {
	at := 0
	for a[at] == b[at] {
		at++
	}
	return at
}
