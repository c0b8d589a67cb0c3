package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/proxy"
)

// gateway passes requests on to another server as an API server does to a
// kubelet: by apimachinery's UpgradeAwareHandler, with TLS of its own on both
// sides.
func gateway(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var front, back tlsFiles
	flags := quietFlags("gateway")
	front.serverFlags(flags)
	flags.StringVar(&back.certificate, "kubelet-client-certificate", "", "shown to the server behind")
	flags.StringVar(&back.key, "kubelet-client-key", "", "its key")
	flags.StringVar(&back.ca, "kubelet-certificate-authority", "", "whose servers are trusted behind; none: the system's")
	if err := parseOperands(flags, args, 1); err != nil {
		return err
	}
	location, err := url.Parse(flags.Arg(0))
	if err != nil {
		return usageError{err.Error()}
	}
	// Without a path it would take each GET for one of the root, and redirect it.
	location.Path = "/"
	config, err := back.clientConfig()
	if err != nil {
		return err
	}
	handler := proxy.NewUpgradeAwareHandler(location, &http.Transport{TLSClientConfig: config}, false, false, proxyErrors{})
	handler.UseRequestLocation = true
	handler.UseLocationHost = true
	noted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(notingWriter{w, r, stderr}, r)
	})
	return listenAndServe(ctx, &front, noted, stdout, stderr)
}

// notingWriter tells which protocol the server behind has chosen, as the first
// bytes of the connection do that the handler takes over.
type notingWriter struct {
	http.ResponseWriter
	request *http.Request
	log     io.Writer
}

func (w notingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	return &notingConn{Conn: conn, writer: w}, buffered, err
}

type notingConn struct {
	net.Conn
	writer  notingWriter
	written bool
}

var chosenProtocol = regexp.MustCompile(`(?i)X-Stream-Protocol-Version: *(\S+)`)

func (c *notingConn) Write(data []byte) (int, error) {
	if match := chosenProtocol.FindSubmatch(data); match != nil && !c.written {
		noteProtocol(c.writer.log, path.Base(c.writer.request.URL.Path), string(match[1]), c.writer.request)
	}
	c.written = true
	return c.Conn.Write(data)
}

func noteProtocol(log io.Writer, kind, chosen string, r *http.Request) {
	fmt.Fprintf(log, "%s: %s of %s\n", kind, chosen, strings.Join(r.Header.Values("X-Stream-Protocol-Version"), ","))
}
