package main

import (
	"context"
	"fmt"
	"io"
)

// pings sends one PING after another: an answer for the wrong id or a missing
// one holds up the next.
func pings(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	flags := o.newFlags("pings")
	flags.IntVar(&o.count, "count", 1, "number of pings")
	if err := o.parseWithTarget(flags, args, librarySpdystream); err != nil {
		return err
	}
	if o.count < 1 {
		return usageError{"pings: --count must be at least 1"}
	}
	ctx, cancel := o.withDeadline(ctx)
	defer cancel()

	c, err := dialSpdystream(ctx, o.target)
	if err != nil {
		return err
	}
	for i := range o.count {
		if err := c.ping(ctx); err != nil {
			return fmt.Errorf("ping %d of %d: %w", i+1, o.count, err)
		}
	}
	goodbye(c)
	fmt.Fprintf(stdout, "%d pings answered\n", o.count)
	return nil
}
