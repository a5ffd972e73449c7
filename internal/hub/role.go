package hub

import (
	"net/http"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/internal/aws"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/model"
	"carnet.dev/carnet/internal/token"
)

// roleSubject is an AWS role's temporary credentials, as the keeper wants them: which record, and how to ask.
func (h *Hub) roleSubject(i *integration.Integration, scheme model.Scheme, client *http.Client) *token.Subject {
	config := roleConfig(i.Settings.Authentication[scheme.Key])
	lacking := config.Validate()
	return &token.Subject{
		ID:            recordID(i, scheme.Key),
		Configuration: config.Digest(),
		Source:        aws.NewSource(client, h.pace, config),
		CanGrant:      lacking == nil,
		Missing:       missing(i, scheme, lacking),
	}
}

func roleConfig(a integration.Authentication) aws.Config {
	return aws.Config{
		Credentials: accessKey(a),
		Identity:    a.WebIdentityToken,
		Role: aws.Role{
			ARN: a.RoleARN, SessionName: a.RoleSessionName, ExternalID: a.ExternalID,
			Region: a.Region, Duration: time.Duration(a.DurationSeconds) * time.Second, Endpoint: a.STSEndpoint,
		},
	}
}

func accessKey(a integration.Authentication) aws.Credentials {
	return aws.Credentials{AccessKeyID: a.AccessKeyID, SecretAccessKey: a.SecretAccessKey, SessionToken: a.SessionToken}
}

// planRole is the request to the token service for new credentials of a role.
func planRole(p api.Plan, source *aws.Source) api.Plan {
	made, err := source.Plan()
	if p.Why = "temporary credentials are not refreshed: the role is assumed again"; err != nil {
		p.Diagnosis = diagnosisOf("configuration", err)
		return p
	}
	p.Requests = append(p.Requests, api.PlannedRequest{Purpose: made.Action, Note: made.Note,
		Request: api.Request{Method: made.Method, URL: made.URL.String(), Headers: made.Header, Body: made.Body}})
	return p
}
