package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/moby/spdystream"
)

// serveSpdystream speaks SPDY from the first byte of each connection.
func serveSpdystream(listener net.Listener) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		session, err := spdystream.NewConnection(conn, true)
		if err != nil {
			conn.Close()
			return err
		}
		go func() {
			session.Serve(accept)
			// Serve leaves the TCP connection open after most protocol errors,
			// and once it has returned nothing can be written any more.
			conn.Close()
		}()
	}
}

// accept treats a stream as its "streamtype" asks. It must not block: one of five
// workers calls it.
func accept(s *spdystream.Stream) {
	header := s.Headers()
	serve := map[string]func(stream, http.Header) error{"source": source, "sink": sink}[header.Get("streamType")]
	switch {
	case header["V"] != nil:
		complain(s, mirror(s))
	case header.Get("streamType") == "script":
		serveScript(s, func(line string) { fmt.Fprintln(os.Stderr, "peer:", line) })
	case serve != nil:
		if err := s.SendReply(http.Header{}, false); err != nil {
			complain(s, err)
			return
		}
		go func() { complain(s, serve(s, header)) }()
	default:
		acceptAndEcho(s)
	}
}

func complain(s *spdystream.Stream, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "peer: %v: %v\n", s, err)
	}
}

// acceptAndEcho mirrors HEADERS frames as well as data. It must take them: one
// that nobody receives stops the frame worker, and with it every fifth stream.
// The reply goes out before anything else because spdystream drops what arrives
// ahead of it.
func acceptAndEcho(s *spdystream.Stream) {
	if err := s.SendReply(http.Header{}, false); err != nil {
		return
	}
	var headers sync.WaitGroup
	headers.Go(func() {
		for {
			header, err := s.ReceiveHeader()
			if err != nil || s.SendHeader(header, false) != nil {
				return
			}
		}
	})
	go echo(headersFirst{s, &headers})
}

// headersFirst holds the FIN back until the last HEADERS frame is mirrored.
type headersFirst struct {
	*spdystream.Stream
	headers *sync.WaitGroup
}

func (s headersFirst) Close() error {
	s.headers.Wait()
	return s.Stream.Close()
}

// rawSession is a client connection without an HTTP upgrade.
type rawSession struct{ *spdystream.Connection }

func dialSpdystream(ctx context.Context, target string) (rawSession, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", target)
	if err != nil {
		return rawSession{}, err
	}
	session, err := spdystream.NewConnection(conn, false)
	if err != nil {
		conn.Close()
		return rawSession{}, err
	}
	// Without a limit, closing waits for streams that the other side left open.
	session.SetCloseTimeout(time.Second)
	go session.Serve(refuse)
	return rawSession{session}, nil
}

// refuse answers the streams that a server opens: no test asks for any.
func refuse(s *spdystream.Stream) { s.Refuse() }

func (c rawSession) open(header http.Header) (stream, error) {
	s, err := c.CreateStream(header, nil, false)
	if err != nil {
		return nil, err
	}
	if err := beforeClose(c.CloseChan(), s.Wait); err != nil {
		return nil, err
	}
	return s, nil
}

func (c rawSession) ping(ctx context.Context) error {
	return bounded(ctx, func() error {
		_, err := c.Ping()
		return err
	})
}
