package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http/httptest"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
	"carnet.dev/carnet/client"
)

// A model is imported, an integration is made and filled in, and an operation is run.
func Example() {
	ctx := context.Background()
	provider := httptest.NewServer(carnettest.NewProvider(carnettest.ProviderOptions{
		Clients: map[string]string{"night-shift": "its secret"},
	}))
	defer provider.Close()
	carnet := server() // in a program: client.New("http://127.0.0.1:8700", client.Options{ClientID: id, ClientSecret: secret})

	m, err := carnet.ImportModel(ctx, api.ModelRequest{URL: provider.URL + "/openapi.json"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := carnet.CreateIntegration(ctx, api.Integration{Name: "desk", Model: m.VersionID}); err != nil {
		log.Fatal(err)
	}
	if _, err := carnet.SetIntegration(ctx, "desk", api.Settings{
		"clientAuth.client_id":     json.RawMessage(`"night-shift"`),
		"clientAuth.client_secret": json.RawMessage(`"its secret"`),
	}); err != nil {
		log.Fatal(err)
	}
	result, err := carnet.RunOperation(ctx, "desk", "listShipments", api.Task{
		Parameters: map[string]json.RawMessage{"limit": json.RawMessage("1")},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.VersionID, result.Status)
	// Output: Carnet Shipping:1.0.0 200
}

// server is a Carnet for the example.
func server() *client.Client { return carnettest.New(exampleTB{}).Client }

// exampleTB stands in for a test.
type exampleTB struct{}

func (exampleTB) Helper()        {}
func (exampleTB) Fatal(a ...any) { log.Fatal(a...) }
func (exampleTB) Cleanup(func()) {}
