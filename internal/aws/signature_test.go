package aws_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/aws"
	"carnet.dev/carnet/internal/call"
	"carnet.dev/carnet/internal/credential"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/seal"
)

const moment = "20260301T103000Z"

// gateway is an API of API Gateway's, bucket one of S3.
func gateway() service {
	return service{name: "execute-api", region: "eu-west-1", id: "AKIDEXAMPLE", secret: suiteSecret,
		host: "abc123.execute-api.eu-west-1.amazonaws.com"}
}

func bucket() service {
	return service{name: "s3", region: "eu-central-1", id: "AKIDEXAMPLE", secret: suiteSecret, single: true,
		wantsHash: true, streams: true, host: "photos.s3.eu-central-1.amazonaws.com"}
}

// credentials are those that a service knows.
func (s service) credentials() aws.Credentials {
	return aws.Credentials{AccessKeyID: s.id, SecretAccessKey: seal.NewSecret(s.secret), SessionToken: seal.NewSecret(s.token)}
}

// judge signs a request, changes it on the way, and returns what the service has against it.
func (s service) judge(t *testing.T, r *http.Request, signer *aws.Signer, change func(*http.Request)) string {
	t.Helper()
	if err := signer.Apply(r, seal.Secret.Reveal); err != nil {
		t.Fatal(err)
	}
	verdict := ""
	judge := http.HandlerFunc(func(_ http.ResponseWriter, got *http.Request) { verdict = s.refusal(got) })
	w := &wire{change: change, handler: judge}
	if _, err := w.RoundTrip(r); err != nil {
		t.Fatal(err)
	}
	return verdict
}

