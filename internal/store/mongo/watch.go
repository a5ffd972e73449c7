package mongo

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"syscall"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"carnet.dev/carnet/fault"
)

// A watch knows why the last try to reach a server failed. Of a database that nobody could be asked for in time the library says no
// more than that.
type watch struct{ last atomic.Pointer[error] }

func (w *watch) monitor() *event.ServerMonitor {
	return &event.ServerMonitor{ServerHeartbeatFailed: func(failed *event.ServerHeartbeatFailedEvent) { w.last.Store(&failed.Failure) }}
}

// explain is the other explain for a client that has just been made.
func (w *watch) explain(ctx context.Context, err error) error {
	last := w.last.Load()
	if ctx.Err() != nil || last == nil || !mongo.IsTimeout(err) {
		return explain(ctx, err)
	}
	if e := unreachable(*last); e != nil {
		return e
	}
	return explain(ctx, err)
}

// unreachable says why a server can't be reached; nil: it says no more than that.
func unreachable(err error) error {
	unknown, noTLS := (*net.DNSError)(nil), tls.RecordHeaderError{}
	untrusted, alert := (*tls.CertificateVerificationError)(nil), (*net.OpError)(nil)
	switch {
	case errors.As(err, &unknown):
		return fault.New(fault.Unavailable, "the database's host is not known").WithHint("check the host in the connection string, and the DNS here")
	case errors.Is(err, syscall.ECONNREFUSED):
		return fault.New(fault.Unavailable, "nothing listens where the database should be").
			WithHint("check that MongoDB runs, and the host and the port in the connection string")
	case errors.As(err, &untrusted):
		return fault.New(fault.Unavailable, "the database's TLS certificate is not trusted").
			WithHint("name the CA that has signed it with tlsCAFile in the connection string, and the host as the certificate does")
	case errors.As(err, &alert) && alert.Op == "remote error": // what crypto/tls calls the other side's alerts, whose type it hides
		return fault.New(fault.Unavailable, "the database refuses this side's TLS").
			WithHint("check tlsCertificateKeyFile in the connection string: the server may ask for a certificate of ours")
	case errors.As(err, &noTLS), hungUp(err): // which may be how an alert ends that was not read in time
		return fault.New(fault.Unavailable, "the database hangs up").
			WithHint("check tls and tlsCertificateKeyFile in the connection string: one side may want TLS and the other not, or a certificate; " +
				"and that the port is MongoDB's")
	}
	return nil
}

func hungUp(err error) bool {
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}
