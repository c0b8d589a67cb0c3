package main

import (
	"context"
	"fmt"
	"io"
	"net"
)

// serve echoes every stream of every connection until it is told to stop.
func serve(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	flags := o.newFlags("serve")
	o.protocolFlag(flags)
	if err := o.parse(flags, args, librarySpdystream, libraryHTTPStream); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	stopped := context.AfterFunc(ctx, func() { listener.Close() })
	defer stopped()

	scheme, accept := "", serveSpdystream
	if o.library == libraryHTTPStream {
		scheme, accept = "http://", func(l net.Listener) error { return serveHTTPStream(l, o.protocol) }
	}
	// The listener's backlog takes connections already, so whoever reads this
	// line may connect at once.
	fmt.Fprintf(stdout, "listening on %s%s\n", scheme, listener.Addr())

	err = accept(listener)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// echo sends back what comes in and half-closes when the other side has. The
// libraries tell a reset as the same end of file as a FIN; closing a stream that
// was reset fails, and there is nothing left to do about that.
func echo(s stream) {
	if _, err := io.Copy(s, s); err != nil {
		s.Reset()
		return
	}
	s.Close()
}
