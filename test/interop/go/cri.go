package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/proxy"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-streaming/pkg/streaming"
)

// criServer has the streaming server of container runtimes behind as much of a
// kubelet as it takes: a request to the pod is made one of the CRI, and its
// connection is joined with the URL that this gives.
type criServer struct {
	streaming streaming.Server
	stderr    io.Writer
}

func cri(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var files tlsFiles
	var protocols string
	config := streaming.DefaultConfig
	runtime := newLocalRuntime()
	flags := quietFlags("cri")
	files.serverFlags(flags)
	flags.StringVar(&protocols, "protocols", "", "of exec and attach that it takes, comma-separated; none: all")
	flags.BoolVar(&runtime.tty, "tty", false, "the main process has a terminal")
	if err := parseOperands(flags, args, -1); err != nil {
		return err
	}
	if protocols != "" {
		config.SupportedRemoteCommandProtocols = strings.Split(protocols, ",")
	}
	defer runtime.stop()
	if err := runtime.startMain(flags.Args()); err != nil {
		return err
	}

	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	config.BaseURL = &url.URL{Scheme: "http", Host: inner.Addr().String()}
	server := &criServer{stderr: stderr}
	if server.streaming, err = streaming.NewServer(config, runtime); err != nil {
		return err
	}
	go func() { _ = http.Serve(inner, server.logged()) }()
	defer inner.Close()

	front := &podServer{tty: runtime.tty, streams: map[string]http.HandlerFunc{
		"exec":        server.exec,
		"attach":      server.attach,
		"portforward": server.portForward,
	}}
	return listenAndServe(ctx, &files, front, stdout, stderr)
}

// logged tells which protocol was chosen.
func (s *criServer) logged() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.streaming.ServeHTTP(w, r)
		kind, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		noteProtocol(s.stderr, kind, w.Header().Get("X-Stream-Protocol-Version"), r)
	})
}

// asked tells whether a flag of the query is set, as an API server's client or a kubelet's sets it.
func asked(query url.Values, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return query.Get(name) == "true" || query.Get(name) == "1"
	})
}

func (s *criServer) exec(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	tty := asked(query, "tty")
	response, err := s.streaming.GetExec(&runtimeapi.ExecRequest{
		ContainerId: "main",
		Cmd:         query["command"],
		Tty:         tty,
		Stdin:       asked(query, "stdin", "input"),
		Stdout:      asked(query, "stdout", "output"),
		Stderr:      asked(query, "stderr", "error") && !tty,
	})
	join(w, r, response.GetUrl(), err)
}

func (s *criServer) attach(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	tty := asked(query, "tty")
	response, err := s.streaming.GetAttach(&runtimeapi.AttachRequest{
		ContainerId: "main",
		Tty:         tty,
		Stdin:       asked(query, "stdin", "input"),
		Stdout:      asked(query, "stdout", "output"),
		Stderr:      asked(query, "stderr", "error") && !tty,
	})
	join(w, r, response.GetUrl(), err)
}

func (s *criServer) portForward(w http.ResponseWriter, r *http.Request) {
	response, err := s.streaming.GetPortForward(&runtimeapi.PortForwardRequest{PodSandboxId: "uvspdy"})
	join(w, r, response.GetUrl(), err)
}

// join is what a kubelet does with the URL of a runtime.
func join(w http.ResponseWriter, r *http.Request, target string, err error) {
	location, parseErr := url.Parse(target)
	if err != nil || parseErr != nil {
		answer(w, http.StatusBadRequest, failure(http.StatusBadRequest, fmt.Sprint(err, parseErr)))
		return
	}
	handler := proxy.NewUpgradeAwareHandler(location, nil, false, true, proxyErrors{})
	handler.ServeHTTP(w, r)
}

// proxyErrors answers what cannot be passed on.
type proxyErrors struct{}

func (proxyErrors) Error(w http.ResponseWriter, r *http.Request, err error) {
	log.Println(r.URL.Path, err)
	answer(w, http.StatusBadGateway, failure(http.StatusBadGateway, err.Error()))
}

// portForwardTimeout is for the connection to a port of this machine.
const portForwardTimeout = 10 * time.Second
