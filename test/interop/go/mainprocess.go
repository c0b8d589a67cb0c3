package main

import (
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"github.com/creack/pty"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

// mainProcess is what attach shows: to all who are attached the output from
// then on, and the end.
type mainProcess struct {
	command  *exec.Cmd
	terminal *os.File // nil: pipes
	stdin    io.Writer
	outputs  [2]audience // stdout, stderr
	ended    chan struct{}
}

// audience is a writer to any number of others; those that fail leave it.
type audience struct {
	mutex   sync.Mutex
	members map[io.Writer]struct{}
}

func (a *audience) Write(data []byte) (int, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for member := range a.members {
		if _, err := member.Write(data); err != nil {
			delete(a.members, member)
		}
	}
	return len(data), nil
}

func (a *audience) add(member io.Writer) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.members == nil {
		a.members = map[io.Writer]struct{}{}
	}
	a.members[member] = struct{}{}
}

func (a *audience) remove(member io.Writer) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	delete(a.members, member)
}

func startMainProcess(words []string, tty bool) (*mainProcess, error) {
	m := &mainProcess{command: exec.Command(words[0], words[1:]...), ended: make(chan struct{})}
	if tty {
		terminal, err := startWithTerminal(m.command, nil)
		if err != nil {
			return nil, err
		}
		m.terminal, m.stdin = terminal, terminal
		go func() {
			_, _ = io.Copy(&m.outputs[0], terminal)
			m.wait()
		}()
		return m, nil
	}
	m.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	m.command.Stdout, m.command.Stderr = &m.outputs[0], &m.outputs[1]
	stdin, err := m.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	m.stdin = stdin
	if err := m.command.Start(); err != nil {
		return nil, err
	}
	go m.wait()
	return m, nil
}

func (m *mainProcess) wait() {
	_ = m.command.Wait()
	close(m.ended)
}

// attach returns when the process has ended: a runtime does not tell its exit
// code here, as containerd does not.
func (m *mainProcess) attach(stdin io.Reader, stdout, stderr io.WriteCloser, resize <-chan remotecommand.TerminalSize) error {
	for at, to := range []io.WriteCloser{stdout, stderr} {
		if to != nil {
			m.outputs[at].add(to)
			defer m.outputs[at].remove(to)
		}
	}
	if m.terminal != nil && resize != nil {
		go func() {
			for size := range resize {
				_ = pty.Setsize(m.terminal, &pty.Winsize{Cols: size.Width, Rows: size.Height})
			}
		}()
	}
	if stdin != nil {
		go func() { _, _ = io.Copy(m.stdin, stdin) }()
	}
	<-m.ended
	return nil
}