func request(t *testing.T, method, at, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, at, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What a caller may put into a request is signed as the service reads it.
func TestRequestsAreTakenAsTheyAre(t *testing.T) {
	temporary, odd := gateway(), gateway()
	temporary.token = sessionToken
	odd.name, odd.region, odd.host = "thing", "xx-south-9", "thing.example.com:8443"
	serverless := gateway()
	serverless.name, serverless.host, serverless.wantsHash = "aoss", "abc.eu-west-1.aoss.amazonaws.com", true
	for name, test := range map[string]struct {
		service          service
		method, at, body string
		header           http.Header
		sent             string // what the request line has to hold; empty: whatever
	}{
		"a plain one":          {gateway(), "GET", "/prod/pets", "", nil, "GET /prod/pets HTTP"},
		"no path":              {gateway(), "GET", "", "", nil, ""},
		"a body":               {gateway(), "POST", "/prod/pets", `{"name":"Rex"}`, http.Header{"Content-Type": {"application/json"}}, ""},
		"a session":            {temporary, "DELETE", "/prod/pets/7", "", nil, ""},
		"another host":         {odd, "GET", "/a", "", nil, ""},
		"escapes in the path":  {gateway(), "GET", "/prod/a%20b/c%2Fd/%C3%A9:+@!$'()*,;=", "", nil, "/prod/a%20b/c%2Fd/%C3%A9:+@!$'()*,;= "},
		"too many slashes":     {gateway(), "GET", "/prod//pets//", "", nil, "/prod//pets// "},
		"dots":                 {gateway(), "GET", "/prod/x/../pets/./7", "", nil, "/prod/x/../pets/./7 "},
		"an order that counts": {gateway(), "GET", "/p?b=2&a=3&a=1&b=1&A=0", "", nil, "?b=2&a=3&a=1&b=1&A=0 "},
		"an odd query":         {gateway(), "GET", "/p?q=a+b;c&r=%zz&s=%7e~%e9&&t&=u&v=a=b/c?d", "", nil, "?q=a%20b%3Bc&r=%25zz&s=~~%E9&t=&=u&v=a%3Db%2Fc%3Fd "},
		"values that sort":     {gateway(), "GET", "/p?k=a%2Fb&k=a-b&k=a&k-a=1", "", nil, "?k=a%2Fb&k=a-b&k=a&k-a=1 "},
		"headers":              {gateway(), "GET", "/", "", http.Header{"X-Thing": {"  a   b ", "c"}, "Accept": {"text/plain"}, "X-Empty": {""}, "X-None": {}}, ""},
		"headers that change": {gateway(), "GET", "/", "", http.Header{"Cookie": {"a=1"}, "Accept-Encoding": {"br"}, "Host": {"evil.example"},
			"Connection": {"close"}, "User-Agent": {"x"}, "Content-Length": {"7"}}, ""},
		"a bucket":            {bucket(), "GET", "", "", nil, ""},
		"a subresource":       {bucket(), "GET", "/?acl&versionId=a/b", "", nil, "/?acl=&versionId=a%2Fb "},
		"a key":               {bucket(), "PUT", "/2026/a%20b+c:(1)*'%C3%A9%2F%25~.jpg", "data", nil, "/2026/a%20b%2Bc%3A%281%29%2A%27%C3%A9%2F%25~.jpg "},
		"a key with slashes":  {bucket(), "GET", "/a//b/./c/", "", nil, "/a//b/./c/ "},
		"OpenSearch's header": {serverless, "POST", "/i/_search", "{}", http.Header{"Content-Type": {"application/json"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			at(t, moment, func(t *testing.T) {
				s := test.service
				r := request(t, test.method, "https://"+s.host+test.at, test.body)
				if test.header != nil {
					r.Header = test.header.Clone()
				}
				sent := ""
				verdict := s.judge(t, r, aws.Signature(s.credentials(), s.name, s.region), func(r *http.Request) {
					var line strings.Builder
					r.Clone(r.Context()).Write(&line)
					sent, _, _ = strings.Cut(line.String(), "\r\n")
					r.Body, _ = r.GetBody()
				})
				if verdict != "" {
					t.Error(verdict)
				}
				if !strings.Contains(sent, test.sent) {
					t.Errorf("sent %s, want %s", sent, test.sent)
				}
			})
		})
	}
}

// The default port is no part of the host, whatever it looks like.
func TestHosts(t *testing.T) {
	for at1, want := range map[string]string{
		"https://a.example:443/": "a.example", "https://a.example:80/": "a.example:80", "http://a.example:80/": "a.example",
		"https://[::1]:443/": "[::1]", "https://[::1]:8443/": "[::1]:8443", "https://[::1]/": "[::1]", "https://A.Example/": "A.Example",
	} {
		at(t, moment, func(t *testing.T) {
			s := gateway()
			s.host = want
			if verdict := s.judge(t, request(t, "GET", at1, ""), aws.Signature(s.credentials(), s.name, s.region), nil); verdict != "" {
				t.Errorf("%s: %s", at1, verdict)
			}
		})
	}
}

// Whatever is off by one thing is refused, so what passes above is right in all of them.
func TestAnyOneThingOff(t *testing.T) {
	good := gateway()
	good.token = sessionToken
	make := func(t *testing.T) *http.Request {
		r := request(t, "POST", "https://"+good.host+"/prod/pets/a%20b?x=1&y=2", `{"name":"Rex"}`)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Amz-Target", "Pets.Create")
		r.Header.Set("X-Thing", "a")
		return r
	}
	body := func(text string) func(*http.Request) {
		return func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		}
	}
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, change := range map[string]func(*http.Request){
		"":             nil,
		"method":       func(r *http.Request) { r.Method = "PUT" },
		"path":         func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/prod/pets/a c", "" },
		"decoded path": func(r *http.Request) { r.URL.Opaque = "//" + good.host + "/prod/pets/a+b" },
		"query value":  func(r *http.Request) { r.URL.RawQuery = "x=1&y=3" },
		"query name":   func(r *http.Request) { r.URL.RawQuery = "x=1&z=2" },
		"more query":   func(r *http.Request) { r.URL.RawQuery += "&z=3" },
		"less query":   func(r *http.Request) { r.URL.RawQuery = "x=1" },
		"body":         body(`{"name":"Max"}`),
		"no body":      body(""),
		"host":         func(r *http.Request) { r.Host = "abc124.execute-api.eu-west-1.amazonaws.com" },
		"content type": set("Content-Type", "text/json"),
		"target":       set("X-Amz-Target", "Pets.Delete"),
		"other header": set("X-Thing", "b"),
		"more headers": set("X-Amz-Meta", "b"),
		"less headers": func(r *http.Request) { r.Header.Del("X-Thing") },
		"token":        set("X-Amz-Security-Token", sessionToken[1:]),
		"no token":     func(r *http.Request) { r.Header.Del("X-Amz-Security-Token") },
		"date":         set("X-Amz-Date", "20260301T103001Z"),
		"too late":     func(*http.Request) { time.Sleep(5*time.Minute + time.Second) },
	} {
		at(t, moment, func(t *testing.T) {
			verdict := good.judge(t, make(t), aws.Signature(good.credentials(), good.name, good.region), change)
			if (verdict == "") != (name == "") {
				t.Errorf("%q off: %q", name, verdict)
			}
		})
	}
	for name, change := range map[string]func(*service){
		"secret":  func(s *service) { s.secret += "x" },
		"key id":  func(s *service) { s.id += "X" },
		"region":  func(s *service) { s.region = "eu-west-2" },
		"service": func(s *service) { s.name = "lambda" },
	} {
		at(t, moment, func(t *testing.T) {
			other := good
			change(&other)
			if good.judge(t, make(t), aws.Signature(other.credentials(), other.name, other.region), nil) == "" {
				t.Errorf("another %s is taken", name)
			}
		})
	}
}

// A secret that was corrected under the same key id counts at once, and a signature the day after has the day's key.
func TestSignerFollowsKeyAndDay(t *testing.T) {
	at(t, moment, func(t *testing.T) {
		s := gateway()
		signer := aws.Signature(s.credentials(), "", "")
		for range 3 {
			if verdict := s.judge(t, request(t, "GET", "https://"+s.host+"/", ""), signer, nil); verdict != "" {
				t.Error(verdict)
			}
			time.Sleep(13 * time.Hour)
		}
		s.secret = "corrected"
		signer = aws.Signature(s.credentials(), "", "")
		if verdict := s.judge(t, request(t, "GET", "https://"+s.host+"/", ""), signer, nil); verdict != "" {
			t.Error(verdict)
		}
	})
}

// once is a body that can be read only once.
func once(r *http.Request) *http.Request {
	r.GetBody = nil
	return r
}

func TestBodies(t *testing.T) {
	at(t, moment, func(t *testing.T) {
		s3, api := bucket(), gateway()
		read := func(r *http.Request) string {
			left, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(left)
		}
		put := func(base string) *http.Request { return request(t, "PUT", base+"/k", "data") }
		for _, r := range []*http.Request{put("https://" + s3.host), once(put("https://" + s3.host))} {
			if err := aws.Signature(s3.credentials(), "", "").Apply(r, seal.Secret.Reveal); err != nil {
				t.Fatal(err)
			}
			if left := read(r); left != "data" {
				t.Errorf("of the body %q is left", left)
			}
		}
		streamed := once(put("https://" + s3.host))
		if verdict := s3.judge(t, streamed, aws.Signature(s3.credentials(), "", ""), nil); verdict != "" {
			t.Error(verdict)
		}
		if got := streamed.Header.Get("X-Amz-Content-Sha256"); got != "UNSIGNED-PAYLOAD" {
			t.Errorf("a stream is signed as %s", got)
		}
		for name, r := range map[string]*http.Request{
			"no TLS": once(put("http://" + s3.host)), "another service": once(put("https://" + api.host)),
		} {
			if err := aws.Signature(api.credentials(), "", "").Apply(r, seal.Secret.Reveal); !fault.Is(err, fault.Invalid) {
				t.Errorf("a stream, %s: %v", name, err)
			}
		}
		broken := put("https://" + api.host)
		broken.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("gone") }
		if err := aws.Signature(api.credentials(), "", "").Apply(broken, seal.Secret.Reveal); !fault.Is(err, fault.Internal) {
			t.Errorf("a body that is gone: %v", err)
		}
	})
}

