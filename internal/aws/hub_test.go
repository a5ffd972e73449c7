package aws_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/fault"
)

// A cloud is a security token service and an API behind it, both of which take nothing but right signatures.
type cloud struct {
	mu       sync.Mutex
	sts, api service
	identity string // of an OpenID provider; empty: requests are signed
	life     time.Duration
	sessions int             // handed out so far
	dead     map[string]bool // their access key ids
	refusal  func(http.ResponseWriter)
	wrong    []string
}

func newCloud(t *testing.T) (*cloud, *carnettest.Carnet) {
	c := &cloud{life: time.Hour, dead: map[string]bool{},
		sts: service{name: "sts", region: "eu-west-1", id: "AKIDEXAMPLE", secret: suiteSecret},
		api: service{name: "execute-api", region: "eu-west-1"}}
	sts, gate := httptest.NewServer(http.HandlerFunc(c.assume)), httptest.NewServer(http.HandlerFunc(c.call))
	t.Cleanup(sts.Close)
	t.Cleanup(gate.Close)
	c.sts.host, c.api.host = strings.TrimPrefix(sts.URL, "http://"), strings.TrimPrefix(gate.URL, "http://")
	carnet := carnettest.New(t)
	document := fmt.Sprintf(`{"openapi": "3.0.3", "info": {"title": "Pets", "version": "1"}, "servers": [{"url": %q}],
		"security": [{"sigv4": []}],
		"paths": {"/pets/{name}": {"post": {"operationId": "feed", "parameters": [
			{"name": "name", "in": "path", "required": true, "schema": {"type": "string"}},
			{"name": "food", "in": "query", "schema": {"type": "string"}}],
			"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
			"responses": {"200": {"description": "fed"}}}}},
		"components": {"securitySchemes": {"sigv4": {"type": "apiKey", "in": "header", "name": "Authorization",
			"x-amazon-apigateway-authtype": "awsSigv4"}}}}`, gate.URL+"/prod")
	if _, err := carnet.ImportModel(t.Context(), api.ModelRequest{Model: json.RawMessage(document)}); err != nil {
		t.Fatal(err)
	}
	if _, err := carnet.CreateIntegration(t.Context(), api.Integration{Name: "pets", Model: "Pets:1"}); err != nil {
		t.Fatal(err)
	}
	return c, carnet
}

// assume is the token service.
func (c *cloud) assume(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, _ := url.ParseQuery(string(body))
	if c.refusal != nil {
		c.refusal(w)
		return
	}
	want, wrong := url.Values{"Version": {"2011-06-15"}, "RoleArn": {arn}, "RoleSessionName": {"night shift"}, "DurationSeconds": {"3600"}}, ""
	if c.identity == "" {
		want.Set("Action", "AssumeRole")
		want.Set("ExternalId", "customer 7")
		wrong = c.sts.refusal(r)
	} else {
		want.Set("Action", "AssumeRoleWithWebIdentity")
		want.Set("WebIdentityToken", c.identity)
	}
	if wrong == "" && form.Encode() != want.Encode() {
		wrong = "the form is " + form.Encode()
	}
	if wrong != "" {
		c.wrong = append(c.wrong, wrong)
		refusalXML(http.StatusForbidden, "AccessDenied", "no")(w)
		return
	}
	c.sessions++
	c.api.id, c.api.secret, c.api.token = fmt.Sprintf("ASIASESSION%d", c.sessions), fmt.Sprintf("secret/%d+", c.sessions), fmt.Sprintf("session==%d", c.sessions)
	fmt.Fprintf(w, `<%[1]sResponse><%[1]sResult><Credentials><AccessKeyId>%[2]s</AccessKeyId><SecretAccessKey>%[3]s</SecretAccessKey>`+
		`<SessionToken>%[4]s</SessionToken><Expiration>%[5]s</Expiration></Credentials></%[1]sResult></%[1]sResponse>`,
		form.Get("Action"), c.api.id, c.api.secret, c.api.token, time.Now().Add(c.life).UTC().Format(time.RFC3339))
}

// call is the API.
func (c *cloud) call(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	wrong := c.api.refusal(r)
	switch {
	case c.dead[c.api.id]:
		w.Header().Set("X-Amzn-ErrorType", "ExpiredTokenException")
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `{"message":"The security token included in the request is expired"}`)
	case wrong != "":
		c.wrong = append(c.wrong, wrong)
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `{"message":"The request signature we calculated does not match the signature you provided."}`)
	case r.URL.Query().Get("food") == "cat":
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `{"Message":"User is not authorized to access this resource"}`)
	default:
		fmt.Fprintf(w, `{"by":%q}`, c.api.id)
	}
}

