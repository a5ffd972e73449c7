package aws_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/internal/aws"
	"carnet.dev/carnet/internal/seal"
)

// at runs a test at a moment.
func at(t *testing.T, moment string, test func(*testing.T)) {
	t.Helper()
	when, err := time.Parse("20060102T150405Z", moment)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(when))
		test(t)
	})
}

// The suite's secret key, and the session token of its vector post-sts-header-before.
const (
	suiteSecret  = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	sessionToken = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUu" +
		"wthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQc" +
		"HNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/o" +
		"LxBA=="
)

func suiteKey() aws.Credentials {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: seal.NewSecret(suiteSecret)}
}

// The test suite that AWS published for Signature Version 4. Its paths are not encoded yet.
func TestSuite(t *testing.T) {
	const (
		host       = "example.amazonaws.com"
		vanilla    = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
		post       = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
		unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		form       = "application/x-www-form-urlencoded"
	)
	type headers = http.Header
	for name, test := range map[string]struct {
		method, path, query string
		header              headers
		body, token         string
		signed, signature   string
	}{
		"get-vanilla":                            {"GET", "/", "", nil, "", "", "", vanilla},
		"get-vanilla-query":                      {"GET", "/", "", nil, "", "", "", vanilla},
		"get-vanilla-empty-query-key":            {"GET", "/", "Param1=value1", nil, "", "", "", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
		"get-vanilla-query-order-key":            {"GET", "/", "Param1=value2&Param1=Value1", nil, "", "", "", "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"},
		"get-vanilla-query-order-key-case":       {"GET", "/", "Param2=value2&Param1=value1", nil, "", "", "", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		"get-vanilla-query-order-value":          {"GET", "/", "Param1=value2&Param1=value1", nil, "", "", "", "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
		"get-vanilla-query-unreserved":           {"GET", "/", unreserved + "=" + unreserved, nil, "", "", "", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
		"get-vanilla-utf8-query":                 {"GET", "/", "ሴ=bar", nil, "", "", "", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
		"get-utf8":                               {"GET", "/ሴ", "", nil, "", "", "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
		"get-unreserved":                         {"GET", "/" + unreserved, "", nil, "", "", "", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
		"normalize-path/get-space":               {"GET", "/example space/", "", nil, "", "", "", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
		"normalize-path/get-relative":            {"GET", "/example/..", "", nil, "", "", "", vanilla},
		"normalize-path/get-relative-relative":   {"GET", "/example1/example2/../..", "", nil, "", "", "", vanilla},
		"normalize-path/get-slash":               {"GET", "//", "", nil, "", "", "", vanilla},
		"normalize-path/get-slash-dot-slash":     {"GET", "/./", "", nil, "", "", "", vanilla},
		"normalize-path/get-slash-pointless-dot": {"GET", "/./example", "", nil, "", "", "", "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
		"normalize-path/get-slashes":             {"GET", "//example//", "", nil, "", "", "", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
		"get-header-key-duplicate":               {"GET", "/", "", headers{"My-Header1": {"value2", "value2", "value1"}}, "", "", "host;my-header1", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
		"get-header-value-order":                 {"GET", "/", "", headers{"My-Header1": {"value4", "value1", "value3", "value2"}}, "", "", "host;my-header1", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
		"get-header-value-trim":                  {"GET", "/", "", headers{"My-Header1": {" value1"}, "My-Header2": {` "a   b   c"`}}, "", "", "host;my-header1;my-header2", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
		"post-vanilla":                           {"POST", "/", "", nil, "", "", "", post},
		"post-vanilla-query":                     {"POST", "/", "Param1=value1", nil, "", "", "", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
		"post-header-key-sort":                   {"POST", "/", "", headers{"My-Header1": {"value1"}}, "", "", "host;my-header1", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
		"post-header-value-case":                 {"POST", "/", "", headers{"My-Header1": {"VALUE1"}}, "", "", "host;my-header1", "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
		"post-sts-header-before":                 {"POST", "/", "", nil, "", sessionToken, "host;x-amz-date;x-amz-security-token", "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
		"post-x-www-form-urlencoded":             {"POST", "/", "", headers{"Content-Type": {form}}, "Param1=value1", "", "content-type;host", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
		"post-x-www-form-urlencoded-parameters": {"POST", "/", "", headers{"Content-Type": {form + "; charset=utf8"}}, "Param1=value1", "", "content-type;host",
			"1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"},
	} {
		t.Run(name, func(t *testing.T) {
			at(t, "20150830T123600Z", func(t *testing.T) {
				u := &url.URL{Scheme: "https", Host: host, Opaque: "//" + host + test.path, RawQuery: test.query}
				r := &http.Request{Method: test.method, URL: u, Header: test.header.Clone()}
				if r.Header == nil {
					r.Header = http.Header{}
				}
				if test.body != "" {
					r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(test.body)), nil }
					r.Body, _ = r.GetBody()
				}
				c := suiteKey()
				c.SessionToken = seal.NewSecret(test.token)
				if err := aws.Signature(c, "service", "us-east-1").Apply(r, seal.Secret.Reveal); err != nil {
					t.Fatal(err)
				}
				signed := test.signed
				if signed == "" {
					signed = "host"
				}
				if !strings.Contains(signed, "x-amz-date") {
					signed += ";x-amz-date"
				}
				want := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" + signed +
					", Signature=" + test.signature
				if got := r.Header.Get("Authorization"); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			})
		})
	}
}

// The examples in S3's documentation of signatures in a header, and IAM's in the general one.
func TestDocumentedExamples(t *testing.T) {
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	s3 := aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: seal.NewSecret(secret)}
	const bucket = "https://examplebucket.s3.amazonaws.com/"
	for name, test := range map[string]struct {
		credentials       aws.Credentials
		moment            string
		method, url, body string
		header            map[string]string
		signature         string
	}{
		"GET object": {s3, "20130524T000000Z", "GET", bucket + "test.txt", "", map[string]string{"Range": "bytes=0-9"},
			"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
		"PUT object": {s3, "20130524T000000Z", "PUT", bucket + "test$file.text", "Welcome to Amazon S3.",
			map[string]string{"Date": "Fri, 24 May 2013 00:00:00 GMT", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY"},
			"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
		"GET bucket lifecycle": {s3, "20130524T000000Z", "GET", bucket + "?lifecycle", "", nil,
			"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
		"list objects": {s3, "20130524T000000Z", "GET", bucket + "?prefix=J&max-keys=2", "", nil,
			"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
		"IAM ListUsers": {suiteKey(), "20150830T123600Z", "GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", "",
			map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
			"5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
	} {
		t.Run(name, func(t *testing.T) {
			at(t, test.moment, func(t *testing.T) {
				r, err := http.NewRequest(test.method, test.url, strings.NewReader(test.body))
				if err != nil {
					t.Fatal(err)
				}
				for name, value := range test.header {
					r.Header.Set(name, value)
				}
				if err := aws.Signature(test.credentials, "", "").Apply(r, seal.Secret.Reveal); err != nil { // by the host's name
					t.Fatal(err)
				}
				if got := r.Header.Get("Authorization"); !strings.HasSuffix(got, ", Signature="+test.signature) {
					t.Errorf("got %s", got)
				}
			})
		})
	}
}
