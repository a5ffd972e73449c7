package aws_test

import (
	"net/http"
	"testing"

	"carnet.dev/carnet/internal/aws"
	"carnet.dev/carnet/internal/seal"
)

// Failure mode 36: services of AWS say in several ways that a session is over, and by the same statuses that a right is missing.
func TestRejects(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		header string
		body   string
		want   bool
	}{
		"API Gateway":       {403, "ExpiredTokenException", `{"message":"The security token included in the request is expired"}`, true},
		"a deleted session": {403, "UnrecognizedClientException", `{"message":"The security token included in the request is invalid."}`, true},
		"DynamoDB":          {400, "", `{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"x"}`, true},
		"S3":                {400, "", `<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>`, true},
		"a deleted key":     {403, "", `<Error><Code>InvalidAccessKeyId</Code></Error>`, true},
		"a missing right":   {403, "AccessDeniedException", `{"Message":"User is not authorized"}`, false},
		"a wrong argument":  {400, "", `{"__type":"ValidationException"}`, false},
		"somebody's data":   {200, "", `{"note":"ExpiredToken"}`, false},
		"not there":         {404, "", `{"note":"ExpiredToken"}`, false},
	} {
		if got := aws.Rejects(test.status, http.Header{"X-Amzn-Errortype": {test.header}}, []byte(test.body)); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Failure mode 25: whatever shapes the request is in the digest.
func TestDigestCoversEverything(t *testing.T) {
	make := func(change func(*aws.Config)) string {
		c := aws.Config{Credentials: suiteKey(), Role: aws.Role{ARN: arn}}
		change(&c)
		return c.Digest().Reveal()
	}
	seen := map[string]string{}
	for name, change := range map[string]func(*aws.Config){
		"nothing":       func(*aws.Config) {},
		"key id":        func(c *aws.Config) { c.Credentials.AccessKeyID = "x" },
		"secret":        func(c *aws.Config) { c.Credentials.SecretAccessKey = seal.NewSecret("x") },
		"session token": func(c *aws.Config) { c.Credentials.SessionToken = seal.NewSecret("x") },
		"identity":      func(c *aws.Config) { c.Identity = seal.NewSecret("x") },
		"role":          func(c *aws.Config) { c.Role.ARN = "x" },
		"session name":  func(c *aws.Config) { c.Role.SessionName = "x" },
		"external id":   func(c *aws.Config) { c.Role.ExternalID = "x" },
		"region":        func(c *aws.Config) { c.Role.Region = "x" },
		"endpoint":      func(c *aws.Config) { c.Role.Endpoint = "x" },
		"duration":      func(c *aws.Config) { c.Role.Duration = 1e9 },
	} {
		digest := make(change)
		if other, twice := seen[digest]; twice {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[digest] = name
	}
}
