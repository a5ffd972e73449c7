package mongo_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/integration"
	"carnet.dev/carnet/internal/openapi"
	"carnet.dev/carnet/internal/seal"
	"carnet.dev/carnet/internal/store"
	"carnet.dev/carnet/internal/store/mongo"
)

func openStore(t *testing.T, uri string) *store.Store {
	t.Helper()
	keys, err := seal.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	d, err := mongo.Open(t.Context(), seal.NewSecret(uri))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), d, keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestAnOperatorReadsAnIntegration looks at a document as mongosh shows it: all can be read but the secrets.
func TestAnOperatorReadsAnIntegration(t *testing.T) {
	uri := database(t)
	s := openStore(t, uri)
	i := integration.Integration{UID: "u", Name: "zoom", Model: "Zoom API:2.0.0", Settings: integration.Settings{
		Server: integration.Server{Protocol: "https", Host: "api.zoom.example", Port: 8443},
		Authentication: map[string]integration.Authentication{
			"oauth2.0": {ClientID: "me", ClientSecret: seal.NewSecret("hidden from operators"), Scope: "read"},
		},
	}}
	if _, err := s.Integrations.Put(t.Context(), "zoom", i, 0); err != nil {
		t.Fatal(err)
	}
	name := uri[strings.LastIndexByte(uri, '/')+1 : strings.IndexByte(uri, '?')]
	raw, err := client(t, uri).Database(name).Collection("integration").FindOne(t.Context(), bson.D{{Key: "_id", Value: "zoom"}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"body.model": "Zoom API:2.0.0", "body.settings.server.host": "api.zoom.example",
		"body.settings.authentication.oauth2\uff0e0.client_id": "me",
	} {
		if got := raw.Lookup(strings.Split(path, ".")...).StringValue(); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	secret := raw.Lookup("body", "settings", "authentication", "oauth2\uff0e0", "client_secret").StringValue()
	if !strings.HasPrefix(secret, "sealed:") || bytes.Contains(raw, []byte("hidden")) {
		t.Errorf("the secret is stored as %.20q", secret)
	}
	back, _, err := s.Integrations.Get(t.Context(), "zoom")
	if err != nil || back.Settings.Authentication["oauth2.0"].ClientSecret.Reveal() != "hidden from operators" {
		t.Errorf("the secret did not come back: %v", err)
	}
}

// TestADocumentBeyondMongoDBsLimit keeps an OpenAPI document of 40 MB, where MongoDB takes 16 MB.
func TestADocumentBeyondMongoDBsLimit(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"openapi":"3.0.3","info":{"title":"Large","version":"1"},"servers":[{"url":"https://large.example"}],"paths":{`)
	const operations = 2000
	for i := range operations {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, `"/things/%d":{"get":{"operationId":"get%d","summary":"%s","responses":{"200":{"description":"OK"}}}}`,
			i, i, strings.Repeat(fmt.Sprintf("%x ", i*i*2654435761), 1700))
	}
	text.WriteString(`}}`)
	if text.Len() < 40_000_000 {
		t.Fatalf("the document has %d bytes only", text.Len())
	}
	d, err := openapi.Read([]byte(text.String()), "")
	if err != nil {
		t.Fatal(err)
	}
	s := openStore(t, database(t))
	if _, err := s.PutModel(t.Context(), d, 0); err != nil {
		t.Fatal(err)
	}
	m, _, err := s.Model(t.Context(), "Large:1")
	if err != nil {
		t.Fatal(err)
	}
	op, err := s.Operation(t.Context(), &m, "get1234")
	if err != nil || op.Path != "/things/1234" {
		t.Errorf("the operation is %+v: %v", op.Path, err)
	}
	back, err := s.Document(t.Context(), &m)
	if err != nil || string(back) != text.String() {
		t.Errorf("%d bytes came back of %d: %v", len(back), text.Len(), err)
	}
	if err := s.DeleteModel(t.Context(), "Large:1"); err != nil {
		t.Error(err)
	}
}

func TestNoServerIsSaidSoon(t *testing.T) {
	uri := database(t)
	one.Cut()
	_, err := mongo.Open(t.Context(), seal.NewSecret(strings.Replace(uri, "mongodb://", "mongodb://somebody:hidden@", 1)))
	if !fault.Is(err, fault.Unavailable) || fault.HintOf(err) == "" || strings.Contains(fmt.Sprint(err, fault.HintOf(err)), "hidden") {
		t.Errorf("got %v, hint %q", err, fault.HintOf(err))
	}
	one.Restore()
	if d, err := mongo.Open(context.Background(), seal.NewSecret(uri)); err != nil {
		t.Error(err)
	} else {
		d.Close()
	}
}
