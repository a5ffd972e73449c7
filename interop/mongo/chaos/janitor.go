package chaos

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// janitor deletes what is done from the audit log, every half second, until ctx ends: FerretDB reads a whole collection for each
// conditional update in it, and a minute of calls would slow it down more and more.
func janitor(ctx context.Context, uri, database string) error {
	c, err := mongo.Connect(options.Client().ApplyURI(uri).SetRetryWrites(false).SetServerSelectionTimeout(time.Second).SetTimeout(2 * time.Second))
	if err != nil {
		return err
	}
	defer c.Disconnect(context.WithoutCancel(ctx))
	audit := c.Database(database).Collection("audit")
	for ctx.Err() == nil {
		// The store may be cut off: then there is more to do the next time.
		_, _ = audit.DeleteMany(ctx, bson.D{{Key: "body.outcome", Value: bson.D{{Key: "$ne", Value: "started"}}}})
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
	return nil
}
