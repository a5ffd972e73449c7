// Package wire is a proxy in front of a MongoDB-compatible server, for tests. It understands where a command begins and ends, so
// it can forward one command at a time over all connections, which makes conditional updates atomic on a server where they are not;
// and it can lose, delay and repeat commands, and be cut.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A Command is a request of a client's.
type Command struct {
	Name       string // "find", "update", "hello"
	Collection string // "" where there is none
	Message    []byte // all of it
}

// A Fate is what becomes of a command. The zero Fate forwards it.
type Fate struct {
	Delay    time.Duration // before it is forwarded
	Cut      bool          // the connection is cut, and the server never sees it
	Twice    bool          // the server sees it twice; the second answer is dropped
	Lost     bool          // the server has acted, and the connection is cut before its answer
	Answered func()        // called when the server has answered, before the client hears of it
}

// A Proxy forwards connections to a server.
type Proxy struct {
	listener net.Listener
	server   string
	atomic   sync.Mutex // held while a command is with the server

	mu          sync.Mutex
	fate        func(Command) Fate
	cut         bool
	connections map[net.Conn]bool
	done        sync.WaitGroup
}

// New returns a proxy on a free port of loopback.
func New(server string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, server: server, connections: map[net.Conn]bool{}}
	p.done.Go(p.accept)
	return p, nil
}

// Address is where clients connect to.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Close ends the proxy and all connections.
func (p *Proxy) Close() {
	p.listener.Close()
	p.Cut()
	p.done.Wait()
}

// OnCommand has decide say what becomes of each command; it may block. nil: all are forwarded.
func (p *Proxy) OnCommand(decide func(Command) Fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fate = decide
}

// Cut cuts all connections of clients, and refuses new ones until [Proxy.Restore]. A command that the server has begun it ends, and
// nobody hears of it: until then no other one is let to it.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.connections {
		c.Close()
	}
}

// CutOnce cuts all connections; new ones are welcome.
func (p *Proxy) CutOnce() {
	p.Cut()
	p.Restore()
}

// Restore lets connections in again.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || !p.welcome(client) {
			continue
		}
		p.done.Go(func() {
			defer p.forget(client)
			p.serve(client)
		})
	}
}

func (p *Proxy) welcome(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		c.Close()
		return false
	}
	p.connections[c] = true
	return true
}

func (p *Proxy) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.connections, c)
	c.Close()
}

// serve forwards the commands of one client until something ends.
func (p *Proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	for {
		request, err := message(client)
		if err != nil {
			return
		}
		fate := p.decide(parse(request))
		time.Sleep(fate.Delay)
		if fate.Cut {
			return
		}
		answer, err := p.forward(server, request, fate.Twice)
		if err != nil {
			return
		}
		if fate.Answered != nil {
			fate.Answered()
		}
		if fate.Lost {
			return
		}
		if _, err := client.Write(answer); err != nil {
			return
		}
	}
}

func (p *Proxy) decide(c Command) Fate {
	p.mu.Lock()
	decide := p.fate
	p.mu.Unlock()
	if decide == nil || c.Name == "hello" || c.Name == "isMaster" || c.Name == "ismaster" {
		return Fate{}
	}
	return decide(c)
}

// forward sends a request and returns the answer. Nobody else is with the server meanwhile.
func (p *Proxy) forward(server net.Conn, request []byte, twice bool) ([]byte, error) {
	p.atomic.Lock()
	defer p.atomic.Unlock()
	answer, err := exchange(server, request)
	if err == nil && twice {
		_, err = exchange(server, request)
	}
	return answer, err
}

func exchange(server net.Conn, request []byte) ([]byte, error) {
	if _, err := server.Write(request); err != nil {
		return nil, err
	}
	return message(server)
}

// Sizes and codes of the wire protocol (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/).
const (
	headerSize = 16
	mostSize   = 48_000_000
	opMsg      = 2013
)

// message reads one message, its header included.
func message(c io.Reader) ([]byte, error) {
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(c, header); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(header)
	if size < headerSize || size > mostSize {
		return nil, fmt.Errorf("a message of %d bytes", size)
	}
	whole := append(header, make([]byte, size-headerSize)...)
	_, err := io.ReadFull(c, whole[headerSize:])
	return whole, err
}

// parse reads the command of a request: the first name in its document, whose value is often a collection.
func parse(request []byte) Command {
	const flags, kind = 4, 1
	if binary.LittleEndian.Uint32(request[12:]) != opMsg || len(request) < headerSize+flags+kind+5 || request[headerSize+flags] != 0 {
		return Command{Name: "hello"} // the handshake in the old form
	}
	size := binary.LittleEndian.Uint32(request[headerSize+flags+kind:])
	from := headerSize + flags + kind
	if from+int(size) > len(request) {
		return Command{Message: request}
	}
	c := Command{Message: request}
	if elements, err := bson.Raw(request[from : from+int(size)]).Elements(); err == nil && len(elements) > 0 {
		c.Name = elements[0].Key()
		c.Collection, _ = elements[0].Value().StringValueOK()
	}
	return c
}
