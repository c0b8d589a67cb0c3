package main

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/apimachinery/pkg/util/httpstream/spdy"
)

// serveHTTPStream upgrades any request that names the protocol, whatever its
// method and path, as the library itself does.
func serveHTTPStream(listener net.Listener, protocol string) error {
	return http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Both calls write the answer themselves when they fail.
		if _, err := httpstream.Handshake(r, w, []string{protocol}); err != nil {
			return
		}
		var conn httpstream.Connection
		upgraded := make(chan struct{})
		conn = spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, replySent <-chan struct{}) error {
			go func() {
				// What the library reads or writes before its reply is lost.
				<-replySent
				echo(s)
				// It keeps every stream until the connection ends, unless told.
				<-upgraded
				conn.RemoveStreams(s)
			}()
			return nil
		})
		if conn == nil {
			return
		}
		close(upgraded)
		defer conn.Close()
		<-conn.CloseChan()
	}))
}

// upgradedSession is a client connection behind an HTTP upgrade.
type upgradedSession struct{ httpstream.Connection }

// dialHTTPStream upgrades a POST request, as kubectl does, and says which
// protocol the server chose.
func dialHTTPStream(ctx context.Context, target, protocol string) (session, string, error) {
	// No proxy, whatever the environment says: the server is on this machine.
	transport, err := spdy.NewRoundTripperWithConfig(spdy.RoundTripperConfig{Proxier: http.ProxyURL(nil)})
	if err != nil {
		return nil, "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, nil)
	if err != nil {
		return nil, "", err
	}
	request.Header.Add(httpstream.HeaderProtocolVersion, protocol)
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	conn, err := transport.NewConnection(response)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", response.Status, err)
	}
	return upgradedSession{conn}, response.Header.Get(httpstream.HeaderProtocolVersion), nil
}

func (c upgradedSession) open(header http.Header) (stream, error) {
	var s httpstream.Stream
	err := beforeClose(c.CloseChan(), func() (err error) {
		s, err = c.CreateStream(header)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}
