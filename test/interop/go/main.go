// Command peer is the Go end of the interoperability tests: the two libraries
// that every Kubernetes component speaks SPDY with, driven from a command line
// so that another implementation can be tested against them in a process of
// its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

const usage = `usage:
  peer serve --library spdystream|httpstream [--protocol NAME]
  peer dial  --library spdystream|httpstream --streams N --bytes M [--protocol NAME] [--timeout 60s] TARGET
  peer pings --library spdystream --count N [--timeout 60s] TARGET
  peer reset --library spdystream [--timeout 60s] TARGET
  peer upload|download --library spdystream --streams N --bytes M [--timeout 60s] TARGET
  peer scripts --library spdystream [--timeout 60s] TARGET <SCRIPTS
  peer headers --library spdystream --count N [--timeout 60s] TARGET <SIZES
  peer pod  [--tls-cert-file F --tls-private-key-file F [--client-ca-file F] [--token T]]
  peer exec [--certificate-authority F] [--client-certificate F --client-key F] [--token T]
            [--insecure-skip-tls-verify] [--tls-server-name N] [--proxy URL] [--method M] [--timeout 60s] URL COMMAND...
  peer cri  [--tls-cert-file F --tls-private-key-file F [--client-ca-file F]] [--protocols P,...] [--tty] [MAIN COMMAND...]
  peer gateway [--tls-cert-file F --tls-private-key-file F [--client-ca-file F]] [--kubelet-client-certificate F
            --kubelet-client-key F] [--kubelet-certificate-authority F] URL
  peer http
  peer client-go exec|attach [TLS FLAGS] [--pod NAME] [-i] [-t] [--protocols P,...] [--result FILE] URL [COMMAND...]
  peer client-go port-forward [TLS FLAGS] [--pod NAME] [--result FILE] URL [LOCAL]:REMOTE...

TARGET is 127.0.0.1:PORT for spdystream and http://127.0.0.1:PORT/ for httpstream.
`

func main() {
	// A test stops a server with SIGTERM; that is an ordinary end, not a failure.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run maps the outcome of a command to the exit codes the tests rely on:
// 0 done, 1 the peers disagreed, 2 the command line was wrong; or what a command
// on the other side has ended with.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := dispatch(ctx, args, stdout, stderr)
	var wrong usageError
	var exited exitCode
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintln(stderr, "peer:", oneLine(err.Error())+"; see peer --help")
		return 2
	case errors.As(err, &exited):
		fmt.Fprintln(stderr, exited)
		return int(exited)
	default:
		fmt.Fprintln(stderr, "peer:", oneLine(err.Error()))
		return 1
	}
}

func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return usageError{"no command given"}
	}
	command, rest := args[0], args[1:]
	switch command {
	case "serve":
		return serve(ctx, rest, stdout)
	case "dial":
		return dial(ctx, rest, stdout, stderr)
	case "pings":
		return pings(ctx, rest, stdout)
	case "reset":
		return reset(ctx, rest, stdout)
	case "upload", "download":
		return transfer(ctx, command, rest, stdout)
	case "scripts":
		return scripts(ctx, rest, stdout)
	case "headers":
		return headers(ctx, rest, stdout)
	case "pod":
		return pod(ctx, rest, stdout, stderr)
	case "exec":
		return execClient(ctx, rest, stdout, stderr)
	case "cri":
		return cri(ctx, rest, stdout, stderr)
	case "gateway":
		return gateway(ctx, rest, stdout, stderr)
	case "http":
		return plainHTTP(ctx, rest, stdout)
	case "client-go":
		return dispatchClientGo(ctx, rest, stdout, stderr)
	case "help", "-h", "-help", "--help":
		return flag.ErrHelp
	default:
		return usageError{fmt.Sprintf("unknown command %q", command)}
	}
}

func dispatchClientGo(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return usageError{"client-go: give exec, attach or port-forward"}
	}
	switch command, rest := args[0], args[1:]; command {
	case "exec", "attach":
		return remote(ctx, command, rest, stdout, stderr)
	case "port-forward":
		return forward(ctx, rest, stdout, stderr)
	default:
		return usageError{fmt.Sprintf("client-go: unknown command %q", command)}
	}
}

// oneLine keeps a message on one line: an HTTP error's text, which is quoted in
// some of them, may hold several.
func oneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}
