package credential_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/credential"
	"carnet.dev/carnet/internal/seal"
)

// digest is a digest credential whose cnonce is known; "" draws one.
func digest(t *testing.T, username, password, cnonce string) credential.Challenger {
	t.Helper()
	draw := rand.Text
	if cnonce != "" {
		draw = func() string { return cnonce }
	}
	c, err := credential.Digest(credential.NewChallenges(draw), username, seal.NewSecret(password))
	if err != nil {
		t.Fatal(err)
	}
	return c.(credential.Challenger)
}

// apply puts a credential on a request, and returns the Authorization header.
func apply(t *testing.T, c credential.Credential, r *http.Request) string {
	t.Helper()
	if err := c.Apply(r, seal.Secret.Reveal); err != nil {
		t.Fatal(err)
	}
	return r.Header.Get("Authorization")
}

// refusal is the answer 401 with these challenges.
func refusal(r *http.Request, challenges ...string) *http.Response {
	return &http.Response{StatusCode: http.StatusUnauthorized, Request: r, Header: http.Header{"Www-Authenticate": challenges}}
}

func accepted(r *http.Request, header http.Header) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Request: r, Header: header}
}

// answer is what a fresh credential sends after these challenges; "" if it has no answer.
func answer(t *testing.T, c credential.Challenger, request func() *http.Request, challenges ...string) string {
	t.Helper()
	first := request()
	if sent := apply(t, c, first); sent != "" {
		t.Fatalf("before any challenge it sends %q", sent)
	}
	next, ok := c.Challenged(refusal(first, challenges...))
	if !ok {
		return ""
	}
	return apply(t, next, request())
}

func get(url string) func() *http.Request {
	return func() *http.Request { return httptest.NewRequest(http.MethodGet, url, nil) }
}

// parameters reads an Authorization header whose values hold neither commas nor escapes.
func parameters(t *testing.T, header string) map[string]string {
	t.Helper()
	rest, ok := strings.CutPrefix(header, "Digest ")
	if !ok {
		t.Fatalf("%q is no digest", header)
	}
	all := map[string]string{}
	for pair := range strings.SplitSeq(rest, ", ") {
		name, value, _ := strings.Cut(pair, "=")
		if _, twice := all[name]; twice {
			t.Errorf("%s is there twice", name)
		}
		all[name] = value
	}
	return all
}

