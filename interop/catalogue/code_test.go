package catalogue_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// These are the kinds of entries that begin with a redirect.

func TestPlainCode(t *testing.T) {
	c := start(t, "plain", false)
	scope := strings.Join(c.facts.Scopes, " ")
	code := c.authorize(true, url.Values{"scope": {scope}, "audience": {"all"}, "session": {"false"}}).Get("code")
	c.form(200, "login.plain.test/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {callback}, "code_verifier": {verifier}, "client_id": {c.facts.ClientID},
		"client_secret": {c.facts.ClientSecret}})
	if c.value("token_type") != "Bearer" || c.value("scope") != scope || !strings.Contains(c.text, `"expires_in":10`) {
		t.Errorf("answered %s", c.text)
	}
	token, refresh := c.value("access_token"), c.value("refresh_token")
	c.ping(200, "api.plain.test/v2", token)
	c.now = c.now.Add(life)
	c.ping(401, "api.plain.test/v2", token)
	again := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "client_id": {c.facts.ClientID},
		"client_secret": {c.facts.ClientSecret}}
	c.form(200, "login.plain.test/oauth/token", again)
	if c.value("refresh_token") == refresh {
		t.Error("the refresh token was not rotated")
	}
	c.ping(200, "api.plain.test/v2", c.value("access_token"))
	if c.s.Over() != 1 {
		t.Errorf("%d calls with a token that was over", c.s.Over())
	}
	c.counts("refresh request", 1)
	c.finish(140)

	c.form(400, "login.plain.test/oauth/token", again)
	want := "refresh request: parameter refresh_token: want "
	if refused := c.s.Refusals(); len(refused) != 1 || !strings.HasPrefix(refused[0], want) {
		t.Errorf("a spent refresh token was refused with %q", refused)
	}
}

func TestTenantOfRedirectAndAnswer(t *testing.T) {
	for _, sparse := range []bool{false, true} {
		c := start(t, "tenant", sparse)
		version := "2024-01"
		if !sparse {
			version = c.facts.Config["version"]
		} else if _, given := c.facts.Config["version"]; given {
			t.Error("a value that has an alternative was given")
		}
		redirect := c.authorize(false, url.Values{"scope": {strings.Join(c.facts.Scopes, ",")}})
		body := fmt.Sprintf(`{"grant_type": "authorization_code", "code": %q, "redirect_uri": %q, "expiring": 1}`,
			redirect.Get("auth"), callback)
		client := basic(url.QueryEscape(c.facts.ClientID), url.QueryEscape(c.facts.ClientSecret))
		at := c.facts.Config["sub"] + ".tenant.test/token?key=" + url.QueryEscape(c.facts.Config["key"])
		c.json(200, at, body, "Authorization", client)
		token, refresh, base := c.value("access_token"), c.value("refresh_token"), c.value("team", "url")
		headers := []string{"X-Token", token, "X-Shop", redirect.Get("shop"), "X-Version", version}
		c.get(200, base+"/api/ping", headers...)
		c.now = c.now.Add(life)
		c.get(401, base+"/api/ping", headers...)
		c.json(200, at, fmt.Sprintf(`{"grant_type": "refresh_token", "refresh_token": %q}`, refresh), "Authorization", client)
		c.get(200, base+"/api/ping", "X-Token", c.value("access_token"), "X-Shop", redirect.Get("shop"), "X-Version", version)
		c.finish(140)
	}
}

func TestNotesOfAMovedRefresh(t *testing.T) {
	c := start(t, "moved", false)
	code := c.authorize(false, url.Values{"scope": {strings.Join(c.facts.Scopes, " ")}}).Get("code")
	client := basic(c.facts.ClientID, c.facts.ClientSecret)
	c.form(200, "moved.test/token?redirect_uri="+url.QueryEscape(callback),
		url.Values{"grant_type": {"authorization_code"}, "code": {code}}, "Authorization", client)
	refresh := c.value("refresh_token")
	c.form(200, "moved.test/refresh", url.Values{"refresh_token": {refresh}}, "Authorization", client)
	if strings.Contains(c.text, "refresh_token") {
		t.Errorf("answered %s", c.text)
	}
	c.json(200, "moved.test/refresh", fmt.Sprintf(`{"refresh_token": %q}`, refresh), "Authorization", client)
	c.ping(200, "moved.test", c.value("access_token"))
	c.finish(100)
}

func TestExchangedToken(t *testing.T) {
	c := start(t, "exchanged", false)
	code := c.authorize(true, url.Values{"scope": {strings.Join(c.facts.Scopes, " ")}}).Get("code")
	c.form(200, "exchanged.test/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {callback}, "code_verifier": {verifier}, "client_id": {c.facts.ClientID},
		"client_secret": {c.facts.ClientSecret}})
	short := c.value("access_token")
	c.get(200, "exchanged.test/access_token?"+url.Values{"grant_type": {"th_exchange_token"},
		"client_secret": {c.facts.ClientSecret}, "access_token": {short}}.Encode())
	long := c.value("access_token")
	c.ping(200, "exchanged.test", long)
	c.get(200, "exchanged.test/again?"+url.Values{"grant_type": {"th_refresh_token"}, "access_token": {long}}.Encode())
	c.ping(200, "exchanged.test", c.value("access_token"))
	c.finish(120)
}

func TestSignedTokenRequests(t *testing.T) {
	c := start(t, "signed", false)
	code := c.authorize(false, url.Values{"scope": {strings.Join(c.facts.Scopes, " ")}}).Get("code")
	stamp := fmt.Sprint(c.now.UnixMilli())
	headers := func(body string) []string {
		mac := hmac.New(sha256.New, []byte(c.facts.ClientSecret))
		mac.Write([]byte(body + stamp))
		return []string{"appkey", c.facts.ClientID, "timestamp", stamp, "sign", hex.EncodeToString(mac.Sum(nil))}
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}}
	c.form(200, "signed.test/create", form, headers(form.Encode())...)
	c.ping(200, "signed.test", c.value("data", "accessToken"))
	c.send(200, http.MethodPost, "signed.test/refresh", "", headers("")...)
	c.ping(200, "signed.test", c.value("data", "accessToken"))
	c.finish(100)
}

func TestChatAnswersFailuresSoftly(t *testing.T) {
	c := start(t, "chat", false)
	code := c.authorize(false, url.Values{"scope": {strings.Join(c.facts.Scopes, ",")}}).Get("code")
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback},
		"client_id": {c.facts.ClientID}, "client_secret": {c.facts.ClientSecret}}
	c.form(200, "chat.test/access", form)
	if c.value("access_token") == c.value("authed_user", "access_token") {
		t.Error("both tokens are the same")
	}
	c.ping(403, "chat.test", c.value("authed_user", "access_token"))
	c.form(200, "chat.test/access", form)
	if c.value("error") != "invalid_grant" || len(c.s.Refusals()) == 0 {
		t.Errorf("a spent code was answered with %s", c.text)
	}

	c = start(t, "chat", true)
	form.Set("code", c.authorize(false, url.Values{"scope": {strings.Join(c.facts.Scopes, ",")}}).Get("code"))
	c.form(200, "chat.test/access", form)
	if strings.HasPrefix(c.text, `{"ok":true,"access_token"`) {
		t.Errorf("a user-only install answered %s", c.text)
	}
	c.ping(200, "chat.test", c.value("authed_user", "access_token"))
	c.finish(80)
}
