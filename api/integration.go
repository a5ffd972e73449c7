package api

import "encoding/json"

// An Integration is a configured instance of a model. Secrets in Properties.Properties are masked when it is read; writing
// the mask back keeps the stored value.
type Integration struct {
	Name        string                `json:"name"`
	Model       string                `json:"model"` // ModelPrefix + versionId
	Type        string                `json:"type"`  // "Adapter"
	Properties  IntegrationProperties `json:"properties"`
	IsEncrypted bool                  `json:"isEncrypted"`
	LoggerProps map[string]any        `json:"loggerProps"`
	Virtual     bool                  `json:"virtual"`
}

// IntegrationProperties wrap an integration's settings.
type IntegrationProperties struct {
	ID         string            `json:"id"`   // the name again
	Type       string            `json:"type"` // the versionId
	Brokers    []json.RawMessage `json:"brokers"`
	Groups     []json.RawMessage `json:"groups"`
	Properties json.RawMessage   `json:"properties,omitempty"` // authentication, server, tls, variables, version
}

// A Stored integration is what GET /integrations/{name} answers, and a list's entry.
type Stored struct {
	Data     Integration `json:"data"`
	Metadata Metadata    `json:"metadata"`
}

// Metadata is what Carnet knows of an integration beside its configuration.
type Metadata struct {
	IsActive bool    `json:"isActive"`
	Tokens   []Token `json:"tokens,omitempty"`
	// Callback is the redirect URI of the integration at this server; empty if nobody has said how browsers see it.
	Callback string `json:"callback,omitempty"`
}

// An IntegrationList is the answer of GET /integrations.
type IntegrationList struct {
	Results []Stored `json:"results"`
	Total   int      `json:"total"`
}

// Settings to change, by path, as PATCH /integrations/{name}/properties takes them: "client_id", "oauth.client_id",
// "server.host", "authentication.oauth.token.access_token", "variables.region". A value is JSON.
type Settings map[string]json.RawMessage
