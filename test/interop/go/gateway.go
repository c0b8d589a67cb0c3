package main

import (
	"context"
	"io"
	"net/http"
	"net/url"

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
	config, err := back.clientConfig()
	if err != nil {
		return err
	}
	handler := proxy.NewUpgradeAwareHandler(location, &http.Transport{TLSClientConfig: config}, false, false, proxyErrors{})
	handler.UseRequestLocation = true
	handler.UseLocationHost = true
	return listenAndServe(ctx, &front, handler, stdout, stderr)
}
