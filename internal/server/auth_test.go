package server_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"carnet.dev/carnet/fault"
	"carnet.dev/carnet/internal/access"
	"carnet.dev/carnet/internal/server"
)

func TestSignIn(t *testing.T) {
	const json = "Content-Type: application/json"
	cookie := "Cookie: token=" + sessionText
	for name, test := range map[string]struct {
		method  string
		headers []string
		status  int
	}{
		"nobody":                {"GET", nil, 401},
		"basic":                 {"GET", []string{basic()}, 200},
		"wrong basic":           {"GET", []string{"Authorization: Basic YWRtaW46eA=="}, 401},
		"broken basic":          {"GET", []string{"Authorization: Basic !"}, 401},
		"other":                 {"GET", []string{"Authorization: Digest x", cookie}, 401},
		"bearer":                {"GET", []string{"authorization: bEARER " + sessionText}, 200},
		"wrong bearer":          {"GET", []string{"Authorization: Bearer x", cookie}, 401},
		"cookie":                {"GET", []string{cookie}, 200},
		"old cookie":            {"GET", []string{"Cookie: token=x"}, 401},
		"write by cookie":       {"POST", []string{cookie, json}, 200},
		"form by cookie":        {"POST", []string{cookie, "Content-Type: text/plain"}, 403},
		"untyped by cookie":     {"POST", []string{cookie}, 403},
		"untyped by basic":      {"POST", []string{basic()}, 200},
		"own page":              {"POST", []string{cookie, json, "Sec-Fetch-Site: same-origin"}, 200},
		"foreign page":          {"POST", []string{cookie, json, "Sec-Fetch-Site: cross-site"}, 403},
		"foreign page by basic": {"POST", []string{basic(), json, "Sec-Fetch-Site: same-site"}, 403},
		"foreign origin":        {"POST", []string{cookie, json, "Origin: https://evil.example"}, 403},
		"foreign link":          {"GET", []string{cookie, "Sec-Fetch-Site: cross-site"}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(server.Options{})
			s.sessions[sessionText] = access.Caller{Kind: "user", Name: "ann", Role: access.Viewer}
			body := ""
			if test.method == "POST" {
				body = `{"name":"x","role":"viewer"}`
			}
			answer := s.ask(test.method, "/users", body, test.headers...)
			if answer.Code != test.status {
				t.Errorf("answer is %d %s, want %d", answer.Code, answer.Body, test.status)
			}
			if challenges := answer.Header().Values("WWW-Authenticate"); (answer.Code == 401) != (len(challenges) == 2) {
				t.Errorf("challenges are %q", challenges)
			}
		})
	}
}

func TestLogin(t *testing.T) {
	for body, status := range map[string]int{
		`{"username":"admin","password":"` + password + `"}`:          200,
		`{"user":{"username":"admin","password":"` + password + `"}}`: 200,
		`{"username":"admin","password":"wrong"}`:                     401,
		`{"username":"admin"}`:                                        400,
		`{"user":{"username":"admin","passwd":"` + password + `"}}`:   400,
		`{}`: 400,
		`[]`: 400,
		`"`:  400,
	} {
		s := newSite(server.Options{})
		answer := s.ask("POST", "/login", body)
		if answer.Code != status || (status == 200) != (len(answer.Result().Cookies()) == 1) || strings.Contains(answer.Body.String(), password) {
			t.Errorf("%s: answer is %d %s", body, answer.Code, answer.Body)
		}
		if status == 200 {
			wants(t, s.ask("POST", "/logout", "", "Cookie: token="+sessionText), 200, `{"status":"OK","message":"Signed out."}`)
			if s.ask("GET", "/users", "", "Cookie: token="+sessionText).Code != 401 {
				t.Error("the session outlived its logout")
			}
		}
	}
}

// TestAccessToken: RFC 6749 4.4 and 5.2.
func TestAccessToken(t *testing.T) {
	const form, good = "Content-Type: application/x-www-form-urlencoded", "grant_type=client_credentials&client_id=ci.1&client_secret=" + clientSecret
	r := httptest.NewRequest("GET", "/", nil)
	r.SetBasicAuth("ci%2E1", clientSecret)
	basic := "Authorization: " + r.Header.Get("Authorization")
	token := `{"access_token":"` + sessionText + `","token_type":"Bearer","expires_in":3600}`
	for name, test := range map[string]struct {
		body    string
		headers []string
		status  int
		answer  string
	}{
		"form":        {good, []string{form + "; charset=utf-8"}, 200, token},
		"basic":       {"grant_type=client_credentials", []string{form, basic}, 200, token},
		"basic + id":  {"grant_type=client_credentials&client_id=ci.1", []string{form, basic}, 200, token},
		"both":        {good, []string{form, basic}, 400, `{"error":"invalid_request","error_description":"the client authenticates twice"}`},
		"JSON":        {`{}`, []string{"Content-Type: application/json"}, 415, `{"error":"invalid_request","error_description":"send application/x-www-form-urlencoded"}`},
		"wrong":       {good + "x", []string{form}, 401, `{"error":"invalid_client"}`},
		"no grant":    {"client_id=ci.1", []string{form}, 400, `{"error":"invalid_request","error_description":"grant_type is missing"}`},
		"other grant": {"grant_type=password", []string{form}, 400, `{"error":"unsupported_grant_type","error_description":"use client_credentials"}`},
		"twice":       {good + "&client_id=x", []string{form}, 400, `{"error":"invalid_request","error_description":"client_id occurs twice"}`},
		"secret name": {good + "&" + clientSecret + "=1&" + clientSecret + "=2", []string{form}, 400, `{"error":"invalid_request","error_description":"a parameter occurs twice"}`},
		"broken":      {"grant_type=%zz", []string{form}, 400, `{"error":"invalid_request","error_description":"the form is not well formed"}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(server.Options{})
			answer := s.ask("POST", "/oauth/token", test.body, test.headers...)
			wants(t, answer, test.status, test.answer)
			if answer.Header().Get("Cache-Control") != "no-store" || len(answer.Result().Cookies()) > 0 {
				t.Error("the answer may be cached, or sets a cookie")
			}
			if test.status == 200 && s.ask("GET", "/users", "", "Authorization: Bearer "+sessionText).Code != 200 {
				t.Error("the access token is not accepted")
			}
		})
	}
	s := newSite(server.Options{})
	s.err = fault.New(fault.Unavailable, "the store is away")
	if answer := s.ask("POST", "/oauth/token", good, form); answer.Code != 503 {
		t.Errorf("answer is %d", answer.Code)
	}
}
