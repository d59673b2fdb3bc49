package conductoronetest

import (
	"net"
	"sync"
)

// listener can be closed for a while and keeps its port.
type listener struct {
	net.Listener

	mu          sync.Mutex
	isClosed    bool
	connections map[*connection]struct{}
	// refused is closed after the first refused connection.
	refused chan struct{}
}

type connection struct {
	net.Conn

	listener *listener
}

func newListener(inner net.Listener) *listener {
	return &listener{Listener: inner, connections: map[*connection]struct{}{}, refused: make(chan struct{})}
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if kept := l.keep(conn); kept != nil {
			return kept, nil
		}
		reset(conn)
	}
}

// keep returns nil while the listener is closed.
func (l *listener) keep(conn net.Conn) *connection {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed {
		select {
		case <-l.refused:
		default:
			close(l.refused)
		}
		return nil
	}
	c := &connection{Conn: conn, listener: l}
	l.connections[c] = struct{}{}
	return c
}

func (c *connection) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.connections, c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}

func (l *listener) setClosed(isClosed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if isClosed && !l.isClosed {
		l.refused = make(chan struct{})
		for c := range l.connections {
			reset(c.Conn)
		}
	}
	l.isClosed = isClosed
}

func (l *listener) hasRefused() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // RST instead of FIN
	}
	_ = conn.Close()
}