// The examples of RFC 7616 3.9.1 and 3.9.2 (corrected by erratum 4897), and of RFC 2617 3.5; RFC 2069 2.4 (corrected by erratum
// 749) is the one without qop.
func TestDigestExamples(t *testing.T) {
	const (
		index   = "http://www.example.org/dir/index.html"
		example = `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=%ALG%, ` +
			`nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
		utf8 = `Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, charset=UTF-8, userhash=%HASH%, ` +
			`nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS"`
		old = `Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`
	)
	common := func(algorithm, response string) map[string]string {
		return map[string]string{
			"username": `"Mufasa"`, "realm": `"http-auth@example.org"`, "uri": `"/dir/index.html"`, "algorithm": algorithm,
			"nonce": `"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"`, "nc": "00000001", "qop": "auth", "response": response,
			"cnonce": `"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"`, "opaque": `"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
		}
	}
	named := map[string]string{
		"username*": `UTF-8''J%C3%A4s%C3%B8n%20Doe`, "realm": `"api@example.org"`, "uri": `"/doe.json"`, "algorithm": "SHA-512-256",
		"nonce": `"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK"`, "nc": "00000001", "qop": "auth",
		"cnonce": `"NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"`, "opaque": `"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS"`,
		"response": `"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"`,
	}
	hashed := maps.Clone(named)
	delete(hashed, "username*")
	hashed["username"], hashed["userhash"] = `"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"`, "true"
	const fresh, doe = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"
	for name, test := range map[string]struct {
		username, password, cnonce, url, challenge string
		want                                       map[string]string
	}{
		"MD5": {"Mufasa", "Circle of Life", fresh, index, strings.ReplaceAll(example, "%ALG%", "MD5"),
			common("MD5", `"8ca523f5e9506fed4657c9700eebdbec"`)},
		"SHA-256": {"Mufasa", "Circle of Life", fresh, index, strings.ReplaceAll(example, "%ALG%", "SHA-256"),
			common("SHA-256", `"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"`)},
		"user hash":  {"Jäsøn Doe", "Secret, or not?", doe, "http://api.example.org/doe.json", strings.ReplaceAll(utf8, "%HASH%", "true"), hashed},
		"UTF-8 user": {"Jäsøn Doe", "Secret, or not?", doe, "http://api.example.org/doe.json", strings.ReplaceAll(utf8, "%HASH%", "false"), named},
		"RFC 2617": {"Mufasa", "Circle Of Life", "0a4f113b", index, old + `, qop="auth,auth-int"`, map[string]string{
			"username": `"Mufasa"`, "realm": `"testrealm@host.com"`, "nonce": `"dcd98b7102dd2f0e8b11d0f600bfb0c093"`,
			"uri": `"/dir/index.html"`,
			"qop": "auth", "nc": "00000001", "cnonce": `"0a4f113b"`, "response": `"6629fae49393a05397450978507c4ef1"`,
			"opaque": `"5ccc069c403ebaf9f0171e9517f40e41"`,
		}},
		"RFC 2069": {"Mufasa", "CircleOfLife", "0a4f113b", index, old, map[string]string{
			"username": `"Mufasa"`, "realm": `"testrealm@host.com"`, "nonce": `"dcd98b7102dd2f0e8b11d0f600bfb0c093"`,
			"uri":      `"/dir/index.html"`,
			"response": `"1949323746fe6a43ef61f9606e7febea"`, "opaque": `"5ccc069c403ebaf9f0171e9517f40e41"`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			sent := answer(t, digest(t, test.username, test.password, test.cnonce), get(test.url), test.challenge)
			if diff := cmp.Diff(test.want, parameters(t, sent)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// How a challenge may be written, and which of several is answered.
func TestDigestChallenges(t *testing.T) {
	for name, test := range map[string]struct {
		challenges []string
		has        []string // of the answer; none: there is no answer
	}{
		"the strongest of several headers": {[]string{`Digest realm="r", nonce="a", algorithm=MD5`, `Digest realm="r", nonce="b", algorithm=SHA-512-256`,
			`Digest realm="r", nonce="c", algorithm=SHA-256`}, []string{`nonce="b"`, "algorithm=SHA-512-256"}},
		"the strongest in one header": {[]string{`Basic realm="x, Digest nonce=\"y\"", Digest realm="r", nonce="a", Digest realm="r", nonce="b", algorithm=SHA-256`},
			[]string{`nonce="b"`, "algorithm=SHA-256"}},
		"the first of equal ones":    {[]string{`Digest realm="r", nonce="a", algorithm=MD5-sess`, `Digest realm="r", nonce="b"`}, []string{`nonce="a"`}},
		"an unknown one beside":      {[]string{`Digest realm="r", nonce="a", algorithm=SHA3-512, Digest realm="r", nonce="b"`}, []string{`nonce="b"`}},
		"an unknown protection":      {[]string{`Digest realm="r", nonce="a", algorithm=SHA-256, qop="auth-conf"`, `Digest realm="r", nonce="b", qop=auth`}, []string{`nonce="b"`, "qop=auth,"}},
		"a token68 before it":        {[]string{`Negotiate YII/abc==, NTLM, Digest realm="r", nonce="a"`}, []string{`nonce="a"`}},
		"commas and escapes":         {[]string{`Digest realm="a, \"b\" \\ c", nonce="x,y=z", opaque=""`}, []string{`realm="a, \"b\" \\ c"`, `nonce="x,y=z"`, `opaque=""`}},
		"spaces and cases":           {[]string{`dIGEST  Realm = "r" ,NONCE="a",Algorithm=md5 , QOP=AUTH`}, []string{`realm="r"`, `nonce="a"`, "algorithm=md5", "qop=auth,"}},
		"no quotes":                  {[]string{`Digest realm=r, nonce=ab/c+d==, qop=auth`}, []string{`nonce="ab/c+d=="`, "qop=auth,"}},
		"an algorithm in quotes":     {[]string{`Digest realm="r", nonce="a", algorithm="SHA-256"`}, []string{"algorithm=SHA-256"}},
		"a session without qop":      {[]string{`Digest realm="r", nonce="a", algorithm=MD5-sess`}, []string{`cnonce="c"`}},
		"an empty qop":               {[]string{`Digest realm="r", nonce="a", qop=""`}, []string{`nonce="a"`}},
		"the first of two nonces":    {[]string{`Digest realm="r", nonce="a", nonce="b"`}, []string{`nonce="a"`}},
		"only auth-int":              {[]string{`Digest realm="r", nonce="a", qop="auth-int"`}, []string{"qop=auth-int"}},
		"Basic alone":                {[]string{`Basic realm="nonce=\"a\""`}, nil},
		"no nonce":                   {[]string{`Digest realm="r"`}, nil},
		"a control character":        {[]string{"Digest realm=\"r\x01\", nonce=\"a\""}, nil},
		"nothing known":              {[]string{`Digest realm="r", nonce="a", algorithm=TIGER`}, nil},
		"no header":                  {nil, nil},
		"a quote that never ends":    {[]string{`Digest nonce="a", realm="r\`}, []string{`realm="r\\"`}},
		"a parameter without scheme": {[]string{`realm="r", nonce="a"`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			sent := answer(t, digest(t, "ada", "s3cret", "c"), get("http://example.com/"), test.challenges...)
			if (sent == "") != (len(test.has) == 0) {
				t.Fatalf("sent %q", sent)
			}
			for _, part := range test.has {
				if !strings.Contains(sent+",", part) {
					t.Errorf("%s is not in %s", part, sent)
				}
			}
		})
	}
}

// One challenge serves many requests, which are counted; a nonce that is refused is replaced once.
func TestDigestRemembers(t *testing.T) {
	request := get("http://example.com/a?b=c")
	c := digest(t, "ada", "s3cret", "")
	sent := func() map[string]string { return parameters(t, apply(t, c, request())) }

	first := request()
	next, ok := c.Challenged(refusal(first, `Digest realm="r", nonce="one", qop="auth"`))
	if !ok {
		t.Fatal("no answer to the first challenge")
	}
	if apply(t, c, request()) != "" {
		t.Error("a challenge is answered again before the server has accepted an answer")
	}
	repeated := request()
	before := parameters(t, apply(t, next, repeated))
	if before["nc"] != "00000001" || before["uri"] != `"/a?b=c"` {
		t.Errorf("the repeated request has %v", before)
	}
	if _, again := next.(credential.Challenger).Challenged(accepted(repeated, nil)); again {
		t.Error("an accepted request is to be repeated")
	}
	if second := sent(); second["nc"] != "00000002" || second["nonce"] != `"one"` || second["cnonce"] == before["cnonce"] {
		t.Errorf("the second request has %v, the first %v", second, before)
	}
	if elsewhere := apply(t, c, get("http://example.com:81/a")()); elsewhere != "" {
		t.Errorf("another origin is told %s", elsewhere)
	}

	third := request()
	apply(t, c, third)
	if next, ok = c.Challenged(refusal(third, `Digest realm="r", nonce="two", qop="auth", stale=TRUE`)); !ok {
		t.Fatal("no answer to a stale nonce")
	}
	if apply(t, c, request()) != "" {
		t.Error("the stale nonce is used again")
	}
	fourth := request()
	if got := parameters(t, apply(t, next, fourth)); got["nc"] != "00000001" || got["nonce"] != `"two"` {
		t.Errorf("after a stale nonce it sends %v", got)
	}
	info := http.Header{"Authentication-Info": {`rspauth="x", nextnonce="three", qop=auth`}}
	next.(credential.Challenger).Challenged(accepted(fourth, info))
	if got := sent(); got["nc"] != "00000001" || got["nonce"] != `"three"` {
		t.Errorf("after another nonce was announced it sends %v", got)
	}
	last := request()
	apply(t, c, last)
	if _, ok := c.Challenged(refusal(last, `Digest realm="r", nonce="three", qop="auth"`)); ok {
		t.Error("a refusal of the password is answered with the password")
	}
	if apply(t, c, request()) != "" {
		t.Error("a refused nonce is used again")
	}
}

// The key of a session is made of its first nonce and cnonce, and stays (RFC 7616 3.4.2).
func TestDigestSession(t *testing.T) {
	request := get("http://example.com/")
	c := digest(t, "ada", "s3cret", "")
	next, ok := c.Challenged(refusal(request(), `Digest realm="r", nonce="one", qop="auth", algorithm=SHA-256-sess`))
	if !ok {
		t.Fatal("no answer to the challenge")
	}
	first := request()
	one := parameters(t, apply(t, next, first))
	next.(credential.Challenger).Challenged(accepted(first, http.Header{"Authentication-Info": {`nextnonce="two"`}}))
	two := parameters(t, apply(t, c, request()))
	if one["cnonce"] != two["cnonce"] || two["nonce"] != `"two"` {
		t.Fatalf("the session sends %v, then %v", one, two)
	}
	key := sha256Hex(sha256Hex("ada:r:s3cret") + ":one:" + strings.Trim(one["cnonce"], `"`))
	for _, p := range []map[string]string{one, two} {
		middle := strings.Trim(p["nonce"], `"`) + ":00000001:" + strings.Trim(p["cnonce"], `"`) + ":auth:"
		if want := `"` + sha256Hex(key+":"+middle+sha256Hex("GET:/")) + `"`; p["response"] != want {
			t.Errorf("the response to nonce %s is %s, want %s", p["nonce"], p["response"], want)
		}
	}
}

// auth-int covers the body (RFC 7616 3.4.3), which can be sent afterwards.
func TestDigestOfTheBody(t *testing.T) {
	challenge := `Digest realm="r", nonce="n", qop="auth-int", algorithm=SHA-256`
	response := func(body string) string {
		a2 := sha256Hex("POST:/:" + sha256Hex(body))
		return `"` + sha256Hex(sha256Hex("ada:r:s3cret")+":n:00000001:c:auth-int:"+a2) + `"`
	}
	post := func(body string) *http.Request {
		r, err := http.NewRequest(http.MethodPost, "http://example.com/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, body := range []string{"", "hello"} {
		r := post(body)
		sent := answer(t, digest(t, "ada", "s3cret", "c"), func() *http.Request { return r }, challenge)
		if got := parameters(t, sent)["response"]; got != response(body) {
			t.Errorf("the response for %q is %s", body, got)
		}
		if left, err := io.ReadAll(r.Body); err != nil || string(left) != body {
			t.Errorf("of the body %q is left, %v", left, err)
		}
	}
	broken := post("hello")
	broken.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("gone") }
	repeat, _ := digest(t, "ada", "s3cret", "c").Challenged(refusal(broken, challenge))
	if err := repeat.Apply(broken, seal.Secret.Reveal); !fault.Is(err, fault.Internal) {
		t.Errorf("a body that is gone: %v", err)
	}
	streamed := post("")
	streamed.Body, streamed.GetBody = io.NopCloser(strings.NewReader("x")), nil
	next, _ := digest(t, "ada", "s3cret", "c").Challenged(refusal(streamed, challenge))
	if err := next.Apply(streamed, seal.Secret.Reveal); !fault.Is(err, fault.Invalid) {
		t.Errorf("a body that can be read once: %v", err)
	}
}

func TestShownDigestIsMaskedAndNotCounted(t *testing.T) {
	request := get("http://example.com/")
	for _, password := range []string{"s3cret", ""} {
		c := digest(t, "ada", password, "")
		shown := request()
		if err := c.Apply(shown, seal.Secret.String); err != nil || shown.Header.Get("Authorization") != "Digest "+seal.Mask {
			t.Errorf("shows %q, %v", shown.Header.Get("Authorization"), err)
		}
		next, ok := c.Challenged(refusal(request(), `Digest realm="r", nonce="one", qop="auth"`))
		if !ok {
			t.Fatal("no answer to the challenge")
		}
		if err := next.Apply(request(), seal.Secret.String); err != nil {
			t.Fatal(err)
		}
		if sent := parameters(t, apply(t, next, request())); sent["nc"] != "00000001" {
			t.Errorf("what was shown was counted: %v", sent)
		}
	}
}

// Whoever calls many hosts does not fill the memory.
func TestDigestForgets(t *testing.T) {
	c, remembered := digest(t, "ada", "s3cret", ""), 0
	const hosts = 5000
	host := func(i int) *http.Request { return get(fmt.Sprintf("http://host%d.example/", i))() }
	for i := range hosts {
		next, ok := c.Challenged(refusal(host(i), `Digest realm="r", nonce="n", qop="auth"`))
		if !ok {
			t.Fatal("no answer to the challenge")
		}
		repeated := host(i)
		apply(t, next, repeated)
		next.(credential.Challenger).Challenged(accepted(repeated, nil))
	}
	for i := range hosts {
		if apply(t, c, host(i)) != "" {
			remembered++
		}
	}
	if remembered < 4000 || remembered > 4096 {
		t.Errorf("of %d challenges %d are remembered", hosts, remembered)
	}
}

// An answer to a nonce that has been replaced meanwhile says nothing about the one that is there.
func TestDigestOvertaken(t *testing.T) {
	request := get("http://example.com/")
	c := digest(t, "ada", "s3cret", "")
	accept := func(nonce string) *http.Request {
		next, ok := c.Challenged(refusal(request(), `Digest realm="r", qop="auth", nonce="`+nonce+`"`))
		if !ok {
			t.Fatal("no answer to the challenge")
		}
		r := request()
		apply(t, next, r)
		next.(credential.Challenger).Challenged(accepted(r, nil))
		return r
	}
	slow := accept("one")
	accept("two")
	c.Challenged(accepted(slow, http.Header{"Authentication-Info": {`nextnonce="three"`}}))
	late, ok := c.Challenged(refusal(slow, `Digest realm="r", qop="auth", nonce="four"`))
	if !ok || parameters(t, apply(t, late, request()))["nonce"] != `"four"` {
		t.Error("a late refusal is not answered")
	}
	if got := parameters(t, apply(t, c, request()))["nonce"]; got != `"two"` {
		t.Errorf("the next request answers %s", got)
	}
}

func TestDigestOfAnUnsendableUser(t *testing.T) {
	_, err := credential.Digest(credential.NewChallenges(rand.Text), "ada\nlovelace", seal.NewSecret("s3cret"))
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

// FuzzChallenge: whatever a server writes, the answer is a header that can be sent.
func FuzzChallenge(f *testing.F) {
	f.Add(`Digest realm="a, \"b\"", nonce="x", qop="auth,auth-int", algorithm=MD5-sess, opaque="\\"`)
	f.Add(`Negotiate YII==, Digest nonce=x, Basic realm="`)
	f.Fuzz(func(t *testing.T, text string) {
		r := httptest.NewRequest(http.MethodGet, "http://example.com/", nil)
		next, ok := digest(t, "a\"b\\", "s3cret", "c").Challenged(refusal(r, text))
		if !ok {
			return
		}
		sent := apply(t, next, r)
		broken := strings.ContainsFunc(sent, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
		named := strings.Contains(sent, `username="a\"b\\"`) || strings.Contains(sent, "userhash=true")
		if broken || !named {
			t.Errorf("%q is answered with %q", text, sent)
		}
	})
}

func sha256Hex(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
