package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/apimachinery/pkg/util/httpstream/spdy"
)

// The subprotocol of exec that ends with a Status on the error stream.
const execProtocol = "v4.channel.k8s.io"

// podServer is as much of an API server as kubectl asks for when it runs a
// command in the pod `uvspdy`.
type podServer struct {
	token string // "" is none
	basic string // "USER:PASSWORD", "" is none
	guard bool   // whether a certificate, the token or the password is needed
	tty   bool   // whether the main process has a terminal, which kubectl attach -t asks for
	// What the pod's subresources do.
	streams map[string]http.HandlerFunc
}

func pod(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var files tlsFiles
	var server podServer
	flags := quietFlags("pod")
	files.serverFlags(flags)
	flags.StringVar(&server.token, "token", "", "a bearer token that is let in")
	flags.StringVar(&server.basic, "basic", "", "USER:PASSWORD, by Basic authentication, that is let in")
	if err := parseOperands(flags, args, 0); err != nil {
		return err
	}
	server.streams = map[string]http.HandlerFunc{"exec": execute}
	server.guard = files.ca != "" || server.token != "" || server.basic != ""
	return listenAndServe(ctx, &files, &server, stdout, stderr)
}

// listenAndServe runs an HTTP server, with TLS if there is a certificate, until ctx is done.
func listenAndServe(ctx context.Context, files *tlsFiles, handler http.Handler, stdout, stderr io.Writer) error {
	config, err := files.serverConfig()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	stopped := context.AfterFunc(ctx, func() { listener.Close() })
	defer stopped()
	scheme := "http"
	if config != nil {
		scheme = "https"
		listener = tls.NewListener(listener, config)
	}
	fmt.Fprintf(stdout, "listening on %s://%s\n", scheme, listener.Addr())
	err = (&http.Server{Handler: handler, ErrorLog: log.New(stderr, "", 0)}).Serve(listener)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (p *podServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const podPath = "/api/v1/namespaces/default/pods/uvspdy"
	switch {
	case !p.admits(r):
		answer(w, http.StatusUnauthorized, failure(http.StatusUnauthorized, "Unauthorized"))
	case r.URL.Path == "/api":
		answer(w, http.StatusOK, object{"kind": "APIVersions", "versions": []string{"v1"}})
	case r.URL.Path == "/apis":
		answer(w, http.StatusOK, object{"kind": "APIGroupList", "apiVersion": "v1", "groups": []object{}})
	case r.URL.Path == "/api/v1":
		resources := []object{{"name": "pods", "namespaced": true, "kind": "Pod", "verbs": []string{"get"}}}
		for name := range p.streams {
			resources = append(resources, object{"name": "pods/" + name, "namespaced": true, "kind": "Pod", "verbs": []string{"create", "get"}})
		}
		answer(w, http.StatusOK, object{"kind": "APIResourceList", "groupVersion": "v1", "resources": resources})
	case r.URL.Path == podPath:
		answer(w, http.StatusOK, object{
			"kind": "Pod", "apiVersion": "v1",
			"metadata": object{"name": "uvspdy", "namespace": "default"},
			"spec":     object{"containers": []object{{"name": "main", "image": "host", "stdin": true, "tty": p.tty}}},
			"status":   object{"phase": "Running"},
		})
	case p.streams[strings.TrimPrefix(r.URL.Path, podPath+"/")] != nil:
		p.streams[strings.TrimPrefix(r.URL.Path, podPath+"/")](w, r)
	default:
		answer(w, http.StatusNotFound, failure(http.StatusNotFound, "not found"))
	}
}

// admits wants a verified client certificate, the token or the password.
func (p *podServer) admits(r *http.Request) bool {
	certified := r.TLS != nil && len(r.TLS.VerifiedChains) > 0
	known := p.token != "" && r.Header.Get("Authorization") == "Bearer "+p.token
	user, password, given := r.BasicAuth()
	known = known || (p.basic != "" && given && user+":"+password == p.basic)
	return !p.guard || certified || known
}

// object is JSON.
type object map[string]any

func answer(w http.ResponseWriter, code int, body object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

func failure(code int, message string) object {
	return object{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
		"reason": strings.ReplaceAll(http.StatusText(code), " ", ""), "message": message}
}

// execute runs the command that the query names, as a kubelet would.
func execute(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if len(query["command"]) == 0 {
		answer(w, http.StatusBadRequest, failure(http.StatusBadRequest, "no command"))
		return
	}
	// Both calls write the answer themselves when they fail.
	if _, err := httpstream.Handshake(r, w, []string{execProtocol}); err != nil {
		return
	}
	wanted := []string{"error"}
	for _, name := range []string{"stdin", "stdout", "stderr"} {
		if value := query.Get(name); value == "true" || value == "1" {
			wanted = append(wanted, name)
		}
	}
	opened := make(chan httpstream.Stream, len(wanted))
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, replySent <-chan struct{}) error {
		go func() {
			// What the library writes before its reply is lost.
			<-replySent
			opened <- s
		}()
		return nil
	})
	if conn == nil {
		return
	}
	defer conn.Close()
	streams, err := awaitStreams(opened, len(wanted), conn.CloseChan())
	if err != nil {
		log.Println(err)
		return
	}
	status := runCommand(query["command"], streams)
	_ = json.NewEncoder(streams["error"]).Encode(status)
	for _, s := range streams {
		s.Close()
	}
	// The client hangs up once it has read the status; Close would reset what is on its way.
	select {
	case <-conn.CloseChan():
	case <-time.After(5 * time.Second):
	}
}

func awaitStreams(opened <-chan httpstream.Stream, count int, closed <-chan bool) (map[string]httpstream.Stream, error) {
	streams := map[string]httpstream.Stream{}
	late := time.After(30 * time.Second)
	for len(streams) < count {
		select {
		case s := <-opened:
			streams[s.Headers().Get("streamType")] = s
		case <-closed:
			return nil, errors.New("the connection ended before the streams were there")
		case <-late:
			return nil, fmt.Errorf("%d of %d streams came", len(streams), count)
		}
	}
	return streams, nil
}

func runCommand(words []string, streams map[string]httpstream.Stream) object {
	command := exec.Command(words[0], words[1:]...)
	if s := streams["stdout"]; s != nil {
		command.Stdout = s
	}
	if s := streams["stderr"]; s != nil {
		command.Stderr = s
	}
	if s := streams["stdin"]; s != nil {
		pipe, err := command.StdinPipe()
		if err != nil {
			return failure(http.StatusInternalServerError, err.Error())
		}
		// Not command.Stdin: the command may end before its input does.
		go func() {
			_, _ = io.Copy(pipe, s)
			pipe.Close()
		}()
	}
	err := command.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return object{"kind": "Status", "apiVersion": "v1", "status": "Success"}
	case errors.As(err, &exit):
		return object{
			"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NonZeroExitCode",
			"message": fmt.Sprintf("command terminated with exit code %d", exit.ExitCode()),
			"details": object{"causes": []object{{"reason": "ExitCode", "message": fmt.Sprint(exit.ExitCode())}}},
		}
	default:
		return failure(http.StatusInternalServerError, err.Error())
	}
}
