package aws_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carnet.dev/carnet/internal/aws"
	"carnet.dev/carnet/internal/oauth"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/token"
)

// throttled is a token service that answers one request a second, and refuses the others as AWS does: with 400 and no Retry-After.
type throttled struct {
	mu                sync.Mutex
	last              time.Time
	answered, refused int
}

func (s *throttled) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := httptest.NewRecorder()
	if now := time.Now(); now.Sub(s.last) < time.Second {
		s.refused++
		refusalXML(http.StatusBadRequest, "Throttling", "Rate exceeded")(w)
	} else {
		s.last = now
		s.answered++
		credentialsXML("AssumeRole", now.Add(time.Hour).Format(time.RFC3339))(w)
	}
	answer := w.Result()
	answer.Request = r
	return answer, nil
}

// Failure mode 38: the roles of many integrations are assumed at one token service, and share its pace and back-off.
func TestATokenServiceThatThrottlesIsNotStormed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service, pace := &throttled{}, oauth.NewPace()
		client := &http.Client{Transport: service}
		began := time.Now()
		var group sync.WaitGroup
		for range 30 { // whose credentials expire together, each of which comes again as a keeper would
			group.Go(func() {
				source := aws.NewSource(client, pace, aws.Config{Credentials: suiteKey(), Role: aws.Role{ARN: arn}})
				for pause := time.Second; ; {
					_, err := source.Ask(t.Context(), token.Ask{})
					if err == nil {
						return
					}
					ask, ok := err.(*token.AskError)
					if !ok || ask.Permanent {
						t.Errorf("got %v", err)
						return
					}
					if time.Sleep(max(pause, ask.RetryAfter)); !ask.Postponed {
						pause = min(2*pause, time.Minute)
					}
				}
			})
		}
		group.Wait()
		if took := time.Since(began); took > 5*time.Minute || service.answered != 30 {
			t.Errorf("%d sessions in %s", service.answered, took)
		}
		if service.refused > 30+30 { // those of the first moment, and a few that found out how far apart
			t.Errorf("%d requests were refused", service.refused)
		}
	})
}

// What a person waits for is asked for at once, however much the service complains.
func TestWhoIsWaitedForGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &throttled{}
		source := aws.NewSource(&http.Client{Transport: service}, oauth.NewPace(), aws.Config{Credentials: suiteKey(), Role: aws.Role{ARN: arn}})
		for range 3 {
			source.Ask(t.Context(), token.Ask{})
		}
		time.Sleep(time.Second)
		began := time.Now()
		if _, err := source.Ask(t.Context(), token.Ask{Wanted: true}); err != nil || time.Since(began) != 0 {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

// The plan is what is sent, but for its secrets.
func TestThePlanIsWhatIsSent(t *testing.T) {
	for name, config := range map[string]aws.Config{
		"an access key": {Credentials: aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: seal.NewSecret(suiteSecret), SessionToken: seal.NewSecret(sessionToken)},
			Role: aws.Role{ARN: arn, Region: "eu-west-1", ExternalID: "a b", Duration: time.Hour}},
		"an OpenID provider": {Identity: seal.NewSecret(identity), Role: aws.Role{ARN: arn, Region: "eu-west-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			at(t, moment, func(t *testing.T) {
				var sent *http.Request
				var body string
				wire := &wire{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					text, _ := io.ReadAll(r.Body)
					sent, body = r, string(text)
					refusalXML(http.StatusForbidden, "AccessDenied", "no")(w)
				})}
				source := aws.NewSource(&http.Client{Transport: wire}, oauth.NewPace(), config)
				plan, err := source.Plan()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := source.Ask(t.Context(), token.Ask{}); err == nil || sent == nil {
					t.Fatalf("nothing was refused: %v", err)
				}
				mask := func(text string) string {
					for _, secret := range []string{sessionToken, identity} {
						text = strings.NewReplacer(secret, seal.Mask, url.QueryEscape(secret), seal.Mask).Replace(text)
					}
					if before, _, signed := strings.Cut(text, "Signature="); signed {
						return before + "Signature=" + seal.Mask
					}
					return text
				}
				if got, want := plan.Method+" "+plan.URL.Host+plan.URL.Path+" "+plan.Body, sent.Method+" "+sent.Host+strings.TrimSuffix(sent.URL.Path, "/")+" "+mask(body); got != want {
					t.Errorf("planned\n%s\nsent\n%s", got, want)
				}
				for header := range plan.Header {
					if got, want := plan.Header.Get(header), mask(sent.Header.Get(header)); got != want {
						t.Errorf("%s: planned %s, sent %s", header, got, want)
					}
				}
				if plan.Note == "" || plan.Header.Get("Authorization") == "" && config.Identity.IsZero() {
					t.Errorf("the plan is %+v", plan)
				}
			})
		})
	}
}
