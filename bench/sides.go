package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/pb33f/libopenapi"
)

const rounds = 5

// importing compares the import of documents into an empty data directory with decoding their JSON, and with two libraries for
// OpenAPI documents, as whole processes.
func importing(w workshop) ([]row, error) {
	var rows []row
	round := 0
	for _, d := range w.documents {
		ours := func() (cost, error) {
			round++
			return spend(w.carnet, "--data", filepath.Join(w.dir, fmt.Sprint("import", round)), "model", "import", d.file)
		}
		for _, side := range []struct{ command, name, time, memory string }{
			{"decode", "encoding/json into any", "3", "1"},
			{"kin", "kin-openapi reading it", "", ""},
			{"libopenapi", "libopenapi's model of it", "", ""},
		} {
			a, b, err := pair(rounds, ours, func() (cost, error) { return spend(w.self, side.command, d.file) })
			if err != nil {
				return nil, err
			}
			rows = append(rows,
				row{"import of " + d.name + ": time, against " + side.name, millis(a.wall), millis(b.wall), ratio(a.wall, b.wall), side.time},
				row{"import of " + d.name + ": processor, against " + side.name, millis(a.processor), millis(b.processor), ratio(a.processor, b.processor), side.time},
				row{"import of " + d.name + ": memory, against " + side.name, megabytes(a.memory), megabytes(b.memory), ratio(a.memory, b.memory), side.memory},
			)
		}
	}
	return rows, nil
}

func readWithLibopenapi(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	document, err := libopenapi.NewDocument(data)
	if err != nil {
		return err
	}
	_, err = document.BuildV3Model()
	return err
}

// searching compares a search through Microsoft Graph's operations, and showing one of them with its schemas, by a new process, with a
// process that does nothing.
func searching(w workshop) ([]row, error) {
	data := filepath.Join(w.dir, "search")
	for _, args := range [][]string{
		{"model", "import", w.documents[1].file},
		{"integration", "create", "graph", "--model", graphVersion},
	} {
		if _, err := spend(w.carnet, append([]string{"--data", data}, args...)...); err != nil {
			return nil, err
		}
	}
	var rows []row
	for _, side := range []struct {
		what, promise string
		args          []string
	}{
		{"search of 22,361 operations, cold", "100 ms", []string{"operation", "list", "graph", "--search", "calendar delete"}},
		{"an operation of Graph's with its schemas, shown cold", "", []string{"operation", "show", "graph", "users.user.CreateUser"}},
	} {
		a, b, err := pair(15,
			func() (cost, error) { return spend(w.carnet, append([]string{"--data", data}, side.args...)...) },
			func() (cost, error) { return spend(w.carnet, "version") })
		if err != nil {
			return nil, err
		}
		rows = append(rows,
			row{side.what + ": time, against carnet version", millis(a.wall), millis(b.wall), ratio(a.wall, b.wall), side.promise},
			row{side.what + ": processor, against carnet version", millis(a.processor), millis(b.processor), ratio(a.processor, b.processor), ""},
		)
	}
	return rows, nil
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
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	var rows []row
	for i, side := range []struct{ of, version, operation, path string }{
		{"GitHub's", githubVersion, "meta/root", "/"},
		{"Graph's", graphVersion, "branding.organizationalBranding.GetOrganizationalBranding", "/beta/branding"},
	} {
		data := filepath.Join(w.dir, fmt.Sprint("run", i))
		for _, args := range [][]string{
			{"model", "import", w.documents[i].file},
			{"integration", "create", "it", "--model", side.version},
			{"integration", "set", "it", "server.protocol=http", "server.host=127.0.0.1", "server.port=" + port},
		} {
			if _, err := spend(w.carnet, append([]string{"--data", data}, args...)...); err != nil {
				return nil, err
			}
		}
		a, b, err := pair(31,
			func() (cost, error) { return spend(w.carnet, "--data", data, "run", "it", side.operation) },
			func() (cost, error) { return spend("curl", "-s", "http://"+listener.Addr().String()+side.path) })
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{"one operation of " + side.of + ", cold, against curl: difference", millis(a.wall), millis(b.wall), millis(a.wall - b.wall), "40 ms"})
	}
	return rows, nil
}

const (
	githubVersion = "GitHub v3 REST API:1.1.4"
	graphVersion  = "OData Service for namespace microsoft.graph:1.0.1"
)
