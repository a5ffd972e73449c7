package oauth_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/recipe"
	"carnet.dev/carnet/internal/token"
)

func jwt(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(claims)) + ".sig"
}

// Failure modes 6 and 22. In a bubble of synctest it is midnight UTC of 2000-01-01, 946684800 seconds since the epoch; the server
// takes ten seconds to answer.
func TestExpiry(t *testing.T) {
	tests := map[string]struct {
		members string // of the answer, beside access_token
		access  string
		config  oauth.Config
		want    float64 // seconds from the request; 0: unknown
	}{
		"a number":                    {members: `"expires_in":3600`, want: 3600},
		"a float":                     {members: `"expires_in":3599.5`, want: 3599.5},
		"a text":                      {members: `"expires_in":" 3600 "`, want: 3600},
		"a float in a text":           {members: `"expires_in":"3600.0"`, want: 3600},
		"milliseconds":                {members: `"expires_in":3600000`, config: oauth.Config{Response: recipe.Response{Unit: "ms"}}, want: 3600},
		"a time in expires_in":        {members: `"expires_in":946688400`, want: 3600},
		"a time in ms in expires_in":  {members: `"expires_in":946688400000`, want: 3600},
		"missing":                     {},
		"zero":                        {members: `"expires_in":0`},
		"negative":                    {members: `"expires_in":-1`},
		"nonsense":                    {members: `"expires_in":"soon"`},
		"NaN":                         {members: `"expires_in":"NaN"`},
		"beyond all":                  {members: `"expires_in":1e300`},
		"an object":                   {members: `"expires_in":{}`},
		"zero, but a time":            {members: `"expires_in":0,"expires_at":946688400`, want: 3600},
		"expires_at":                  {members: `"expires_at":946688400`, want: 3600},
		"expires_at in ms":            {members: `"expires_at":946688400000`, want: 3600},
		"expires_at in a text":        {members: `"expires_at":"946688400"`, want: 3600},
		"expires_at as ISO 8601":      {members: `"expires_at":"2000-01-01T02:00:00+01:00"`, want: 3600},
		"expires_at without a zone":   {members: `"expires_at":"2000-01-01T01:00:00.5"`, want: 3600.5},
		"expires_at as an HTTP date":  {members: `"expires_at":"Sat, 01 Jan 2000 01:00:00 GMT"`, want: 3600},
		"expires_at has passed":       {members: `"expires_at":"1999-12-31T23:00:00Z"`},
		"expires_in before it":        {members: `"expires_in":60,"expires_at":946688400`, want: 60},
		"expires_on":                  {members: `"expires_on":"946688400"`, want: 3600},
		"expires is a time":           {members: `"expires":"2000-01-01T01:00:00Z"`, want: 3600},
		"expires is a duration":       {members: `"expires":3600`, want: 3600},
		"a path to a duration":        {members: `"data":{"life":60},"expires_in":3600`, config: oauth.Config{Response: recipe.Response{ExpiresIn: recipe.Path{"data.life"}}}, want: 60},
		"a path to a time":            {members: `"data":[{"end":946688400}],"expires_in":60`, config: oauth.Config{Response: recipe.Response{ExpiresAt: recipe.Path{"data.0.end"}}}, want: 3600},
		"a path to nothing":           {members: `"expires_in":60`, config: oauth.Config{Response: recipe.Response{ExpiresAt: recipe.Path{"data.7.end"}}}, want: 60},
		"lifetime":                    {config: oauth.Config{Lifetime: time.Hour}, want: 3600},
		"the answer before lifetime":  {members: `"expires_in":60`, config: oauth.Config{Lifetime: time.Hour}, want: 60},
		"a JWT":                       {access: jwt(`{"exp":946688400}`), want: 3600},
		"a JWT of another clock":      {access: jwt(`{"iat":946000000,"exp":946003600}`), want: 3600},
		"a JWT that is given again":   {access: jwt(`{"iat":946683000,"exp":946686600}`), want: 1800},
		"a JWT that has passed":       {access: jwt(`{"exp":946000000}`)},
		"a JWT without a time":        {access: jwt(`{"sub":"ada"}`)},
		"a JWT that never ends":       {access: jwt(`{"iat":1,"exp":1e300}`)},
		"a JWT of a thousand years":   {access: jwt(`{"iat":946684800,"exp":33000000000}`), want: 10 * 10 * 365 * 24 * 3600},
		"the answer before a JWT":     {members: `"expires_in":60`, access: jwt(`{"exp":946688400}`), want: 60},
		"three dots that are no JWT":  {access: "a.b.c"},
		"a path through text is none": {members: `"data":"x"`, config: oauth.Config{Response: recipe.Response{ExpiresIn: recipe.Path{"data.life"}}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if test.access == "" {
					test.access = "opaque"
				}
				client := carnettest.Pipe(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					time.Sleep(10 * time.Second)
					body := fmt.Sprintf(`{"access_token":%q`, test.access)
					if test.members != "" {
						body += "," + test.members
					}
					io.WriteString(w, body+"}")
				}))
				c := config("http://provider.example")
				c.Response, c.Lifetime = test.config.Response, test.config.Lifetime
				began := time.Now()
				answer, err := oauth.New(client, oauth.NewPace(), oauth.NewMetadata(), c).Ask(t.Context(), token.Ask{})
				if err != nil {
					t.Fatal(err)
				}
				got := answer.Token
				if !got.CreatedAt.Equal(began) {
					t.Errorf("created at %s, want %s, before the request", got.CreatedAt, began)
				}
				if got.ExpiresIn != test.want {
					t.Errorf("expires in %v s, want %v", got.ExpiresIn, test.want)
				}
				if at := began.Add(time.Duration(test.want * float64(time.Second))); test.want > 0 && !got.ExpiresAt.Equal(at) {
					t.Errorf("expires at %s, want %s", got.ExpiresAt, at)
				}
				if test.want == 0 && !got.ExpiresAt.IsZero() {
					t.Errorf("expires at %s, want unknown", got.ExpiresAt)
				}
			})
		})
	}
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for header, want := range map[string]time.Duration{
			"":                              0,
			"9":                             9 * time.Second,
			" 9 ":                           9 * time.Second,
			"-9":                            0,
			"soon":                          0,
			"1e9":                           0,
			"99999999":                      24 * time.Hour,
			"Sat, 01 Jan 2000 00:01:00 GMT": time.Minute,
			"Fri, 31 Dec 1999 00:01:00 GMT": 0,
		} {
			client := carnettest.Pipe(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", header)
				w.WriteHeader(http.StatusTooManyRequests)
			}))
			_, err := oauth.New(client, oauth.NewPace(), oauth.NewMetadata(), config("http://provider.example")).Ask(t.Context(), token.Ask{})
			if e, ok := err.(*token.AskError); !ok || e.RetryAfter != want {
				t.Errorf("%q: %+v, want %s", header, err, want)
			}
		}
	})
}
