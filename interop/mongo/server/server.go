// Package server starts a MongoDB-compatible server for tests, behind a proxy that they control: the one that
// CARNET_TEST_MONGODB_URI names, else FerretDB with its SQLite backend in this process.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"github.com/FerretDB/FerretDB/ferretdb"

	"carnet.dev/carnet/interop/mongo/wire"
)

// A Server is a running server, and the proxy in front of it.
type Server struct {
	*wire.Proxy
	address string // of the proxy
	user    string // "user:password@", or nothing
	query   string
	stop    func()
}

// Start starts a server that keeps its data in a directory. Close ends it.
func Start(dir string) (*Server, error) {
	uri, stop, err := os.Getenv("CARNET_TEST_MONGODB_URI"), func() {}, error(nil)
	if uri == "" {
		if uri, stop, err = ferret(dir); err != nil {
			return nil, err
		}
	}
	at, err := url.Parse(uri)
	if err != nil || at.Host == "" {
		stop()
		return nil, fmt.Errorf("CARNET_TEST_MONGODB_URI has to name one server")
	}
	proxy, err := wire.New(at.Host)
	if err != nil {
		stop()
		return nil, err
	}
	s := &Server{Proxy: proxy, address: proxy.Address(), query: at.RawQuery, stop: stop}
	if at.User != nil {
		s.user = at.User.String() + "@"
	}
	return s, nil
}

// URI is the connection string of a database on the server, through the proxy.
func (s *Server) URI(database string) string {
	// Members of a replica set would be talked to past the proxy, and a hello that the server answers late, when something has
	// changed, would keep all others from it.
	query := strings.TrimPrefix(s.query+"&directConnection=true&serverMonitoringMode=poll", "&")
	return "mongodb://" + s.user + s.address + "/" + database + "?" + query
}

// Close ends the server.
func (s *Server) Close() {
	s.Proxy.Close()
	s.stop()
}

// ferret runs FerretDB in this process.
func ferret(dir string) (uri string, stop func(), err error) {
	if memory, err := os.MkdirTemp("/dev/shm", "carnet-ferret-"); err == nil { // what is tested is not how durable a disk is
		return ferretIn(memory, func() { os.RemoveAll(memory) })
	}
	return ferretIn(dir, func() {})
}

func ferretIn(dir string, tidy func()) (uri string, stop func(), err error) {
	f, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Logger:    slog.New(slog.DiscardHandler),
		Handler:   "sqlite",
		SQLiteURL: "file:" + dir + "/",
	})
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.Run(ctx)
	}()
	return f.MongoDBURI(), func() { cancel(); <-done; tidy() }, nil
}