func TestShownSignatureIsMasked(t *testing.T) {
	s := gateway()
	s.token = sessionToken
	r := request(t, "GET", "https://"+s.host+"/", "")
	if err := aws.Signature(s.credentials(), "", "").Apply(r, seal.Secret.String); err != nil {
		t.Fatal(err)
	}
	got := r.Header.Get("Authorization")
	if !strings.Contains(got, "Credential=AKIDEXAMPLE/") || !strings.HasSuffix(got, ", Signature="+seal.Mask) {
		t.Errorf("shows %s", got)
	}
	if got := r.Header.Get("X-Amz-Security-Token"); got != seal.Mask {
		t.Errorf("shows the session token %s", got)
	}
}

func TestWhatCannotSign(t *testing.T) {
	good, secret := gateway(), seal.NewSecret("hunter2")
	for name, test := range map[string]struct {
		credentials aws.Credentials
		host        string
		says        string
	}{
		"no key":            {aws.Credentials{SecretAccessKey: secret}, good.host, "not filled in"},
		"no secret":         {aws.Credentials{AccessKeyID: "AKID"}, good.host, "not filled in"},
		"a line break":      {aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: seal.NewSecret("hunter2\n")}, good.host, "line break"},
		"a broken token":    {aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: secret, SessionToken: seal.NewSecret("hun ter2")}, good.host, "line break"},
		"a host of its own": {aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: secret}, "api.example.com", "api.example.com does not tell"},
	} {
		err := aws.Signature(test.credentials, "", "").Apply(request(t, "GET", "https://"+test.host+"/", ""), seal.Secret.Reveal)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), test.says) || fault.HintOf(err) == "" {
			t.Errorf("%s: %v (%s)", name, err, fault.HintOf(err))
		}
		if err != nil && strings.Contains(err.Error(), "hun") {
			t.Errorf("%s: the secret is in %v", name, err)
		}
	}
}

