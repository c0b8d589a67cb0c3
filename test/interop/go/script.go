package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/moby/spdystream"
)

// dataStep is how much a script's step "d" sends.
const dataStep = 20_000

// script is one stream's life, step by step, as both ends have it before them
// (test/interop/README.md says what the steps are). Each end does its own and
// awaits the effect of the other's.
type script struct {
	*spdystream.Stream
	me       byte // c or s
	index    uint32
	steps    []string
	sent     int64
	received int64
	ended    bool // our side is closed, after which the library does not tell a reset
}

func (p *script) run(next int) error {
	for ; next < len(p.steps); next++ {
		step := p.steps[next]
		var err error
		if step[0] == p.me {
			err = p.act(step[1])
		} else {
			err = p.await(step[1])
		}
		if err != nil {
			return fmt.Errorf("step %s: %w", step, err)
		}
	}
	return nil
}

func (p *script) act(what byte) error {
	switch what {
	case 'a', 'A':
		p.ended = what == 'A'
		return p.SendReply(http.Header{}, p.ended)
	case 'd':
		data := make([]byte, dataStep)
		fillPattern(data, p.index, uint64(p.sent))
		p.sent += dataStep
		_, err := p.Write(data)
		return err
	case 'f':
		p.ended = true
		return p.Close()
	case 'r':
		return p.Reset()
	default:
		return errors.New("there is no such step")
	}
}

func (p *script) await(what byte) error {
	switch what {
	case 'a':
		return p.Wait()
	case 'A':
		if err := p.Wait(); err != nil {
			return err
		}
		return receiveRest(p, "")
	case 'd':
		offset := p.received
		p.received += dataStep
		return p.awaitData(offset)
	case 'f':
		return receiveRest(p, "")
	case 'r':
		return p.awaitReset()
	default:
		return errors.New("there is no such step")
	}
}

func (p *script) awaitData(offset int64) error {
	got, want := make([]byte, dataStep), make([]byte, dataStep)
	if _, err := io.ReadFull(p, got); err != nil {
		return err
	}
	fillPattern(want, p.index, uint64(offset))
	if string(got) != string(want) {
		return fmt.Errorf("other data came: byte %d differs", firstDifference(got, want))
	}
	return nil
}

func (p *script) awaitReset() error {
	// The stream's reply has not come or was not given: the reset takes its
	// place, and the library waits for somebody to hear of it.
	if p.steps[len(p.steps)-2][1]|0x20 == 'o' {
		if err := p.Wait(); !errors.Is(err, spdystream.ErrReset) {
			return fmt.Errorf("no reset: %v", err)
		}
		return nil
	}
	if err := receiveRest(p, ""); err != nil {
		return err
	}
	// The library tells a reset as the same end of file as a FIN; but only a
	// reset closes our side too, a moment later.
	for end := time.Now().Add(10 * time.Second); !p.ended && !p.IsFinished(); {
		if time.Now().After(end) {
			return errors.New("the end was no reset")
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

// serveScript is for a stream that has no reply yet. It must not hold the
// library's frame worker up.
func serveScript(s *spdystream.Stream, report func(string)) {
	header := s.Headers()
	index := uint32(numberIn(header, "index"))
	p := &script{Stream: s, me: 's', index: index, steps: strings.Fields(header.Get("script"))}
	next := 1
	// What the library reads ahead of its reply is lost: the worker waits for this.
	if len(p.steps) > 1 && strings.EqualFold(p.steps[1], "sa") {
		if err := p.act(p.steps[1][1]); err != nil {
			report(fmt.Sprintf("script %d: %v", index, err))
			return
		}
		next++
	}
	go func() {
		if err := p.run(next); err != nil {
			report(fmt.Sprintf("script %d (%s): %v", index, header.Get("script"), err))
			return
		}
		report(fmt.Sprintf("script %d: as written", index))
	}()
}

// scripts plays the client's part in one script for each line of stdin.
func scripts(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	flags := o.newFlags("scripts")
	if err := o.parseWithTarget(flags, args, librarySpdystream); err != nil {
		return err
	}
	ctx, cancel := o.withDeadline(ctx)
	defer cancel()
	lines, err := linesOf(os.Stdin)
	if err != nil {
		return err
	}
	c, err := dialSpdystream(ctx, o.target)
	if err != nil {
		return err
	}
	done := make(chan error, len(lines))
	for index, line := range lines {
		go func() {
			if err := clientScript(c, uint32(index), line); err != nil {
				done <- fmt.Errorf("script %d (%s): %w", index, line, err)
				return
			}
			done <- nil
		}()
	}
	for range lines {
		select {
		case err := <-done:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if err := c.ping(ctx); err != nil {
		return fmt.Errorf("the ping after all: %w", err)
	}
	goodbye(c)
	fmt.Fprintf(stdout, "%d scripts as written, and the connection lives\n", len(lines))
	return nil
}

func clientScript(c rawSession, index uint32, line string) error {
	steps := strings.Fields(line)
	if len(steps) < 2 || !strings.EqualFold(steps[0], "co") {
		return errors.New("no script for a client")
	}
	header := streamHeader(int(index))
	header.Set("streamType", "script")
	header.Set("script", line)
	fin := steps[0] == "cO"
	s, err := c.CreateStream(header, nil, fin)
	if err != nil {
		return err
	}
	p := &script{Stream: s, me: 'c', index: index, steps: steps, ended: fin}
	return p.run(1)
}

// linesOf is all of a text.
func linesOf(text io.Reader) ([]string, error) {
	var lines []string
	scanner := bufio.NewScanner(text)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	return lines, scanner.Err()
}
