package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"

	"github.com/creack/pty"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

// localRuntime runs commands on this machine; its one container has a main
// process that clients attach to.
type localRuntime struct {
	tty  bool // of the main process
	main *mainProcess

	mutex    sync.Mutex
	commands map[*exec.Cmd]struct{}
}

func newLocalRuntime() *localRuntime {
	return &localRuntime{commands: map[*exec.Cmd]struct{}{}}
}

func (l *localRuntime) startMain(words []string) error {
	if len(words) == 0 {
		return nil
	}
	var err error
	l.main, err = startMainProcess(words, l.tty)
	if err == nil {
		l.track(l.main.command)
	}
	return err
}

func (l *localRuntime) track(command *exec.Cmd) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.commands[command] = struct{}{}
}

func (l *localRuntime) forget(command *exec.Cmd) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	delete(l.commands, command)
}

// stop ends what still runs: clients may have left their commands behind.
func (l *localRuntime) stop() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for command := range l.commands {
		// Each leads a session.
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	}
}

func (l *localRuntime) Exec(_ context.Context, _ string, words []string, stdin io.Reader, stdout, stderr io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize) error {
	if len(words) == 0 {
		return errors.New("no command")
	}
	command := exec.Command(words[0], words[1:]...)
	if tty {
		return l.execTTY(command, stdin, stdout, resize)
	}
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	// A nil WriteCloser in a Writer is not nil.
	if stdout != nil {
		command.Stdout = stdout
	}
	if stderr != nil {
		command.Stderr = stderr
	}
	if stdin != nil {
		pipe, err := command.StdinPipe()
		if err != nil {
			return err
		}
		// Not command.Stdin: the command may end before its input does.
		go func() {
			_, _ = io.Copy(pipe, stdin)
			pipe.Close()
		}()
	}
	if err := command.Start(); err != nil {
		return startError(err)
	}
	l.track(command)
	defer l.forget(command)
	return exitError(command.Wait())
}

func (l *localRuntime) execTTY(command *exec.Cmd, stdin io.Reader, stdout io.Writer, resize <-chan remotecommand.TerminalSize) error {
	terminal, err := startWithTerminal(command, resize)
	if err != nil {
		return startError(err)
	}
	defer terminal.Close()
	l.track(command)
	defer l.forget(command)
	if stdin != nil {
		go func() { _, _ = io.Copy(terminal, stdin) }()
	}
	if stdout == nil {
		stdout = io.Discard
	}
	// Up to EIO, a terminal's end of file.
	_, _ = io.Copy(stdout, terminal)
	return exitError(command.Wait())
}

// startWithTerminal has the first size in place before the command looks, if
// the client tells one (v2 and v1 have no resizing).
func startWithTerminal(command *exec.Cmd, resize <-chan remotecommand.TerminalSize) (*os.File, error) {
	size := &pty.Winsize{Cols: 80, Rows: 24}
	if resize != nil {
		if first, told := <-resize; told {
			size = &pty.Winsize{Cols: first.Width, Rows: first.Height}
		}
	}
	command.Env = append(os.Environ(), "TERM=xterm")
	terminal, err := pty.StartWithSize(command, size)
	if err != nil {
		return nil, err
	}
	go setSizes(terminal, resize)
	return terminal, nil
}

func setSizes(terminal *os.File, resize <-chan remotecommand.TerminalSize) {
	if resize == nil {
		return
	}
	for size := range resize {
		_ = pty.Setsize(terminal, &pty.Winsize{Cols: size.Width, Rows: size.Height})
	}
}

// startError gives the exit codes that a shell has for commands which cannot run.
func startError(err error) error {
	code := 126
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		code = 127
	}
	return utilexec.CodeExitError{Err: err, Code: code}
}

func exitError(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	code := exit.ExitCode()
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	return utilexec.CodeExitError{Err: err, Code: code}
}

func (l *localRuntime) Attach(_ context.Context, _ string, stdin io.Reader, stdout, stderr io.WriteCloser, _ bool, resize <-chan remotecommand.TerminalSize) error {
	if l.main == nil {
		return errors.New("there is no main process")
	}
	return l.main.attach(stdin, stdout, stderr, resize)
}

func (l *localRuntime) PortForward(_ context.Context, _ string, port int32, stream io.ReadWriteCloser) error {
	target := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port)))
	connection, err := net.DialTimeout("tcp", target, portForwardTimeout)
	if err != nil {
		return fmt.Errorf("failed to connect to %s: %w", target, err)
	}
	defer connection.Close()
	go func() {
		_, _ = io.Copy(connection, stream)
		_ = connection.(*net.TCPConn).CloseWrite()
	}()
	_, err = io.Copy(stream, connection)
	return err
}
