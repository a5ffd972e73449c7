// Package chaos kills replicas, cuts their store off and has their provider lie, and counts what comes of it. The replicas are real
// processes of `carnet serve` over one MongoDB-compatible server.
package chaos

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"carnet.dev/carnet/client"
	"carnet.dev/carnet/interop/mongo/server"
)

var quiet = log.New(io.Discard, "", 0)

// A Fleet is some replicas over one store.
type Fleet struct {
	dir      string
	program  string
	store    *server.Server
	database string
	flags    []string
	replicas []*replica
}

// A replica is a process, again and again.
type replica struct {
	address string
	client  *client.Client

	mu      sync.Mutex
	process *exec.Cmd
	ended   chan struct{}
	ready   bool // it listens, and nobody is about to kill it
	lives   int  // how often it became ready
	log     *os.File
}

const adminPassword = "password of the fleet"

// build makes the program.
func build(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "carnet")
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "carnet.dev/carnet").Output()
	if err != nil {
		return "", fmt.Errorf("looking for carnet's module: %w", err)
	}
	command := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/carnet")
	command.Dir = strings.TrimSpace(string(root)) // its own module, with what that requires
	out, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building carnet: %w\n%s", err, out)
	}
	return program, nil
}

// newFleet starts n replicas.
func newFleet(ctx context.Context, dir, program string, store *server.Server, database string, n int, flags ...string) (*Fleet, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f := &Fleet{dir: dir, program: program, store: store, database: database, flags: flags}
	if err := os.WriteFile(filepath.Join(dir, "password"), []byte(adminPassword), 0o600); err != nil {
		return nil, err
	}
	for i := range n {
		r, err := f.newReplica(i)
		if err == nil {
			err = f.start(ctx, r)
		}
		if err != nil {
			f.close()
			return nil, err
		}
		f.replicas = append(f.replicas, r)
	}
	return f, nil
}

func (f *Fleet) newReplica(i int) (*replica, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0") // a port that the replica keeps over its lives
	if err != nil {
		return nil, err
	}
	defer free.Close()
	r := &replica{address: free.Addr().String()}
	if r.log, err = os.Create(filepath.Join(f.dir, fmt.Sprintf("replica%d.log", i))); err != nil {
		return nil, err
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 200}
	r.client, err = client.New("http://"+r.address, client.Options{
		HTTP: &http.Client{Transport: transport}, Username: "admin", Password: adminPassword,
	})
	return r, err
}

// start starts a replica, again if it ends at once, and returns when it listens.
func (f *Fleet) start(ctx context.Context, r *replica) error {
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); {
		ended, err := f.spawn(r)
		if err != nil {
			return err
		}
		if r.listens(ctx, ended) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.ready = true
			r.lives++
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.kill()
	}
	return fmt.Errorf("a replica does not listen: %s", tail(r.log.Name()))
}

// spawn starts the process; the channel is closed when it ends.
func (f *Fleet) spawn(r *replica) (ended chan struct{}, err error) {
	process := exec.Command(f.program, append([]string{"serve", "--listen", r.address, "--key", filepath.Join(f.dir, "carnet.key"),
		"--admin-password-file", filepath.Join(f.dir, "password"), "--log-level", "warn"}, f.flags...)...)
	process.Env = append(os.Environ(), "CARNET_STORE="+f.store.URI(f.database), "CARNET_DATA="+f.dir, "NO_PROXY=127.0.0.1")
	process.Stdout, process.Stderr = r.log, r.log
	if err := process.Start(); err != nil {
		return nil, err
	}
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		process.Wait()
	}()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.process, r.ended = process, ended
	return ended, nil
}

// listens waits until the replica listens; false: it never will.
func (r *replica) listens(ctx context.Context, ended chan struct{}) bool {
	for {
		if c, err := net.Dial("tcp", r.address); err == nil {
			c.Close()
			return true
		}
		select {
		case <-ended:
			return false
		case <-ctx.Done():
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// kill ends a replica as kill -9 does.
func (r *replica) kill() {
	r.mu.Lock()
	r.ready = false
	process, ended := r.process, r.ended
	r.mu.Unlock()
	process.Process.Kill()
	<-ended
}

// state says whether a replica can be called, and names the life that it is in.
func (r *replica) state() (ready bool, life int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ready, r.lives
}

func (f *Fleet) close() {
	for _, r := range f.replicas {
		r.kill()
		r.log.Close()
	}
}

// tail is the end of a log.
func tail(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	var lines []string
	for s := bufio.NewScanner(f); s.Scan(); {
		lines = append(lines, s.Text())
	}
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
