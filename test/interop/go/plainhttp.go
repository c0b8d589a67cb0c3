package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
)

// plainHTTP answers every request that Go's HTTP server lets through with 200
// and what came of it, so that another server can be compared with it.
func plainHTTP(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) > 0 {
		return usageError{"http takes no arguments"}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s %s %s %s", r.Method, r.RequestURI, r.Proto, r.Host)
		}),
		// What it says about heads that it refuses is in the answers.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	stopped := context.AfterFunc(ctx, func() { server.Close() })
	defer stopped()
	fmt.Fprintf(stdout, "listening on http://%s\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
