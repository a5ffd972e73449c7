package aws_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/aws"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

const (
	arn      = "arn:aws:iam::123456789012:role/deploy"
	identity = "eyJhbGciOi.ey+very/secret.c2ln"
)

// A sts is AWS's security token service, as far as it is asked here.
type sts struct {
	service
	answer func(w http.ResponseWriter)
	asked  []url.Values
	wrong  []string
}

func newSTS(region string, answer func(http.ResponseWriter)) *sts {
	return &sts{answer: answer, service: service{name: "sts", region: region, id: "AKIDEXAMPLE", secret: suiteSecret,
		token: sessionToken, host: "sts." + region + ".amazonaws.com"}}
}

func (s *sts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, err := url.ParseQuery(string(body))
	signed := form.Get("Action") == "AssumeRole"
	switch {
	case err != nil || r.Method != http.MethodPost || r.RequestURI != "/" || r.Host != s.host ||
		r.Header.Get("Content-Type") != "application/x-www-form-urlencoded; charset=utf-8":
		s.wrong = append(s.wrong, fmt.Sprint(r.Method, " ", r.Host, r.RequestURI, r.Header))
	case !signed && (r.Header.Get("Authorization") != "" || r.Header.Get("X-Amz-Date") != ""):
		s.wrong = append(s.wrong, "it is signed")
	case signed:
		if wrong := s.refusal(r); wrong != "" {
			s.wrong = append(s.wrong, wrong)
		}
	}
	s.asked = append(s.asked, form)
	s.answer(w)
}

func (s *sts) client(t *testing.T) *http.Client {
	t.Cleanup(func() {
		for _, wrong := range s.wrong {
			t.Error(wrong)
		}
	})
	return &http.Client{Transport: &wire{handler: s}}
}

// credentialsXML is the answer to an action.
func credentialsXML(action, expiration string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult>
  <SourceIdentity>Alice</SourceIdentity>
  <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/deploy/carnet</Arn><AssumedRoleId>ARO:carnet</AssumedRoleId></AssumedRoleUser>
  <Credentials>
    <AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>
    <SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY</SecretAccessKey>
    <SessionToken>
      AQoDYXdz//temporary&#43;==
    </SessionToken>
    <Expiration>%[2]s</Expiration>
  </Credentials>
  <PackedPolicySize>6</PackedPolicySize>
</%[1]sResult><ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata></%[1]sResponse>`, action, expiration)
	}
}

func refusalXML(status int, code, message string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>`, code, message)
	}
}

func wantTemporary(t *testing.T, got aws.Temporary, expires time.Time) {
	t.Helper()
	if got.AccessKeyID != "ASIAIOSFODNN7EXAMPLE" || got.SecretAccessKey.Reveal() != "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY" ||
		got.SessionToken.Reveal() != "AQoDYXdz//temporary+==" {
		t.Errorf("got %s %s %s", got.AccessKeyID, got.SecretAccessKey.Reveal(), got.SessionToken.Reveal())
	}
	if !got.Expires.Equal(expires) {
		t.Errorf("it expires at %s, want %s", got.Expires, expires)
	}
}

