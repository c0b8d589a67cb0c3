package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"time"
)

// The libraries a command can drive.
const (
	librarySpdystream = "spdystream" // raw SPDY on the TCP connection
	libraryHTTPStream = "httpstream" // SPDY behind an HTTP upgrade
)

// usageError is a command line that cannot be carried out.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// options are the flags of all commands; each command registers those it knows.
type options struct {
	library  string
	protocol string
	streams  int
	bytes    int64
	count    int
	timeout  time.Duration
	target   string
}

func (o *options) protocolFlag(flags *flag.FlagSet) {
	flags.StringVar(&o.protocol, "protocol", "echo.uvspdy.test", "subprotocol to negotiate (httpstream)")
}

// quietFlags stay silent themselves, so that a mistake is reported in one line.
func quietFlags(command string) *flag.FlagSet {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

func (o *options) newFlags(command string) *flag.FlagSet {
	flags := quietFlags(command)
	flags.StringVar(&o.library, "library", "", "spdystream or httpstream")
	return flags
}

// parse is for a command without operands.
func (o *options) parse(flags *flag.FlagSet, args []string, libraries ...string) error {
	return o.parseFlags(flags, args, 0, libraries)
}

// parseWithTarget is for a client command, which has a target and a deadline.
func (o *options) parseWithTarget(flags *flag.FlagSet, args []string, libraries ...string) error {
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "give up after this long")
	if err := o.parseFlags(flags, args, 1, libraries); err != nil {
		return err
	}
	if o.timeout <= 0 {
		return usageError{flags.Name() + ": --timeout must be positive"}
	}
	o.target = flags.Arg(0)
	return checkTarget(o.library, o.target)
}

func (o *options) parseFlags(flags *flag.FlagSet, args []string, operands int, libraries []string) error {
	if err := parseOperands(flags, args, operands); err != nil {
		return err
	}
	if !slices.Contains(libraries, o.library) {
		return usageError{fmt.Sprintf("%s: --library must be one of %v, not %q", flags.Name(), libraries, o.library)}
	}
	return nil
}

// parseOperands takes any number of operands if it is -1.
func parseOperands(flags *flag.FlagSet, args []string, operands int) error {
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return usageError{fmt.Sprintf("%s: %v", flags.Name(), err)}
	}
	if operands >= 0 && flags.NArg() != operands {
		return usageError{fmt.Sprintf("%s: takes %d operand(s), not %q", flags.Name(), operands, flags.Args())}
	}
	return nil
}

// withDeadline bounds everything a client command does.
func (o *options) withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("timed out after %v", o.timeout))
}

// checkTarget finds a target of the wrong shape before anything is dialled:
// with the wrong library the failure would look like a protocol error.
func checkTarget(library, target string) error {
	if library == libraryHTTPStream {
		parsed, err := url.Parse(target)
		if err != nil || parsed.Scheme != "http" || parsed.Host == "" {
			return usageError{fmt.Sprintf("target %q is not http://HOST:PORT/", target)}
		}
		return nil
	}
	if _, _, err := net.SplitHostPort(target); err != nil {
		return usageError{fmt.Sprintf("target %q is not HOST:PORT", target)}
	}
	return nil
}
