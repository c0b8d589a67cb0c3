package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// stream is what the two libraries' streams have in common.
type stream interface {
	io.ReadWriteCloser
	Reset() error
	Identifier() uint32
}

// session is what the two libraries' client connections have in common.
type session interface {
	// open returns a stream whose reply has come.
	open(header http.Header) (stream, error)
	CloseChan() <-chan bool
	Close() error
}

var errClosedEarly = errors.New("the connection ended before the stream's reply")

// beforeClose gives up on an opening stream when its connection ends. Neither
// library does: one would wait for 30 seconds, the other for ever.
func beforeClose(closed <-chan bool, opening func() error) error {
	opened := make(chan error, 1)
	go func() { opened <- opening() }()
	select {
	case err := <-opened:
		return err
	case <-closed:
		return errClosedEarly
	}
}

// bounded leaves work behind when the deadline passes: the libraries take no
// context, and the process ends soon after.
func bounded(ctx context.Context, work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// goodbye closes in order. The GOAWAY is written at once, but the connection is
// closed in the background, where the end of this process would cut it short.
func goodbye(c session) {
	c.Close()
	select {
	case <-c.CloseChan():
	case <-time.After(2 * time.Second):
	}
}

// streamHeader are the headers of the stream with this index.
func streamHeader(index int) http.Header {
	header := http.Header{}
	header.Set("streamType", "data")
	header.Set("index", strconv.Itoa(index))
	return header
}
