package conductoronetest

import (
	"net"
	"sync"
)

// door is a listener that can be shut without giving its port away.
type door struct {
	net.Listener

	mu     sync.Mutex
	isShut bool
	open   map[*guest]struct{}
	// turned is closed when a guest is turned away.
	turned chan struct{}
}

// guest is a connection that is there.
type guest struct {
	net.Conn

	door *door
}

func newDoor(listener net.Listener) *door {
	return &door{Listener: listener, open: map[*guest]struct{}{}, turned: make(chan struct{})}
}

func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if g := d.admit(conn); g != nil {
			return g, nil
		}
		reset(conn)
	}
}

// admit gives nothing if the door is shut.
func (d *door) admit(conn net.Conn) *guest {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isShut {
		select {
		case <-d.turned:
		default:
			close(d.turned)
		}
		return nil
	}
	g := &guest{Conn: conn, door: d}
	d.open[g] = struct{}{}
	return g
}

func (g *guest) Close() error {
	g.door.mu.Lock()
	delete(g.door.open, g)
	g.door.mu.Unlock()
	return g.Conn.Close()
}

func (d *door) shut(isShut bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if isShut && !d.isShut {
		d.turned = make(chan struct{})
		for g := range d.open {
			reset(g.Conn)
		}
	}
	d.isShut = isShut
}

func (d *door) turnedAway() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.turned
}

func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // RST in place of FIN
	}
	_ = conn.Close()
}
