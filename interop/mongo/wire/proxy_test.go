package wire_test

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"carnet.dev/carnet/interop/mongo/wire"
)

// fake is a server that says which command came, and answers it with itself when it is told to.
func fake(t *testing.T) (address string, came <-chan string, answer chan<- bool) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	names, answers := make(chan string, 9), make(chan bool, 9)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for {
					m, err := receive(c)
					if err != nil {
						return
					}
					names <- bson.Raw(m[21:]).Lookup("collection").StringValue()
					<-answers
					c.Write(m)
				}
			}()
		}
	}()
	return l.Addr().String(), names, answers
}

// command is a command in the form of the wire.
func command(t *testing.T, collection string) []byte {
	t.Helper()
	document, err := bson.Marshal(bson.D{{Key: "ping", Value: 1}, {Key: "collection", Value: collection}})
	if err != nil {
		t.Fatal(err)
	}
	m := make([]byte, 21, 21+len(document))
	binary.LittleEndian.PutUint32(m, uint32(21+len(document)))
	binary.LittleEndian.PutUint32(m[12:], 2013)
	return append(m, document...)
}

func receive(c net.Conn) ([]byte, error) {
	size := make([]byte, 4)
	if _, err := io.ReadFull(c, size); err != nil {
		return nil, err
	}
	m := append(size, make([]byte, binary.LittleEndian.Uint32(size)-4)...)
	_, err := io.ReadFull(c, m[4:])
	return m, err
}

func send(t *testing.T, p *wire.Proxy, m []byte) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.Write(m) // where it was cut already, reading says so
	return c
}

// TestACutCommandStaysAlone: the server goes on with a command whose client was cut off. Were another one let to it meanwhile, an
// update that is atomic only as long as it is alone would not be.
func TestACutCommandStaysAlone(t *testing.T) {
	address, came, answer := fake(t)
	p, err := wire.New(address)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	first := send(t, p, command(t, "first"))
	if got := <-came; got != "first" {
		t.Fatalf("the server saw %q", got)
	}
	p.CutOnce()
	if _, err := receive(first); err == nil {
		t.Error("a client that was cut off had an answer")
	}
	decided := make(chan bool)
	p.OnCommand(func(wire.Command) (fate wire.Fate) { close(decided); return fate })
	second := send(t, p, command(t, "second"))
	<-decided // it waits for its turn
	select {
	case got := <-came:
		t.Errorf("the server saw %q while it was busy with the first", got)
	case <-time.After(50 * time.Millisecond): // nothing would tell that it waits
	}
	answer <- true
	if got := <-came; got != "second" {
		t.Errorf("the server saw %q", got)
	}
	answer <- true
	if _, err := receive(second); err != nil {
		t.Error(err)
	}
}

func TestWhileItIsCutNobodyIsServed(t *testing.T) {
	address, _, answer := fake(t)
	p, err := wire.New(address)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.Cut()
	if _, err := receive(send(t, p, command(t, "one"))); err == nil {
		t.Error("an answer while it was cut")
	}
	p.Restore()
	answer <- true
	if _, err := receive(send(t, p, command(t, "one"))); err != nil {
		t.Error(err)
	}
}