func set(t *testing.T, c *carnettest.Carnet, fields map[string]any) {
	t.Helper()
	settings := api.Settings{}
	for name, value := range fields {
		settings[name], _ = json.Marshal(value)
	}
	if _, err := c.SetIntegration(t.Context(), "pets", settings); err != nil {
		t.Fatal(err)
	}
}

func feed(t *testing.T, c *carnettest.Carnet, food string) (int, string) {
	t.Helper()
	value, _ := json.Marshal(food)
	result, err := c.RunOperation(t.Context(), "pets", "feed", api.Task{
		Parameters:         map[string]json.RawMessage{"name": json.RawMessage(`"Rex & co/2"`), "food": value},
		RequestBodyPayload: json.RawMessage(`{"grams":50}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	return result.Status, string(result.Data)
}

var withKey = map[string]any{"accessKeyId": "AKIDEXAMPLE", "secretAccessKey": suiteSecret, "roleArn": arn, "roleSessionName": "night shift",
	"externalId": "customer 7", "durationSeconds": 3600, "region": "eu-west-1", "service": "execute-api"}

// TestRoleThroughHub: temporary credentials are got once, sign calls, are renewed when the API takes them no longer, and shown to
// nobody.
func TestRoleThroughHub(t *testing.T) {
	cloud, c := newCloud(t)
	set(t, c, withKey)
	set(t, c, map[string]any{"stsEndpoint": "http://" + cloud.sts.host})
	for range 3 {
		if status, body := feed(t, c, "fish"); status != http.StatusOK || body != `{"by":"ASIASESSION1"}` {
			t.Fatalf("got %d %s", status, body)
		}
	}
	if status, _ := feed(t, c, "cat"); status != http.StatusForbidden || cloud.sessions != 1 {
		t.Errorf("a missing right: %d, with session %d", status, cloud.sessions)
	}
	list, err := c.Tokens(t.Context(), "pets")
	if err != nil || len(list.Tokens) != 1 || list.Tokens[0].State != "fresh" || !list.Tokens[0].AccessToken || list.Tokens[0].RefreshToken {
		t.Fatalf("tokens: %+v, %v", list, err)
	}
	if left := time.Until(*list.Tokens[0].ExpiresAt); left < 59*time.Minute || left > time.Hour {
		t.Errorf("it expires in %s", left)
	}
	x, err := c.ExplainToken(t.Context(), "pets", "")
	if err != nil {
		t.Fatal(err)
	}
	if p := x.Plan.Requests; len(p) != 1 || p[0].Purpose != "AssumeRole" || p[0].URL != "http://"+cloud.sts.host || !strings.Contains(p[0].Body, "RoleSessionName=night+shift") ||
		!strings.Contains(fmt.Sprint(p[0].Headers), "Signature=********") || !strings.Contains(p[0].Note, "AKIDEXAMPLE for sts in eu-west-1") {
		t.Errorf("planned: %+v", p)
	}
	if h := x.History; len(h) != 1 || h[0].Purpose != "AssumeRole" || h[0].Status != http.StatusOK || h[0].Outcome != "a token" || x.Life.Expiry != "as the answer says (Expiration)" {
		t.Errorf("explained: %+v, %+v", h, x.Life)
	}
	cloud.mu.Lock()
	cloud.dead["ASIASESSION1"] = true
	cloud.mu.Unlock()
	if status, body := feed(t, c, "fish"); status != http.StatusOK || body != `{"by":"ASIASESSION2"}` {
		t.Errorf("after the session's end: %d %s", status, body)
	}
	if token, err := c.RenewToken(t.Context(), "pets", ""); err != nil || token.Generation != 3 {
		t.Errorf("renewed: %+v, %v", token, err)
	}
	if err := c.ClearToken(t.Context(), "pets", "sigv4"); err != nil {
		t.Fatal(err)
	}
	if status, body := feed(t, c, "fish"); status != http.StatusOK || body != `{"by":"ASIASESSION4"}` {
		t.Errorf("after clearing: %d %s", status, body)
	}
	shown, err := c.Integration(t.Context(), "pets")
	all, _ := json.Marshal(shown)
	if err != nil || strings.Contains(string(all), "ASIA") || strings.Contains(string(all), "session==") || strings.Contains(string(all), suiteSecret) {
		t.Errorf("shown: %s, %v", all, err)
	}
	set(t, c, map[string]any{"authentication": authenticationOf(t, all)}) // a view that is written back changes nothing
	if feed(t, c, "fish"); cloud.sessions != 4 {
		t.Errorf("after writing the view back there are %d sessions", cloud.sessions)
	}
	dry, err := c.RunOperation(t.Context(), "pets", "feed", api.Task{DryRun: true, Parameters: map[string]json.RawMessage{"name": json.RawMessage(`"Rex"`)}})
	if err != nil || !strings.Contains(fmt.Sprint(dry.Request.Headers), "Signature=********") || strings.Contains(fmt.Sprint(dry.Request.Headers), "session==") {
		t.Errorf("a dry run shows %+v, %v", dry.Request, err)
	}
	for _, wrong := range cloud.wrong {
		t.Error(wrong)
	}
}

func authenticationOf(t *testing.T, stored []byte) json.RawMessage {
	var s struct {
		Data struct {
			Properties struct {
				Properties struct{ Authentication json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal(stored, &s); err != nil {
		t.Fatal(err)
	}
	return s.Data.Properties.Properties.Authentication
}

// TestWebIdentityThroughHub: a token of an OpenID provider stands in for the access key.
func TestWebIdentityThroughHub(t *testing.T) {
	cloud, c := newCloud(t)
	cloud.identity = identity
	set(t, c, map[string]any{"webIdentityToken": identity, "roleArn": arn, "roleSessionName": "night shift", "durationSeconds": 3600,
		"region": "eu-west-1", "service": "execute-api", "stsEndpoint": "http://" + cloud.sts.host})
	if status, body := feed(t, c, "fish"); status != http.StatusOK || body != `{"by":"ASIASESSION1"}` {
		t.Errorf("got %d %s %q", status, body, cloud.wrong)
	}
}

// TestWrongKeyIsAskedOnce: a refusal that asking again does not mend is remembered, and correcting the settings forgets it.
func TestWrongKeyIsAskedOnce(t *testing.T) {
	cloud, c := newCloud(t)
	asked := 0
	cloud.refusal = func(w http.ResponseWriter) {
		asked++
		refusalXML(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")(w)
	}
	set(t, c, withKey)
	set(t, c, map[string]any{"stsEndpoint": "http://" + cloud.sts.host})
	for range 3 {
		_, err := c.RunOperation(t.Context(), "pets", "feed", api.Task{Parameters: map[string]json.RawMessage{"name": json.RawMessage(`"Rex"`)}})
		if !fault.Is(err, fault.Reconnect) || !strings.Contains(fault.HintOf(err), "access key id") {
			t.Errorf("got %v, %s", err, fault.HintOf(err))
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	x, err := c.ExplainToken(t.Context(), "pets", "")
	if err != nil || len(x.History) != 1 || x.History[0].Status != http.StatusForbidden || x.History[0].Code != "InvalidClientTokenId" ||
		x.Diagnosis == nil || !strings.Contains(x.Diagnosis.Hint, "access key id") || len(x.Plan.Requests) != 1 {
		t.Errorf("explained: %+v, %v", x, err)
	}
	cloud.refusal = nil
	set(t, c, map[string]any{"sessionToken": sessionToken})
	cloud.sts.token = sessionToken
	if status, body := feed(t, c, "fish"); status != http.StatusOK {
		t.Errorf("got %d %s %q", status, body, cloud.wrong)
	}
	if _, err := c.ConnectIntegration(t.Context(), "pets", "sigv4", api.Connect{RedirectURI: "http://127.0.0.1/"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("connecting: %v", err)
	}
	for field, value := range map[string]any{"roleArn": "deploy", "durationSeconds": 60, "stsEndpoint": "sts"} {
		raw, _ := json.Marshal(value)
		if _, err := c.SetIntegration(t.Context(), "pets", api.Settings{field: raw}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestAnyDocument: the scheme is the integration's own, in a document that says nothing of it, with a key that is no role's.
func TestAnyDocument(t *testing.T) {
	cloud, c := newCloud(t)
	cloud.api.id, cloud.api.secret = "AKIDEXAMPLE", suiteSecret
	set(t, c, map[string]any{"own.type": "awsSigv4", "security": []map[string][]string{{"own": {}}}})
	set(t, c, map[string]any{"own.accessKeyId": "AKIDEXAMPLE", "own.secretAccessKey": suiteSecret, "own.region": "eu-west-1", "own.service": "execute-api"})
	if status, body := feed(t, c, "fish"); status != http.StatusOK {
		t.Errorf("got %d %s %q", status, body, cloud.wrong)
	}
	if list, err := c.Tokens(t.Context(), "pets"); err != nil || len(list.Tokens) != 0 {
		t.Errorf("tokens: %+v, %v", list, err)
	}
}
