package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/creack/pty"
	"golang.org/x/term"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/util/exec"
)

// clientGo are the flags of the commands that client-go carries out.
type clientGo struct {
	files     tlsFiles
	pod       string
	stdin     bool
	tty       bool
	protocols string
	result    string
	protocol  string // the one that the server chose
	server    *url.URL
}

// exitCode is how a command ended that the other side has run.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("command terminated with exit code %d", int(e)) }

func (c *clientGo) register(flags *flag.FlagSet) {
	c.files.clientFlags(flags)
	flags.StringVar(&c.pod, "pod", "uvspdy", "its name, in the namespace default")
	flags.StringVar(&c.result, "result", "", "a file for a JSON object: the protocol, the error's text or null, the exit code")
}

func (c *clientGo) parseServer(text string) error {
	var err error
	if c.server, err = url.Parse(text); err != nil {
		return usageError{err.Error()}
	}
	return nil
}

func (c *clientGo) target(subresource string, query url.Values) *url.URL {
	target := c.server.JoinPath("/api/v1/namespaces/default/pods", c.pod, subresource)
	target.RawQuery = query.Encode()
	return target
}

func (c *clientGo) config() *rest.Config {
	return &rest.Config{
		Host: c.server.String(),
		TLSClientConfig: rest.TLSClientConfig{
			CertFile: c.files.certificate, KeyFile: c.files.key, CAFile: c.files.ca,
			ServerName: c.files.serverName, Insecure: c.files.insecure,
		},
		// None, whatever the environment says.
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
	}
}

// NewConnection notes the protocol on its way.
type notingUpgrader struct {
	spdy.Upgrader
	protocol *string
}

func (u notingUpgrader) NewConnection(response *http.Response) (httpstream.Connection, error) {
	*u.protocol = response.Header.Get(httpstream.HeaderProtocolVersion)
	return u.Upgrader.NewConnection(response)
}

func (c *clientGo) transport() (http.RoundTripper, spdy.Upgrader, error) {
	transport, upgrader, err := spdy.RoundTripperFor(c.config())
	return transport, notingUpgrader{upgrader, &c.protocol}, err
}

// finish writes the result and turns an exit code into that of this process.
func (c *clientGo) finish(err error) error {
	var exited exec.CodeExitError
	code, text := 0, any(nil)
	if errors.As(err, &exited) {
		code, text = exited.Code, exited.Error()
		err = exitCode(code)
	} else if err != nil {
		code, text = 1, err.Error()
	}
	if c.result == "" {
		return err
	}
	line, jsonErr := json.Marshal(object{"protocol": c.protocol, "error": text, "exitCode": code})
	return errors.Join(err, jsonErr, os.WriteFile(c.result, line, 0o600))
}

// remote is `kubectl exec` and `kubectl attach`, by client-go's executor.
func remote(ctx context.Context, subresource string, args []string, stdout, stderr io.Writer) error {
	var c clientGo
	flags := quietFlags(subresource)
	c.register(flags)
	flags.BoolVar(&c.stdin, "i", false, "pass stdin on")
	flags.BoolVar(&c.tty, "t", false, "with a terminal on the other side; stdin is one here")
	flags.StringVar(&c.protocols, "protocols", "", "that are offered, comma-separated; none: client-go's")
	if err := parseOperands(flags, args, -1); err != nil {
		return err
	}
	words := flags.Args()
	if len(words) == 0 || (subresource == "exec") != (len(words) > 1) {
		return usageError{subresource + ": give URL, and for exec COMMAND"}
	}
	if err := c.parseServer(words[0]); err != nil {
		return err
	}
	return c.finish(c.stream(ctx, subresource, words[1:], stdout, stderr))
}

func (c *clientGo) stream(ctx context.Context, subresource string, words []string, stdout, stderr io.Writer) error {
	query := url.Values{"stdout": {"true"}}
	streams := remotecommand.StreamOptions{Stdout: stdout, Tty: c.tty}
	if len(words) > 0 {
		query["command"] = words
	}
	if c.tty {
		query.Set("tty", "true")
	} else {
		query.Set("stderr", "true")
		streams.Stderr = stderr
	}
	if c.stdin {
		query.Set("stdin", "true")
		streams.Stdin = os.Stdin
	}
	if c.tty {
		was, err := term.MakeRaw(0)
		if err != nil {
			return fmt.Errorf("stdin is no terminal: %w", err)
		}
		defer func() { _ = term.Restore(0, was) }()
		streams.TerminalSizeQueue = watchSizes(ctx)
	}
	executor, err := c.executor(c.target(subresource, query))
	if err != nil {
		return err
	}
	return executor.StreamWithContext(ctx, streams)
}

func (c *clientGo) executor(target *url.URL) (remotecommand.Executor, error) {
	transport, upgrader, err := c.transport()
	if err != nil {
		return nil, err
	}
	if c.protocols == "" {
		return remotecommand.NewSPDYExecutorForTransports(transport, upgrader, http.MethodPost, target)
	}
	protocols := strings.Split(c.protocols, ",")
	return remotecommand.NewSPDYExecutorForProtocols(transport, upgrader, http.MethodPost, target, protocols...)
}

// sizes are stdin's, the first one at once.
type sizes chan remotecommand.TerminalSize

func (s sizes) Next() *remotecommand.TerminalSize {
	size, told := <-s
	if !told {
		return nil
	}
	return &size
}

func watchSizes(ctx context.Context) sizes {
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	told := make(sizes)
	go func() {
		defer close(told)
		for {
			if size, err := pty.GetsizeFull(os.Stdin); err == nil {
				select {
				case told <- remotecommand.TerminalSize{Width: size.Cols, Height: size.Rows}:
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return told
}

// forward is `kubectl port-forward`, by client-go's forwarder.
func forward(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var c clientGo
	flags := quietFlags("port-forward")
	c.register(flags)
	if err := parseOperands(flags, args, -1); err != nil {
		return err
	}
	if flags.NArg() < 2 {
		return usageError{"port-forward: give URL and [LOCAL]:REMOTE ..."}
	}
	if err := c.parseServer(flags.Arg(0)); err != nil {
		return err
	}
	transport, upgrader, err := c.transport()
	if err != nil {
		return err
	}
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, c.target("portforward", nil))
	forwarder, err := portforward.New(dialer, flags.Args()[1:], ctx.Done(), make(chan struct{}), stdout, stderr)
	if err != nil {
		return usageError{err.Error()}
	}
	return c.finish(forwarder.ForwardPorts())
}
