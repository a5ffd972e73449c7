// Package mongo keeps records in MongoDB or a service compatible with it: one collection per kind, one document per record, which
// an operator can read. It needs no more than operations on single documents, found by _id and revision or by an index, so it works
// on a standalone server, a replica set and a sharded cluster. Several processes may use one database at once.
package mongo

import (
	"context"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store/driver"
)

// Bounds of how long a server is waited for, unless the connection string says others. A caller's deadline counts too.
const (
	selectWithin  = 5 * time.Second
	connectWithin = 5 * time.Second
	answerWithin  = 10 * time.Second
)

type database struct {
	client  *mongo.Client
	db      *mongo.Database
	indexed sync.Map // kinds whose due times have their index
}

// Open connects to the server or cluster of a connection string (mongodb:// or mongodb+srv://), whose options say who signs in and
// with which TLS files. The database is the one that it names, else "carnet". fault.Invalid if it is no connection string,
// fault.Unavailable if no server answers or it does not let us in; no error holds the string or a part of it.
func Open(ctx context.Context, uri seal.Secret) (driver.Driver, error) {
	name, err := databaseName(uri.Reveal())
	if err != nil {
		return nil, err
	}
	seen := &watch{}
	client, err := mongo.Connect(options.Client().
		SetAppName("carnet").
		SetRetryWrites(false). // compatible services lack it; the store looks again after an unknown outcome
		SetServerSelectionTimeout(selectWithin).
		SetConnectTimeout(connectWithin).
		SetTimeout(answerWithin).
		SetServerMonitor(seen.monitor()).
		SetReadConcern(readconcern.Majority()). // what is read may be a write whose outcome was unknown: it must not be rolled back
		ApplyURI(uri.Reveal()).
		SetWriteConcern(writeconcern.Majority()).
		SetReadPreference(readpref.Primary()))
	if err != nil {
		return nil, malformed() // not wrapped: its text quotes the string
	}
	d := &database{client: client, db: client.Database(name)}
	pinging, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if err := client.Ping(pinging, readpref.Primary()); err != nil {
		err = seen.explain(ctx, err) // before closing ends the watch in the middle of a try
		d.Close()
		return nil, err
	}
	return d, nil
}

// Close implements driver.Driver.
func (d *database) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	return explain(ctx, d.client.Disconnect(ctx))
}

// A document is a record as it is stored.
type document struct {
	ID   string        `bson:"_id"`
	Rev  int64         `bson:"rev"`
	Due  *time.Time    `bson:"due,omitempty"`
	Body bson.RawValue `bson:"body"`
}

func stored(r driver.Record) bson.D {
	d := bson.D{{Key: "_id", Value: r.ID}, {Key: "rev", Value: r.Revision}}
	if !r.Due.IsZero() {
		d = append(d, bson.E{Key: "due", Value: r.Due})
	}
	return append(d, bson.E{Key: "body", Value: encode(r.Body)})
}

func (d *document) record(kind string) (driver.Record, error) {
	r := driver.Record{Kind: kind, ID: d.ID, Revision: d.Rev}
	if d.Due != nil {
		r.Due = *d.Due
	}
	var err error
	r.Body, err = decode(d.Body)
	return r, err
}

// Get implements driver.Driver.
func (d *database) Get(ctx context.Context, kind, id string) (driver.Record, error) {
	var found document
	err := d.db.Collection(kind).FindOne(ctx, byID(id, 0)).Decode(&found)
	if err != nil {
		return driver.Record{}, missing(ctx, err, kind, id)
	}
	return found.record(kind)
}

// byID finds a document, of a certain revision unless that is 0.
func byID(id string, revision int64) bson.D {
	filter := bson.D{{Key: "_id", Value: id}}
	if revision != 0 {
		filter = append(filter, bson.E{Key: "rev", Value: revision})
	}
	return filter
}

// Put implements driver.Driver.
func (d *database) Put(ctx context.Context, r driver.Record, replaces int64) error {
	in := d.db.Collection(r.Kind)
	if replaces == 0 {
		_, err := in.InsertOne(ctx, stored(r))
		if mongo.IsDuplicateKeyError(err) {
			return conflict(r.Kind, r.ID)
		}
		return explain(ctx, err)
	}
	done, err := in.ReplaceOne(ctx, byID(r.ID, replaces), stored(r))
	if err == nil && done.MatchedCount == 0 {
		return conflict(r.Kind, r.ID)
	}
	return explain(ctx, err)
}

func conflict(kind, id string) error {
	return fault.New(fault.Conflict, "%s %q was changed by somebody else", kind, id)
}

// Delete implements driver.Driver.
func (d *database) Delete(ctx context.Context, kind, id string, revision int64) error {
	in := d.db.Collection(kind)
	done, err := in.DeleteOne(ctx, byID(id, revision))
	if err != nil || done.DeletedCount > 0 {
		return explain(ctx, err)
	}
	err = in.FindOne(ctx, byID(id, 0), options.FindOne().SetProjection(bson.D{{Key: "_id", Value: 1}})).Err()
	if err != nil {
		return missing(ctx, err, kind, id)
	}
	return conflict(kind, id)
}

// List implements driver.Driver.
func (d *database) List(ctx context.Context, kind string, p driver.Page) ([]driver.Record, error) {
	within := bson.D{{Key: "$gt", Value: p.After}}
	if p.Prefix > p.After {
		within = bson.D{{Key: "$gte", Value: p.Prefix}}
	}
	if end := successor(p.Prefix); end != "" {
		within = append(within, bson.E{Key: "$lt", Value: end})
	}
	return d.find(ctx, kind, bson.D{{Key: "_id", Value: within}},
		options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetSkip(int64(p.Skip)).SetLimit(int64(p.Limit)))
}

// Count implements driver.Driver. It is what the server knows without counting.
func (d *database) Count(ctx context.Context, kind string) (int, error) {
	n, err := d.db.Collection(kind).EstimatedDocumentCount(ctx)
	return int(n), explain(ctx, err)
}

// Due implements driver.Driver.
func (d *database) Due(ctx context.Context, kind string, t time.Time, limit int) ([]driver.Record, error) {
	if err := d.index(ctx, kind); err != nil {
		return nil, err
	}
	return d.find(ctx, kind, bson.D{{Key: "due", Value: bson.D{{Key: "$lte", Value: t}}}},
		options.Find().SetSort(bson.D{{Key: "due", Value: 1}}).SetLimit(int64(limit)))
}

// index makes the index of due times where there is none yet; whoever sweeps does so when it starts. Several may ask for it at once:
// that costs a server nothing, and nobody waits for another's answer.
func (d *database) index(ctx context.Context, kind string) error {
	if _, done := d.indexed.Load(kind); done {
		return nil
	}
	_, err := d.db.Collection(kind).Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: "due", Value: 1}}})
	if err != nil {
		return explain(ctx, err)
	}
	d.indexed.Store(kind, true)
	return nil
}

func (d *database) find(ctx context.Context, kind string, filter bson.D, o *options.FindOptionsBuilder) ([]driver.Record, error) {
	cursor, err := d.db.Collection(kind).Find(ctx, filter, o)
	if err != nil {
		return nil, explain(ctx, err)
	}
	var found []document
	if err := cursor.All(ctx, &found); err != nil {
		return nil, explain(ctx, err)
	}
	records := make([]driver.Record, len(found))
	for i := range found {
		if records[i], err = found[i].record(kind); err != nil {
			return nil, err
		}
	}
	return records, nil
}