// In a call, an API key beside the signature is signed with it, whichever comes first.
func TestCallWithASignature(t *testing.T) {
	at(t, moment, func(t *testing.T) {
		s := gateway()
		refused := 0
		w := &wire{handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if verdict := s.refusal(r); verdict != "" || r.URL.Query().Get("key") != "k" || r.Header.Get("X-Api-Key") != "k" {
				refused++
				t.Error(verdict, r.URL)
			}
			if r.URL.Path == "/prod/pets" {
				http.Redirect(rw, r, "/prod/cats?"+r.URL.RawQuery, http.StatusFound)
			}
		})}
		base := &url.URL{Scheme: "https", Host: s.host, Path: "/prod"}
		op := &model.Operation{Summary: model.Summary{ID: "op", Method: "GET", Path: "/pets?b=2&a=1"}}
		r, err := call.Build(op, base, call.Arguments{})
		if err != nil {
			t.Fatal(err)
		}
		all := []credential.Credential{aws.Signature(s.credentials(), "", "")}
		for _, in := range []string{"header", "query"} {
			c, err := credential.APIKey(in, map[string]string{"header": "x-api-key", "query": "key"}[in], seal.NewSecret("k"))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		client := &http.Client{Transport: w, CheckRedirect: stay}
		answer, err := r.Send(t.Context(), client, all)
		if err != nil || answer.Status != http.StatusOK || !strings.HasPrefix(w.written, "GET /prod/cats?") {
			t.Fatalf("%v %v, sent %s", answer, err, w.written)
		}
		shown, err := r.Show(all)
		masked := strings.HasSuffix(shown.Header.Get("Authorization"), ", Signature="+seal.Mask) && !strings.Contains(shown.URL, "key=k")
		if err != nil || !masked {
			t.Errorf("%v %v", shown, err)
		}
	})
}
