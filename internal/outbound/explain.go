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
	reason, what := reasonOf(err)
	return fault.New(fault.Unavailable, "%s: %s", doing, what).WithHint("%s", hints[reason])
}

// A Reason is why no answer came.
type Reason string

// The reasons.
const (
	NoHost             Reason = "no_host"
	NotResolved        Reason = "name_not_resolved"
	TimedOut           Reason = "time_out"
	Refused            Reason = "connection_refused"
	Unreachable        Reason = "network_unreachable"
	Closed             Reason = "connection_closed"
	NoTLS              Reason = "no_tls"
	UnknownAuthority   Reason = "certificate_of_unknown_authority"
	OtherName          Reason = "certificate_for_another_name"
	CertificateExpired Reason = "certificate_expired"
	CertificateInvalid Reason = "certificate_invalid"
	HandshakeEnded     Reason = "tls_handshake_ended"
	NotAllowed         Reason = "egress_denied"
	Interrupted        Reason = "interrupted"
	Failed             Reason = "no_answer" // in some other way
)

// hints say what to do.
var hints = map[Reason]string{
	NoHost:             "check the host's name",
	NotResolved:        "check the network, and the host's name",
	TimedOut:           "the service may be slow or unreachable; try again, and check the network",
	Refused:            "check that the service runs, and its host and port",
	Unreachable:        "check the network",
	Closed:             "try again",
	NoTLS:              "check the protocol and the port",
	UnknownAuthority:   "give the authority's certificate in tls.ca",
	OtherName:          "check the host, or give the one that the certificate names",
	CertificateExpired: "the service has to replace it; check this machine's clock too",
	CertificateInvalid: "the service has to replace it",
	HandshakeEnded:     "it may want another client certificate: tls.certificate and tls.key, or those of a mutualTLS scheme",
	Failed:             "try again; if it goes on, check the host, the proxy and the TLS settings",
}

// ReasonOf returns why a client's request got no answer.
func ReasonOf(err error) Reason {
	if _, ok := errors.AsType[*fault.Error](err); ok { // of the policy
		return NotAllowed
	}
	if errors.Is(err, context.Canceled) {
		return Interrupted
	}
	reason, _ := reasonOf(err)
	return reason
}

// reasonOf says what went wrong, by name and in words.
func reasonOf(err error) (r Reason, what string) {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return NoHost, "there is no host " + dns.Name
		}
		return NotResolved, "the name " + dns.Name + " could not be resolved"
	}
	if r, what = certificate(err); r != "" {
		return r, what
	}
	var record tls.RecordHeaderError
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return TimedOut, "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused, "connection refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return Unreachable, "the network can't be reached"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Closed, "the connection was closed before the answer was complete"
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return NoTLS, "the server does not speak TLS there"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return Unreachable, op.Op + " failed: " + op.Err.Error()
	}
	return Failed, "the request failed"
}

// certificate explains why a server's certificate was refused; "" if that is not what went wrong.
func certificate(err error) (r Reason, what string) {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var remote *net.OpError
	switch {
	case errors.As(err, &unknown):
		return UnknownAuthority, "the server's certificate is signed by an unknown authority"
	case errors.As(err, &name):
		return OtherName, "the server's certificate is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return CertificateExpired, "the server's certificate has expired or is not valid yet"
	case errors.As(err, &invalid):
		return CertificateInvalid, "the server's certificate is not valid"
	case errors.As(err, &remote) && remote.Op == "remote error": // an alert, whose type crypto/tls keeps to itself
		return HandshakeEnded, "the server ended the TLS connection: " + remote.Err.Error()
	}
	return "", ""
}
