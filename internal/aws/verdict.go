package aws

import (
	"net/http"
	"slices"
	"time"
)

// maxSkew is how far clocks may differ before a signature counts as expired, or as not yet good.
const maxSkew = 5 * time.Minute

// A verdict is what follows from an error.
type verdict struct {
	permanent, inDoubt bool
	reason             string // as package oauth calls it; empty: the code is
	remark             string // on the message
	hint               string
}

const (
	unknownKey = "AWS does not know the access key id: check it, and the session token if the key is a temporary one"
	wrongKey   = "check the secret access key"
	expiredKey = "the session token has expired: give other credentials"
)

// hints say what to do about a code after which asking again does not help.
var hints = map[string]string{
	"AccessDenied": "the role's trust policy has to allow this, and a policy of the access key's owner too; " +
		"check the ARN and the external id",
	"ExpiredToken":                expiredKey,
	"ExpiredTokenException":       expiredKey,
	"IDPRejectedClaim":            "the OpenID provider does not stand by the token any more",
	"InvalidAccessKeyId":          unknownKey,
	"InvalidClientTokenId":        unknownKey,
	"InvalidSignatureException":   wrongKey,
	"RegionDisabledException":     "activate AWS STS for the region in the account of the credentials, or set another region",
	"SignatureDoesNotMatch":       wrongKey,
	"UnrecognizedClientException": unknownKey,
	"ValidationError":             "check the role's ARN, the session name and the duration",
}

var (
	// late are the codes of a signature that is too old, or of the future.
	late = []string{"RequestExpired", "RequestTimeTooSkewed"}
	// wrong are the codes of a signature that is wrong. The token service means late ones by them too.
	wrong = []string{"SignatureDoesNotMatch", "InvalidSignatureException"}
	// throttling are the codes of too many requests, whatever the status.
	throttling = []string{"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown"}
	// passing are the codes of OpenID tokens that a newer one takes the place of, or that AWS could not check just now.
	passing = []string{"ExpiredToken", "ExpiredTokenException", "InvalidIdentityToken", "IDPCommunicationError"}
)

// judge says what follows from a code, or from the status of an answer without one. A clock that is wrong is not for good: once
// it is right again the same configuration works.
func (a reply) judge(code string) verdict {
	status, skew := a.StatusCode, a.skewed()
	switch {
	case slices.Contains(late, code), slices.Contains(wrong, code) && skew != "":
		return verdict{reason: "clock", remark: skew, hint: "set this machine's clock: AWS takes only signatures of the last minutes"}
	case status == http.StatusTooManyRequests, slices.Contains(throttling, code):
		return verdict{reason: "too_many_requests", hint: "it is asked again later"}
	case status/100 == 5:
		return verdict{inDoubt: true, reason: "service_down", hint: "the service has a problem; it is asked again later"}
	case status/100 == 3:
		return verdict{permanent: true, reason: "redirect", remark: ", a redirect", hint: "no credentials are sent to another place; " + endpointHint}
	case a.identity && slices.Contains(passing, code):
		return verdict{hint: "check the OpenID provider, and that the token is a new one"}
	case hints[code] != "":
		return verdict{permanent: true, hint: hints[code]}
	}
	return verdict{
		permanent: status != http.StatusRequestTimeout,
		hint:      "see what AWS's documentation says about this error; " + endpointHint,
	}
}
