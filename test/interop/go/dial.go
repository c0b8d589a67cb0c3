package main

import (
	"context"
	"fmt"
	"io"
)

// dial has every stream of one connection echoed at the same time.
func dial(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	flags := o.newFlags("dial")
	flags.IntVar(&o.streams, "streams", 1, "number of streams")
	flags.Int64Var(&o.bytes, "bytes", 0, "bytes to send on each stream")
	o.protocolFlag(flags)
	if err := o.parseWithTarget(flags, args, librarySpdystream, libraryHTTPStream); err != nil {
		return err
	}
	if o.streams < 1 || o.bytes < 0 {
		return usageError{"dial: --streams must be at least 1 and --bytes at least 0"}
	}
	ctx, cancel := o.withDeadline(ctx)
	defer cancel()

	exchanges := make([]*exchange, o.streams)
	for i := range exchanges {
		exchanges[i] = &exchange{index: i, bytes: o.bytes}
	}
	err := bounded(ctx, func() error {
		c, err := connect(ctx, o, stderr)
		if err != nil {
			return err
		}
		if err := runAll(c, exchanges); err != nil {
			return err
		}
		goodbye(c)
		return nil
	})
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w; %s", err, progress(exchanges))
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d of %d streams echoed %d bytes\n", o.streams, o.streams, o.bytes)
	return nil
}

func connect(ctx context.Context, o options, stderr io.Writer) (session, error) {
	if o.library == librarySpdystream {
		return dialSpdystream(ctx, o.target)
	}
	c, protocol, err := dialHTTPStream(ctx, o.target, o.protocol)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(stderr, "negotiated protocol:", protocol)
	if protocol != o.protocol {
		return nil, fmt.Errorf("the server chose protocol %q, not %q", protocol, o.protocol)
	}
	return c, nil
}

// runAll ends with the first stream that fails: the others may never end.
func runAll(c session, exchanges []*exchange) error {
	results := make(chan error, len(exchanges))
	for _, e := range exchanges {
		go func() { results <- e.run(c) }()
	}
	for range exchanges {
		if err := <-results; err != nil {
			return err
		}
	}
	return nil
}

// progress says how far a run that took too long had come, and names one stream
// to look at.
func progress(exchanges []*exchange) string {
	var stuck *exchange
	complete := 0
	for _, e := range exchanges {
		if e.id.Load() != 0 && e.received.Load() == e.bytes {
			complete++
		} else if stuck == nil {
			stuck = e
		}
	}
	text := fmt.Sprintf("%d of %d streams had all their bytes back", complete, len(exchanges))
	if stuck == nil {
		return text + " but not every end"
	}
	if stuck.id.Load() == 0 {
		return fmt.Sprintf("%s, stream %d was not open", text, stuck.index)
	}
	return fmt.Sprintf("%s, %v had %d of %d", text, stuck, stuck.received.Load(), stuck.bytes)
}
