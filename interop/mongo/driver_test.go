package mongo_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	mongodb "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store/driver"
	"carnet.dev/carnet/internal/store/drivertest"
	"carnet.dev/carnet/internal/store/mongo"
	"carnet.dev/carnet/interop/mongo/server"
)

// one is the server of all tests.
var one *server.Server

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "carnet-mongo-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if one, err = server.Start(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer one.Close()
	return m.Run()
}

var databases atomic.Int64

// database names a new database, and drops it when the test ends.
func database(t testing.TB) (uri string) {
	t.Helper()
	name := fmt.Sprintf("carnet_test_%d_%d", os.Getpid(), databases.Add(1))
	uri = one.URI(name)
	t.Cleanup(func() {
		one.Restore()
		one.OnCommand(nil)
		if err := client(t, uri).Database(name).Drop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return uri
}

// nameOf is the database of a connection string.
func nameOf(uri string) string {
	return uri[strings.LastIndexByte(uri, '/')+1 : strings.IndexByte(uri, '?')]
}

// client is a plain client, past the driver under test.
func client(t testing.TB, uri string) *mongodb.Client {
	t.Helper()
	c, err := mongodb.Connect(options.Client().ApplyURI(uri).SetRetryWrites(false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Disconnect(context.Background()) })
	return c
}

// TestTheServerIsFit proves of the server what the driver relies on: of those who replace the same revision at once, one wins.
func TestTheServerIsFit(t *testing.T) {
	const clients, rounds = 8, 50
	uri := database(t)
	collections := make([]*mongodb.Collection, clients)
	for i := range collections {
		collections[i] = client(t, uri).Database(nameOf(uri)).Collection("things")
	}
	if _, err := collections[0].InsertOne(t.Context(), bson.D{{Key: "_id", Value: "one"}, {Key: "rev", Value: int64(0)}}); err != nil {
		t.Fatal(err)
	}
	for round := range rounds {
		var wins atomic.Int64
		var work sync.WaitGroup
		for _, c := range collections {
			work.Go(func() {
				done, err := c.ReplaceOne(t.Context(), bson.D{{Key: "_id", Value: "one"}, {Key: "rev", Value: int64(round)}},
					bson.D{{Key: "_id", Value: "one"}, {Key: "rev", Value: int64(round + 1)}})
				if err != nil {
					t.Error(err)
					return
				}
				wins.Add(done.MatchedCount)
			})
		}
		work.Wait()
		if wins.Load() != 1 {
			t.Fatalf("round %d has %d winners: no race tested on this server proves anything", round, wins.Load())
		}
	}
}

func TestDriver(t *testing.T) {
	drivertest.Run(t, fresh(func() (back func()) { one.Cut(); return one.Restore }))
}

// fresh makes new databases, which go away in a certain way.
func fresh(away func() (back func())) drivertest.Fresh {
	return func(t *testing.T) drivertest.Data {
		uri := database(t)
		return drivertest.Data{
			Open: func() (driver.Driver, error) { return mongo.Open(context.Background(), seal.NewSecret(uri)) },
			Away: away,
		}
	}
}
