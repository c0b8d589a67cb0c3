package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/apimachinery/pkg/util/httpstream/spdy"
)

// execOptions are the flags of `peer exec`.
type execOptions struct {
	files   tlsFiles
	method  string
	proxy   string
	token   string
	timeout time.Duration
}

// execClient runs a command in the pod `uvspdy` of a server, with the round
// tripper that kubectl speaks SPDY by, and prints what it prints.
func execClient(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o execOptions
	flags := quietFlags("exec")
	o.files.clientFlags(flags)
	flags.StringVar(&o.method, "method", http.MethodPost, "of the upgrade request")
	flags.StringVar(&o.proxy, "proxy", "", "URL of the proxy; none: no proxy")
	flags.StringVar(&o.token, "token", "", "bearer token to send")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "give up after this long")
	if err := parseOperands(flags, args, -1); err != nil {
		return err
	}
	if flags.NArg() < 2 {
		return usageError{"exec: give URL and COMMAND"}
	}
	server, err := url.Parse(flags.Arg(0))
	if err != nil {
		return usageError{err.Error()}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("timed out after %v", o.timeout))
	defer cancel()
	return bounded(ctx, func() error {
		conn, err := o.dial(ctx, execURL(server, flags.Args()[1:]))
		if err != nil {
			return err
		}
		defer goodbye(conn)
		return runRemote(conn, stdout, stderr)
	})
}

func execURL(server *url.URL, words []string) string {
	target := server.JoinPath("/api/v1/namespaces/default/pods/uvspdy/exec")
	query := url.Values{"command": words, "stdout": {"true"}, "stderr": {"true"}}
	target.RawQuery = query.Encode()
	return target.String()
}

func (o *execOptions) dial(ctx context.Context, target string) (upgradedSession, error) {
	none := upgradedSession{}
	config, err := o.files.clientConfig()
	if err != nil {
		return none, err
	}
	// Nil is none, whatever the environment says.
	var proxy *url.URL
	if o.proxy != "" {
		if proxy, err = url.Parse(o.proxy); err != nil {
			return none, err
		}
	}
	transport, err := spdy.NewRoundTripperWithConfig(spdy.RoundTripperConfig{TLS: config, Proxier: http.ProxyURL(proxy)})
	if err != nil {
		return none, err
	}
	request, err := http.NewRequestWithContext(ctx, o.method, target, nil)
	if err != nil {
		return none, err
	}
	request.Header.Add(httpstream.HeaderProtocolVersion, execProtocol)
	if o.token != "" {
		request.Header.Set("Authorization", "Bearer "+o.token)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return none, err
	}
	defer response.Body.Close()
	conn, err := transport.NewConnection(response)
	if err != nil {
		return none, fmt.Errorf("%s: %w", response.Status, err)
	}
	return upgradedSession{conn}, nil
}

// runRemote opens the streams in the order that kubectl does.
func runRemote(conn upgradedSession, stdout, stderr io.Writer) error {
	streams := map[string]stream{}
	for _, name := range []string{"error", "stdout", "stderr"} {
		s, err := conn.open(http.Header{"Streamtype": {name}})
		if err != nil {
			return fmt.Errorf("stream %s: %w", name, err)
		}
		streams[name] = s
	}
	// Nothing is sent on it.
	streams["error"].Close()
	copied := make(chan error, 2)
	for name, to := range map[string]io.Writer{"stdout": stdout, "stderr": stderr} {
		go func() {
			_, err := io.Copy(to, streams[name])
			copied <- err
		}()
	}
	text, err := io.ReadAll(streams["error"])
	if err := errors.Join(err, <-copied, <-copied); err != nil {
		return err
	}
	var status struct{ Status, Message string }
	if err := json.Unmarshal(text, &status); err != nil {
		return fmt.Errorf("status %q: %w", text, err)
	}
	if status.Status != "Success" {
		return errors.New(status.Message)
	}
	return nil
}
