package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"

	"carnet.dev/carnet/fault"
)

// Explain makes a fault of an error of a client: what failed while doing what, and what to do. The URL that net/http puts into
// its errors is left out, for its query may hold a secret.
func Explain(err error, doing string) *fault.Error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if own, ok := errors.AsType[*fault.Error](err); ok {
		return fault.Wrap(own.Kind, own, "%s", doing).WithHint("%s", fault.HintOf(own))
	}
	if errors.Is(err, context.Canceled) {
		return fault.Wrap(fault.Unavailable, context.Canceled, "%s: interrupted", doing)
	}
	what, hint := explanation(err)
	return fault.New(fault.Unavailable, "%s: %s", doing, what).WithHint("%s", hint)
}

// explanation says what went wrong, and what to do.
func explanation(err error) (what, hint string) {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return "there is no host " + dns.Name, "check the host's name"
		}
		return "the name " + dns.Name + " could not be resolved", "check the network, and the host's name"
	}
	if what, hint := certificate(err); what != "" {
		return what, hint
	}
	var record tls.RecordHeaderError
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time", "the service may be slow or unreachable; try again, and check the network"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused", "check that the service runs, and its host and port"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "the network can't be reached", "check the network"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed before the answer was complete", "try again"
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return "the server does not speak TLS there", "check the protocol and the port"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Op + " failed: " + op.Err.Error(), "check the network"
	}
	return "the request failed", "try again; if it goes on, check the host, the proxy and the TLS settings"
}

// certificate explains why a server's certificate was refused; "" if that is not what went wrong.
func certificate(err error) (what, hint string) {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var remote *net.OpError
	switch {
	case errors.As(err, &unknown):
		return "the server's certificate is signed by an unknown authority", "give the authority's certificate in tls.ca"
	case errors.As(err, &name):
		return "the server's certificate is for another name", "check the host, or give the one that the certificate names"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate has expired or is not valid yet", "the service has to replace it; check this machine's clock too"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid", "the service has to replace it"
	case errors.As(err, &remote) && remote.Op == "remote error": // an alert, whose type crypto/tls keeps to itself
		return "the server ended the TLS connection: " + remote.Err.Error(), "it may want another client certificate: tls.certificate and tls.key, or those of a mutualTLS scheme"
	}
	return "", ""
}
