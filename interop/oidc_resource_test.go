package interop_test

import (
	"net/http"
	"testing"
)

// Resource indicators (RFC 8707): a token for one resource is no good at the other, nor where none is wanted.
func TestOIDCResources(t *testing.T) {
	s := startOIDC(t)
	places := []string{"", "/orders", "/stock"}
	for _, own := range places {
		form := clientCredentials
		if own != "" {
			form = and(form, "resource", s.Issuer+"/api"+own)
		}
		token := issued(t, s.ask(t, form, basic(robotID, robotSecret)), "Bearer").text("access_token")
		for _, place := range places {
			got := get(t, http.DefaultClient, s.Issuer+"/api"+place+"/ping", bearer(token))
			if place != own {
				refused(t, got, 401, "invalid_token")
			} else if got.Status != http.StatusOK || got.text("name") != robotID {
				t.Errorf("%q answered %d %v", place, got.Status, got.Body)
			}
		}
	}
	for name, resource := range map[string][]string{
		"unknown": {"resource", s.Issuer + "/api/nowhere"},
		"two":     {"resource", s.Issuer + "/api/orders", "resource", s.Issuer + "/api/stock"},
	} {
		form := fields(append(resource, "grant_type", "client_credentials")...)
		a := s.ask(t, form, basic(robotID, robotSecret))
		t.Run(name, func(t *testing.T) { refused(t, a, 400, "invalid_target") })
	}
}

// A person's grant may be for both resources; each access token is for one, by the code or by a refresh.
func TestOIDCResourcesOfAPerson(t *testing.T) {
	s := startOIDC(t)
	orders, stock := s.Issuer+"/api/orders", s.Issuer+"/api/stock"
	asked := authorization(appID)
	asked["resource"] = []string{orders, stock}
	code := browse(t, s.Issuer+"/auth?"+asked.Encode()).Query().Get("code")
	app := fields("client_id", appID, "client_secret", appSecret)
	first := issued(t, s.ask(t, and(app, "grant_type", "authorization_code", "code", code,
		"redirect_uri", callback, "resource", orders)), "Bearer")
	second := issued(t, s.ask(t, and(app, "grant_type", "refresh_token",
		"refresh_token", first.text("refresh_token"), "resource", stock)), "Bearer")
	for path, token := range map[string]answer{"/api/orders/ping": first, "/api/stock/ping": second} {
		got := get(t, http.DefaultClient, s.Issuer+path, bearer(token.text("access_token")))
		if got.Status != http.StatusOK || got.text("subject") != person {
			t.Errorf("%s answered %d %v", path, got.Status, got.Body)
		}
	}
}
