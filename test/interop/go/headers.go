package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/moby/spdystream"
	"github.com/moby/spdystream/spdy"
)

// mirror answers a stream with the field that it came with, and ends it.
func mirror(s *spdystream.Stream) error {
	header := http.Header{}
	header["V"] = s.Headers()["V"]
	return s.SendReply(header, true)
}

// makeValue makes a header's value of bytes by chance, which no level
// compresses, of letters by chance, which take six bits each, or of text that
// repeats itself. Never a NUL, which separates values.
func makeValue(size int, kind string, source *rand.Rand) string {
	const text = "a header's value "
	value := make([]byte, size)
	for i := range value {
		switch kind {
		case "random":
			value[i] = byte(1 + source.IntN(255))
		case "letters":
			value[i] = byte('0' + source.IntN(64))
		default:
			value[i] = text[i%len(text)]
		}
	}
	return string(value)
}

// headers opens streams with a header of each size that stdin names, one after
// another, on each of several connections. Here the frames are read and written
// by the library's framer alone: its streams do not tell a reply's headers.
func headers(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	flags := o.newFlags("headers")
	flags.IntVar(&o.count, "count", 1, "number of connections")
	if err := o.parseWithTarget(flags, args, librarySpdystream); err != nil {
		return err
	}
	ctx, cancel := o.withDeadline(ctx)
	defer cancel()
	lines, err := linesOf(os.Stdin)
	if err != nil {
		return err
	}
	for number := range o.count {
		err := bounded(ctx, func() error { return headersOnce(ctx, o.target, lines) })
		if err != nil {
			return fmt.Errorf("connection %d: %w", number, err)
		}
	}
	fmt.Fprintf(stdout, "%d header blocks mirrored\n", o.count*len(lines))
	return nil
}

func headersOnce(ctx context.Context, target string, lines []string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", target)
	if err != nil {
		return err
	}
	defer conn.Close()
	framer, err := spdy.NewFramer(conn, conn)
	if err != nil {
		return err
	}
	source := rand.New(rand.NewPCG(1, 0))
	for i, line := range lines {
		size, kind, err := sizeOf(line)
		if err != nil {
			return err
		}
		id := spdy.StreamId(2*i + 1)
		value := makeValue(size, kind, source)
		if err := mirrored(framer, id, value); err != nil {
			return fmt.Errorf("a value of %s: %w", line, err)
		}
	}
	return framer.WriteFrame(&spdy.GoAwayFrame{})
}

func mirrored(framer *spdy.Framer, id spdy.StreamId, value string) error {
	frame := &spdy.SynStreamFrame{StreamId: id, Headers: http.Header{"V": {value}}}
	frame.CFHeader.Flags = spdy.ControlFlagFin
	if err := framer.WriteFrame(frame); err != nil {
		return err
	}
	for {
		answer, err := framer.ReadFrame()
		if err != nil {
			return err
		}
		switch answer := answer.(type) {
		case *spdy.SynReplyFrame:
			if answer.StreamId != id || answer.Headers.Get("V") != value {
				return fmt.Errorf("the reply to stream %d holds another value", answer.StreamId)
			}
			return nil
		case *spdy.PingFrame:
			if err := framer.WriteFrame(answer); err != nil {
				return err
			}
		case *spdy.RstStreamFrame, *spdy.GoAwayFrame:
			return fmt.Errorf("answered by %T", answer)
		}
	}
}

// sizeOf takes a line such as "100 random" apart.
func sizeOf(line string) (size int, kind string, err error) {
	word, kind, _ := strings.Cut(line, " ")
	size, err = strconv.Atoi(word)
	return size, kind, err
}
