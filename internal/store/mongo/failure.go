package mongo

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"carnet.dev/carnet/fault"
)

// Codes of a server that does not let us in.
const (
	unauthorized         = 13
	authenticationFailed = 18
	atlasError           = 8000
)

// missing is explain for a document that was looked for.
func missing(ctx context.Context, err error, kind, id string) error {
	if errors.Is(err, mongo.ErrNoDocuments) {
		return fault.New(fault.NotFound, "there is no %s %q", kind, id)
	}
	return explain(ctx, err)
}

// explain makes a fault of what the library says, without its text, which lists servers and may quote more. The end of the
// caller's context is told as it is.
func explain(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.Canceled):
		return fault.New(fault.Unavailable, "the database is closed")
	}
	var server mongo.ServerError
	if errors.As(err, &server) {
		return refused(server)
	}
	if mongo.IsTimeout(err) {
		return fault.New(fault.Unavailable, "the database did not answer in time").
			WithHint("check that MongoDB runs, that its primary can be reached from here, and the host in the connection string")
	}
	return fault.New(fault.Unavailable, "the connection to the database failed").
		WithHint("check that MongoDB runs, and the host and the TLS options in the connection string")
}

// refused says what a server answered, by its code.
func refused(err mongo.ServerError) error {
	for _, code := range []int{unauthorized, authenticationFailed, atlasError} {
		if err.HasErrorCode(code) {
			return fault.New(fault.Unavailable, "the database does not let Carnet in").
				WithHint("check the user and the password in the connection string, and that the user may read and write the database")
		}
	}
	code := err.ErrorCodes()
	return fault.New(fault.Unavailable, "the database answered with the error code %d", code).WithHint("its log says more")
}
