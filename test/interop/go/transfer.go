package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// received is what the receiver of a whole upload answers.
const received = "ok"

// sendPattern sends a stream's pattern, then its end.
func sendPattern(s stream, index uint32, size int64) error {
	piece := make([]byte, min(maxPiece, size))
	for sent := int64(0); sent < size; sent += int64(len(piece)) {
		piece = piece[:min(int64(len(piece)), size-sent)]
		fillPattern(piece, index, uint64(sent))
		if _, err := s.Write(piece); err != nil {
			return fmt.Errorf("sending failed after %d of %d bytes: %w", sent, size, err)
		}
	}
	return s.Close()
}

// receivePattern reads size bytes of a stream's pattern.
func receivePattern(s io.Reader, index uint32, size int64) error {
	got, want := make([]byte, maxPiece), make([]byte, maxPiece)
	for total := int64(0); total < size; {
		n, err := s.Read(got[:min(maxPiece, size-total)])
		fillPattern(want[:n], index, uint64(total))
		if !bytes.Equal(got[:n], want[:n]) {
			at := firstDifference(got[:n], want[:n])
			return fmt.Errorf("byte %d is %#02x, not %#02x", total+int64(at), got[at], want[at])
		}
		total += int64(n)
		if err != nil {
			return fmt.Errorf("the end came after %d of %d bytes: %w", total, size, err)
		}
	}
	return nil
}

// receiveRest is for what comes in front of the end, and should be little.
func receiveRest(s io.Reader, want string) error {
	rest, err := io.ReadAll(io.LimitReader(s, maxPiece))
	if err == nil && string(rest) != want {
		err = fmt.Errorf("%d bytes, not %q, came at the end", len(rest), want)
	}
	return err
}

func numberIn(header http.Header, name string) int64 {
	number, _ := strconv.ParseInt(header.Get(name), 10, 64)
	return number
}

// source is a server's end of a download.
func source(s stream, header http.Header) error {
	// Whatever comes must be read: it would stop every fifth stream.
	go io.Copy(io.Discard, s)
	return sendPattern(s, uint32(numberIn(header, "index")), numberIn(header, "bytes"))
}

// sink is a server's end of an upload.
func sink(s stream, header http.Header) error {
	err := receivePattern(s, uint32(numberIn(header, "index")), numberIn(header, "bytes"))
	if err == nil {
		err = receiveRest(s, "")
	}
	if err != nil {
		s.Reset()
		return err
	}
	if _, err := s.Write([]byte(received)); err != nil {
		return err
	}
	return s.Close()
}

// transfer uploads or downloads on many streams at once.
func transfer(ctx context.Context, command string, args []string, stdout io.Writer) error {
	var o options
	flags := o.newFlags(command)
	flags.IntVar(&o.streams, "streams", 1, "number of streams")
	flags.Int64Var(&o.bytes, "bytes", 0, "bytes on each stream")
	if err := o.parseWithTarget(flags, args, librarySpdystream); err != nil {
		return err
	}
	if o.streams < 1 || o.bytes < 0 {
		return usageError{command + ": --streams must be at least 1 and --bytes at least 0"}
	}
	ctx, cancel := o.withDeadline(ctx)
	defer cancel()
	c, err := dialSpdystream(ctx, o.target)
	if err != nil {
		return err
	}
	done := make(chan error, o.streams)
	for index := range o.streams {
		go func() {
			if err := transferOne(c, command, index, o.bytes); err != nil {
				done <- fmt.Errorf("stream %d: %w", index, err)
				return
			}
			done <- nil
		}()
	}
	for range o.streams {
		select {
		case err := <-done:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	goodbye(c)
	fmt.Fprintf(stdout, "%s: %d of %d streams with %d bytes\n", command, o.streams, o.streams, o.bytes)
	return nil
}

func transferOne(c rawSession, command string, index int, size int64) error {
	kind := map[string]string{"upload": "sink", "download": "source"}[command]
	header := streamHeader(index)
	header.Set("streamType", kind)
	header.Set("bytes", strconv.FormatInt(size, 10))
	s, err := c.open(header)
	if err != nil {
		return err
	}
	if command == "download" {
		if err := s.Close(); err != nil {
			return err
		}
		if err := receivePattern(s, uint32(index), size); err != nil {
			return err
		}
		return receiveRest(s, "")
	}
	sent := make(chan error, 1)
	go func() { sent <- sendPattern(s, uint32(index), size) }()
	return errors.Join(receiveRest(s, received), <-sent)
}
