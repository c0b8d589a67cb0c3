package main

import (
	"context"
	"fmt"
	"io"
)

// resetBytes is enough for the surviving stream to need several frames.
const resetBytes = 100_000

// reset checks that streams can be reset, with the reply still on its way or
// with an echo on its way, and leave the connection and its neighbour alone.
func reset(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	flags := o.newFlags("reset")
	if err := o.parseWithTarget(flags, args, librarySpdystream); err != nil {
		return err
	}
	ctx, cancel := o.withDeadline(ctx)
	defer cancel()

	c, err := dialSpdystream(ctx, o.target)
	if err != nil {
		return err
	}
	if err := bounded(ctx, func() error { return resetNeighbours(c) }); err != nil {
		return err
	}
	if err := c.ping(ctx); err != nil {
		return fmt.Errorf("the ping after the resets: %w", err)
	}
	goodbye(c)
	fmt.Fprintln(stdout, "connection survived")
	return nil
}

func resetNeighbours(c rawSession) error {
	// Not open, which waits for the reply: the reset is to overtake it.
	first, err := c.CreateStream(streamHeader(0), nil, false)
	if err != nil {
		return fmt.Errorf("stream 0 did not open: %w", err)
	}
	if err := first.Reset(); err != nil {
		return fmt.Errorf("resetting stream 0: %w", err)
	}
	second, err := c.open(streamHeader(1))
	if err != nil {
		return fmt.Errorf("stream 1 did not open: %w", err)
	}
	third, err := c.open(streamHeader(2))
	if err != nil {
		return fmt.Errorf("stream 2 did not open: %w", err)
	}
	if _, err := third.Write([]byte{1}); err != nil {
		return fmt.Errorf("writing to stream 2: %w", err)
	}
	if err := third.Reset(); err != nil {
		return fmt.Errorf("resetting stream 2: %w", err)
	}
	return (&exchange{index: 1, bytes: resetBytes}).over(second)
}
