package main

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"

	"github.com/getkin/kin-openapi/openapi3"
)

const rounds = 9

// importing compares the import of a document into an empty data directory with decoding its JSON, and with a library for
// OpenAPI documents, as whole processes.
func importing(w workshop) ([]row, error) {
	round := 0
	ours := func() (cost, error) {
		round++
		return spend(w.carnet, "--data", filepath.Join(w.dir, fmt.Sprint("import", round)), "model", "import", w.document)
	}
	against := func(side string) (a, b cost, err error) {
		return pair(rounds, ours, func() (cost, error) { return spend(w.self, side, w.document) })
	}
	a, b, err := against("decode")
	if err != nil {
		return nil, err
	}
	c, d, err := against("kin")
	if err != nil {
		return nil, err
	}
	return []row{
		{"import of GitHub's document: time, against encoding/json into any", millis(a.wall), millis(b.wall), ratio(a.wall, b.wall), "3"},
		{"import of GitHub's document: memory, against encoding/json into any", megabytes(a.memory), megabytes(b.memory), ratio(a.memory, b.memory), "1"},
		{"import of GitHub's document: time, against kin-openapi reading it", millis(c.wall), millis(d.wall), ratio(c.wall, d.wall), ""},
		{"import of GitHub's document: memory, against kin-openapi reading it", megabytes(c.memory), megabytes(d.memory), ratio(c.memory, d.memory), ""},
	}, nil
}

func readWithKin(file string) error {
	_, err := openapi3.NewLoader().LoadFromFile(file)
	return err
}

// running compares one operation, run by a new process without a server, with curl.
func running(w workshop) ([]row, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprint(rw, `{"current_user_url":"/user"}`)
	})}
	go server.Serve(listener)
	defer server.Close()
	data := filepath.Join(w.dir, "run")
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	for _, args := range [][]string{
		{"model", "import", w.document},
		{"integration", "create", "github", "--model", githubVersion},
		{"integration", "set", "github", "server.protocol=http", "server.host=127.0.0.1", "server.port=" + port},
	} {
		if _, err := spend(w.carnet, append([]string{"--data", data}, args...)...); err != nil {
			return nil, err
		}
	}
	a, b, err := pair(31,
		func() (cost, error) { return spend(w.carnet, "--data", data, "run", "github", "meta/root") },
		func() (cost, error) { return spend("curl", "-s", "http://"+listener.Addr().String()+"/") })
	if err != nil {
		return nil, err
	}
	return []row{{"one operation of GitHub's, cold, against curl: difference", millis(a.wall), millis(b.wall), millis(a.wall - b.wall), "40 ms"}}, nil
}

const githubVersion = "GitHub v3 REST API:1.1.4"