func TestAssumeRole(t *testing.T) {
	at(t, moment, func(t *testing.T) {
		s := newSTS("eu-west-1", credentialsXML("AssumeRole", "2026-03-01T11:00:00Z"))
		role := aws.Role{ARN: arn, SessionName: "nightly", ExternalID: "a+b &c", Region: "eu-west-1", Duration: 30 * time.Minute}
		got, _, err := aws.Config{Credentials: s.credentials(), Role: role}.Assume(t.Context(), s.client(t))
		if err != nil {
			t.Fatal(err)
		}
		wantTemporary(t, got, time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC))
		want := []url.Values{{"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleArn": {arn}, "RoleSessionName": {"nightly"},
			"ExternalId": {"a+b &c"}, "DurationSeconds": {"1800"}}}
		if diff := cmp.Diff(want, s.asked); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAssumeRoleWithWebIdentity(t *testing.T) {
	at(t, moment, func(t *testing.T) {
		s := newSTS("eu-west-1", credentialsXML("AssumeRoleWithWebIdentity", "2026-03-01T11:30:00.500Z"))
		role := aws.Role{ARN: arn, Region: "eu-west-1", ExternalID: "of the other action"}
		got, _, err := aws.Config{Identity: seal.NewSecret(identity), Role: role}.Assume(t.Context(), s.client(t))
		if err != nil {
			t.Fatal(err)
		}
		wantTemporary(t, got, time.Date(2026, 3, 1, 11, 30, 0, 5e8, time.UTC))
		want := []url.Values{{"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {arn},
			"RoleSessionName": {"carnet"}, "WebIdentityToken": {identity}}}
		if diff := cmp.Diff(want, s.asked); diff != "" {
			t.Error(diff)
		}
	})
}

// Which token service is asked, and for which region the request is signed.
func TestTokenServices(t *testing.T) {
	for name, test := range map[string]struct {
		role         aws.Role
		host, region string
	}{
		"a region":             {aws.Role{ARN: arn, Region: "ap-south-1"}, "sts.ap-south-1.amazonaws.com", "ap-south-1"},
		"none":                 {aws.Role{ARN: arn}, "sts.us-east-1.amazonaws.com", "us-east-1"},
		"China":                {aws.Role{ARN: "arn:aws-cn:iam::1:role/x"}, "sts.cn-north-1.amazonaws.com.cn", "cn-north-1"},
		"GovCloud":             {aws.Role{ARN: "arn:aws-us-gov:iam::1:role/x"}, "sts.us-gov-west-1.amazonaws.com", "us-gov-west-1"},
		"Europe":               {aws.Role{ARN: "arn:aws-eusc:iam::1:role/x"}, "sts.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"},
		"the global endpoint":  {aws.Role{ARN: arn, Endpoint: "https://sts.amazonaws.com"}, "sts.amazonaws.com", "us-east-1"},
		"an endpoint of a VPC": {aws.Role{ARN: arn, Endpoint: "https://vpce-1.sts.eu-west-3.vpce.amazonaws.com/"}, "vpce-1.sts.eu-west-3.vpce.amazonaws.com", "eu-west-3"},
		"one's own":            {aws.Role{ARN: arn, Endpoint: "http://sts.internal:4566", Region: "eu-west-3"}, "sts.internal:4566", "eu-west-3"},
		"one's own, anywhere":  {aws.Role{ARN: arn, Endpoint: "http://sts.internal:4566"}, "sts.internal:4566", "us-east-1"},
	} {
		t.Run(name, func(t *testing.T) {
			at(t, moment, func(t *testing.T) {
				s := newSTS(test.region, credentialsXML("AssumeRole", "2026-03-01T11:30:00Z"))
				s.host = test.host
				if _, _, err := (aws.Config{Credentials: s.credentials(), Role: test.role}).Assume(t.Context(), s.client(t)); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// The server's Expiration is by its own clock (failure mode 22).
func TestExpiry(t *testing.T) {
	for name, test := range map[string]struct {
		date, expiration string
		asked            time.Duration
		want             time.Duration
	}{
		"one clock":           {"Sun, 01 Mar 2026 10:30:00 GMT", "2026-03-01T11:30:00Z", 0, time.Hour},
		"a clock ahead":       {"Sun, 01 Mar 2026 10:33:00 GMT", "2026-03-01T11:33:00Z", 0, time.Hour},
		"a clock behind":      {"Sun, 01 Mar 2026 09:00:00 GMT", "2026-03-01T10:00:00Z", 0, time.Hour},
		"no date":             {"-", "2026-03-01T10:45:00Z", 0, 15 * time.Minute},
		"no expiration":       {"Sun, 01 Mar 2026 10:30:00 GMT", "", 20 * time.Minute, 20 * time.Minute},
		"nonsense":            {"Sun, 01 Mar 2026 10:30:00 GMT", "soon", 0, time.Hour},
		"a time that is over": {"Sun, 01 Mar 2026 10:30:00 GMT", "2026-03-01T10:30:00Z", 0, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			at(t, moment, func(t *testing.T) {
				s := newSTS("eu-west-1", func(w http.ResponseWriter) {
					w.Header().Set("Date", test.date)
					credentialsXML("AssumeRole", test.expiration)(w)
				})
				role := aws.Role{ARN: arn, Region: "eu-west-1", Duration: test.asked}
				got, _, err := aws.Config{Credentials: s.credentials(), Role: role}.Assume(t.Context(), s.client(t))
				if err != nil {
					t.Fatal(err)
				}
				wantTemporary(t, got, time.Now().Add(test.want))
			})
		})
	}
}

// failure wants an AskError without secrets.
func failure(t *testing.T, err error) *token.AskError {
	t.Helper()
	e, ok := err.(*token.AskError)
	if !ok {
		t.Fatalf("%T is no AskError: %v", err, err)
	}
	if fault.HintOf(e) == "" {
		t.Errorf("%v has no hint", e)
	}
	text := e.Error() + e.Code + fault.HintOf(e)
	for _, secret := range []string{"wJalr", sessionToken[:12], sessionToken[len(sessionToken)-12:], "ey+very", "ey%2Bvery"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the error: %s", secret, text)
		}
	}
	return e
}

func TestRefusals(t *testing.T) {
	raw := func(status int, body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	dated := func(date string, next func(http.ResponseWriter)) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Date", date)
			next(w)
		}
	}
	const late, early, near = "Sun, 01 Mar 2026 10:42:00 GMT", "Sun, 01 Mar 2026 10:18:00 GMT", "Sun, 01 Mar 2026 10:34:59 GMT"
	mismatch := refusalXML(403, "SignatureDoesNotMatch", "Signature expired: 20260301T103000Z is now earlier than 20260301T103700Z")
	for name, test := range map[string]struct {
		answer     func(http.ResponseWriter)
		web        bool
		want       token.AskError
		says, hint string
	}{
		"denied": {refusalXML(403, "AccessDenied", "User: arn:aws:iam::1:user/ada is not authorized"), false,
			token.AskError{Code: "AccessDenied", Permanent: true}, "sts.eu-west-1.amazonaws.com answered AccessDenied (User: arn:aws:iam::1:user/ada is not authorized)", "trust policy"},
		"unknown key":     {refusalXML(403, "InvalidClientTokenId", "The security token included in the request is invalid."), false, token.AskError{Code: "InvalidClientTokenId", Permanent: true}, "(The security", "access key id"},
		"wrong secret":    {dated(near, mismatch), false, token.AskError{Code: "SignatureDoesNotMatch", Permanent: true}, "SignatureDoesNotMatch", "secret access key"},
		"a slow clock":    {dated(late, mismatch), false, token.AskError{Reason: "clock", Code: "SignatureDoesNotMatch"}, "this machine's clock is 12m0s slow", "clock"},
		"a fast clock":    {dated(early, mismatch), false, token.AskError{Reason: "clock", Code: "SignatureDoesNotMatch"}, "this machine's clock is 12m0s fast", "clock"},
		"request expired": {refusalXML(400, "RequestExpired", "Request has expired."), false, token.AskError{Reason: "clock", Code: "RequestExpired"}, "RequestExpired (Request has expired.)", "clock"},
		"expired session": {refusalXML(403, "ExpiredToken", "The security token included in the request is expired"), false, token.AskError{Code: "ExpiredToken", Permanent: true}, "ExpiredToken", "session token"},
		"expired identity": {refusalXML(400, "ExpiredTokenException", "Token expired"), true, token.AskError{Code: "ExpiredTokenException"}, "ExpiredTokenException",
			"OpenID provider"},
		"unverified identity": {refusalXML(400, "InvalidIdentityToken", "Couldn't retrieve verification key"), true, token.AskError{Code: "InvalidIdentityToken"}, "Couldn't retrieve", "OpenID"},
		"rejected identity":   {refusalXML(403, "IDPRejectedClaim", "no"), true, token.AskError{Code: "IDPRejectedClaim", Permanent: true}, "IDPRejectedClaim (no)", "OpenID"},
		"throttled":           {refusalXML(400, "Throttling", "Rate exceeded"), false, token.AskError{Reason: "too_many_requests", Code: "Throttling"}, "Throttling (Rate exceeded)", "later"},
		"too many": {func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "9")
			raw(429, "")(w)
		}, false, token.AskError{Reason: "too_many_requests", RetryAfter: 9 * time.Second}, "429 Too Many Requests", "later"},
		"down": {func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "Sun, 01 Mar 2026 10:31:00 GMT")
			refusalXML(503, "ServiceUnavailable", "down")(w)
		}, false, token.AskError{Reason: "service_down", Code: "ServiceUnavailable", InDoubt: true, RetryAfter: time.Minute}, "ServiceUnavailable (down)", "later"},
		"down, as a page":   {raw(502, "<html>Bad Gateway"), false, token.AskError{Reason: "service_down", InDoubt: true}, "502 Bad Gateway", "later"},
		"another code":      {refusalXML(400, "ValidationError", "1 validation error"), false, token.AskError{Code: "ValidationError", Permanent: true}, "ValidationError", "duration"},
		"an unknown code":   {refusalXML(400, "Odd", ""), false, token.AskError{Code: "Odd", Permanent: true}, "answered Odd", "documentation"},
		"a code with 200":   {refusalXML(200, "Odd", "x"), false, token.AskError{Code: "Odd", Permanent: true}, "Odd (x)", "documentation"},
		"the region is off": {refusalXML(403, "RegionDisabledException", "x"), false, token.AskError{Code: "RegionDisabledException", Permanent: true}, "Region", "activate"},
		"not there":         {raw(404, "<html>"), false, token.AskError{Permanent: true}, "404 Not Found", "endpoint"},
		"slow":              {raw(408, ""), false, token.AskError{}, "408 Request Timeout", "documentation"},
		"a page":            {raw(200, "<html>welcome"), false, token.AskError{Reason: "no_token", InDoubt: true}, "200 OK, but no credentials", "endpoint"},
		"JSON":              {raw(200, `{"AssumeRoleResponse":{}}`), false, token.AskError{Reason: "no_token", InDoubt: true}, "200 OK, but no credentials", "endpoint"},
		"nothing":           {raw(200, ""), false, token.AskError{Reason: "no_token", InDoubt: true}, "200 OK, but no credentials", "endpoint"},
		"half an answer":    {raw(200, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId>"), false, token.AskError{Reason: "no_token", InDoubt: true}, "no credentials", "endpoint"},
		"no session token":  {raw(200, "<R><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>b</SecretAccessKey></Credentials></AssumeRoleResult></R>"), false, token.AskError{Reason: "no_token", InDoubt: true}, "no credentials", "endpoint"},
		"a broken key":      {raw(200, "<R><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>b\nc</SecretAccessKey><SessionToken>d</SessionToken></Credentials></AssumeRoleResult></R>"), false, token.AskError{Reason: "no_token", InDoubt: true}, "no credentials", "endpoint"},
		"endless": {func(w http.ResponseWriter) {
			io.WriteString(w, strings.Repeat(" ", 1<<20))
			credentialsXML("AssumeRole", "2026-03-01T11:30:00Z")(w)
		}, false, token.AskError{Reason: "no_token", InDoubt: true}, "no credentials", "endpoint"},
		"control characters": {refusalXML(400, "Odd", "a&#9;b\nc\u202ed"), false, token.AskError{Code: "Odd", Permanent: true}, "(a b c d)", "documentation"},
		"a book":             {refusalXML(400, "Odd", strings.Repeat("x", 201)), false, token.AskError{Code: "Odd", Permanent: true}, "(" + strings.Repeat("x", 200) + "...)", "documentation"},
		"the secrets come back": {refusalXML(400, "Odd", sessionToken+" "+suiteSecret+" "+url.QueryEscape(sessionToken)), false,
			token.AskError{Code: "Odd", Permanent: true}, "(******** ******** ********)", "documentation"},
		"the identity comes back": {refusalXML(400, "Odd", identity+" "+url.QueryEscape(identity)), true, token.AskError{Code: "Odd", Permanent: true}, "(******** ********)", "documentation"},
	} {
		t.Run(name, func(t *testing.T) {
			at(t, moment, func(t *testing.T) {
				s := newSTS("eu-west-1", test.answer)
				role := aws.Role{ARN: arn, Region: "eu-west-1"}
				var err error
				if test.web {
					_, _, err = aws.Config{Identity: seal.NewSecret(identity), Role: role}.Assume(t.Context(), s.client(t))
				} else {
					_, _, err = aws.Config{Credentials: s.credentials(), Role: role}.Assume(t.Context(), s.client(t))
				}
				got := failure(t, err)
				hint := fault.HintOf(got)
				if !fault.Is(got, fault.Upstream) || !strings.Contains(got.Error(), test.says) || !strings.Contains(hint, test.hint) {
					t.Errorf("%v (%s), want %q and a hint with %q", got, hint, test.says, test.hint)
				}
				if got.Code != test.want.Code || got.Permanent != test.want.Permanent || got.InDoubt != test.want.InDoubt ||
					got.RetryAfter != test.want.RetryAfter || got.Reason != test.want.Reason || got.Rejected || got.Postponed {
					t.Errorf("got %+v, want %+v", got, test.want)
				}
				if len(s.asked) != 1 {
					t.Errorf("asked %d times", len(s.asked))
				}
			})
		})
	}
}

// What the server says of the signature itself is masked too.
func TestQuotedSignatureIsMasked(t *testing.T) {
	at(t, moment, func(t *testing.T) {
		w := &wire{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
			refusalXML(403, "SignatureDoesNotMatch", "you sent "+signature)(w)
		})}
		_, _, err := aws.Config{Credentials: suiteKey(), Role: aws.Role{ARN: arn}}.Assume(t.Context(), &http.Client{Transport: w})
		if got := failure(t, err); !strings.Contains(got.Error(), "(you sent ********)") {
			t.Error(got)
		}
	})
}

// Failure mode 10: another host never hears of it, even with a client that follows redirects.
func TestRedirectIsNotFollowed(t *testing.T) {
	second := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	t.Cleanup(second.Close)
	first := httptest.NewServer(http.RedirectHandler(second.URL, http.StatusTemporaryRedirect))
	t.Cleanup(first.Close)
	_, _, err := aws.Config{Credentials: suiteKey(), Role: aws.Role{ARN: arn, Endpoint: first.URL}}.Assume(t.Context(), &http.Client{})
	if got := failure(t, err); !got.Permanent || got.InDoubt || !strings.Contains(got.Error(), "a redirect") {
		t.Errorf("%+v", got)
	}
}

func TestNoAnswer(t *testing.T) {
	abort := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(abort.Close)
	_, _, err := aws.Config{Credentials: suiteKey(), Role: aws.Role{ARN: arn, Endpoint: abort.URL}}.Assume(t.Context(), &http.Client{})
	if got := failure(t, err); !got.InDoubt || got.Permanent || !fault.Is(got, fault.Unavailable) {
		t.Errorf("cut off: %+v", got)
	}
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "<AssumeRole")
	}))
	t.Cleanup(cut.Close)
	_, _, err = aws.Config{Credentials: suiteKey(), Role: aws.Role{ARN: arn, Endpoint: cut.URL}}.Assume(t.Context(), &http.Client{})
	if got := failure(t, err); !got.InDoubt || got.Permanent || !fault.Is(got, fault.Unavailable) {
		t.Errorf("half an answer: %+v", got)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	_, _, err = aws.Config{Credentials: suiteKey(), Role: aws.Role{ARN: arn, Endpoint: gone.URL}}.Assume(t.Context(), &http.Client{})
	if got := failure(t, err); got.InDoubt || got.Permanent || !fault.Is(got, fault.Unavailable) {
		t.Errorf("nobody there: %+v", got)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	_, _, err = aws.Config{Credentials: suiteKey(), Role: aws.Role{ARN: arn, Endpoint: gone.URL}}.Assume(stopped, &http.Client{})
	if got := failureWithoutHint(t, err); got.InDoubt || got.Permanent || !errors.Is(got, context.Canceled) {
		t.Errorf("interrupted: %+v", got)
	}
}

func failureWithoutHint(t *testing.T, err error) *token.AskError {
	t.Helper()
	e, ok := err.(*token.AskError)
	if !ok {
		t.Fatalf("%T is no AskError: %v", err, err)
	}
	return e
}

func TestRolesThatCannotBeAsked(t *testing.T) {
	asked := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("somebody was asked") })
	nobody := &http.Client{Transport: &wire{handler: asked}}
	broken := suiteKey()
	broken.SecretAccessKey = seal.NewSecret("wJalr\n")
	for name, test := range map[string]struct {
		credentials aws.Credentials
		role        aws.Role
		says        string
	}{
		"no ARN":          {suiteKey(), aws.Role{}, "ARN"},
		"a role's name":   {suiteKey(), aws.Role{ARN: "deploy"}, "ARN"},
		"a host's region": {suiteKey(), aws.Role{ARN: arn, Region: "evil.example/"}, `"evil.example/" is no region`},
		"no URL":          {suiteKey(), aws.Role{ARN: arn, Endpoint: "sts.internal"}, "http"},
		"another scheme":  {suiteKey(), aws.Role{ARN: arn, Endpoint: "ftp://sts.internal"}, "http"},
		"half a URL":      {suiteKey(), aws.Role{ARN: arn, Endpoint: "https://%zz"}, "http"},
		"a broken key":    {broken, aws.Role{ARN: arn}, "line break"},
		"no key":          {aws.Credentials{}, aws.Role{ARN: arn}, "access key"},
	} {
		_, _, err := aws.Config{Credentials: test.credentials, Role: test.role}.Assume(t.Context(), nobody)
		if got := failure(t, err); !got.Permanent || !fault.Is(got, fault.Invalid) || !strings.Contains(got.Error(), test.says) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
