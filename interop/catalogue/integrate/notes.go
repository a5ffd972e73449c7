package integrate

import "slices"

// notes follows what the catalogue says of an entry in words.
func (m *maker) notes() {
	for _, note := range m.entry.Notes {
		if follow := m.rule(note); follow != nil {
			follow()
		}
	}
	if slices.Contains(m.entry.TokenResponseHeaders, "set-cookie") { // the session is the answer's cookies, which no document describes
		m.auth["type"], m.auth["in"], m.auth["name"] = "apiKey", "header", "Cookie"
		m.settings["security"] = []any{object{Scheme: []any{}}}
		m.response["values"] = object{"cookies": "cookie:*"}
	}
}

func (m *maker) rule(note string) func() {
	switch note {
	case "token request needs headers x-api-version and x-api-key and a random nonce parameter":
		return func() {
			for _, r := range []object{m.request, m.refresh} {
				m.headers(r, m.entry.CallHeaders)
				m.params(r)["nonce"] = "${uuid}"
			}
		}
	case "refresh must repeat scope":
		return func() { m.params(m.refresh)["scope"] = "${scope}" }
	case "refresh request carries md5_secret = first 20 characters of the client secret instead of client_id/client_secret":
		return func() {
			m.refreshWithout("client_id", "client_secret")
			m.params(m.refresh)["md5_secret"] = "${left(client_secret, 20)}"
		}
	case "first request: HTTP Basic and client_id in the body too":
		return func() {
			m.params(m.request)["client_secret"] = nil
			put(m.request, "headers", "Authorization", "Basic ${base64(client_id + ':' + client_secret)}")
		}
	case "token and refresh only through the vendor SDK (XML protocol), answer gives expiresAt, not expires_in":
		return func() { m.response["expires_at"] = "expiresAt" }
	case "answer fields access_token_expiration / refresh_token_expiration (absolute UNIX times)":
		return func() { m.response["expires_at"] = "access_token_expiration" }
	case "refresh sends client_id and refresh_token only, JSON, other path":
		return func() { m.refreshWithout("grant_type", "client_secret") }
	case "refresh at another URL, form/JSON body without grant_type":
		return func() { m.refreshWithout("grant_type") }
	case "redirect_uri in the query of the token request":
		return func() {
			m.params(m.request)["redirect_uri"] = nil
			put(m.request, "query", "redirect_uri", "${redirect_uri}")
		}
	case "token request needs the state value again":
		return func() { m.params(m.request)["state"] = "${state}" }
	case "public client: no secret":
		return func() {
			m.auth["auth_method"] = "none"
			delete(m.auth, "client_secret")
		}
	case "client_credentials after an admin-consent redirect; there is no refresh token: ask again":
		return func() {
			m.auth["grant_type"] = "clientCredentials"
			delete(m.auth, "authorization")
			delete(m.auth, "refresh_url")
		}
	case "client authentication: signed JWT (RS256), iss = host of the redirect URI, aud = https://revolut.com":
		return m.revolut
	case "answer fields token, refreshToken, expiresAt (ISO time)":
		return func() {
			m.response["access_token"], m.response["refresh_token"], m.response["expires_at"] = "token", "refreshToken", "expiresAt"
		}
	case "every token request is signed: headers appkey, timestamp (ms), sign = hex HMAC-SHA256(secret, body + timestamp)":
		return m.shopline
	case "answer wrapped in data: accessToken, expireTime (ISO time)":
		return func() {
			m.response["access_token"], m.response["refresh_token"] = "data.accessToken", "data.accessToken"
			m.response["expires_at"] = "data.expireTime"
		}
	case "no refresh token: refresh is a signed request without body":
		return func() { m.refreshWithout("grant_type", "refresh_token", "client_id", "client_secret") }
	case "Basic with the secret as the user name and an empty password":
		return func() {
			m.auth["auth_method"] = "none"
			for _, r := range []object{m.request, m.refresh} {
				m.params(r)["client_id"] = nil
				put(r, "headers", "Authorization", "Basic ${base64(client_secret + ':')}")
			}
		}
	case "expires_in missing: 3600 s assumed":
		return func() { m.auth["lifetime"] = 3600 }
	case "short-lived token (1 h) exchanged for a 60-day one (grant_type=th_exchange_token, GET)":
		return m.exchange
	case "parameters named app_id, secret, auth_code; JSON body":
		return func() {
			m.auth["auth_method"] = "none"
			m.request["format"] = "json"
			params := m.params(m.request)
			params["client_id"], params["code"] = nil, nil
			params["app_id"], params["secret"], params["auth_code"] = "${client_id}", "${client_secret}", "${code}"
		}
	case "answer wrapped in data":
		return func() { m.response["access_token"] = "data.access_token" }
	case "user-only installs have the token only under authed_user":
		return func() { m.orUnder("authed_user") }
	case "some tenants do not rotate the refresh token although they return one: a per-connection switch keeps the old one":
		if !m.facts.KeepsRefreshToken {
			return nil
		}
		return func() { // where there is none in the answer, the old one stays
			m.refresh["response"] = object{"access_token": "access_token", "refresh_token": "header:none"}
		}
	case "Basic plus headers WM_SVC.NAME, WM_QOS.CORRELATION_ID (random), WM_PARTNER.ID (seller id)":
		return m.walmart
	}
	return nil
}

func (m *maker) refreshWithout(names ...string) {
	for _, name := range names {
		m.params(m.refresh)[name] = nil
	}
}

func (m *maker) revolut() {
	m.auth["auth_method"], m.auth["private_key"] = "none", m.facts.PrivateKey
	delete(m.auth, "client_secret")
	redirect := m.facts.RedirectURI
	m.auth["sign"] = object{"alg": "RS256", "claims": object{"iss": hostOf(redirect), "sub": "${client_id}", "aud": "https://revolut.com"}}
	for _, r := range []object{m.request, m.refresh} {
		m.params(r)["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
		m.params(r)["client_assertion"] = "${assertion}"
	}
}

func (m *maker) shopline() {
	m.auth["auth_method"] = "none"
	for _, r := range []object{m.request, m.refresh} {
		m.params(r)["client_id"] = nil
		put(r, "headers", "appkey", "${client_id}")
		put(r, "headers", "timestamp", "${now('unixms')}")
		put(r, "headers", "sign", "${hex(hmac_sha256(client_secret, request.body + now('unixms')))}")
	}
}

func (m *maker) walmart() {
	m.auth["auth_method"] = "none"
	for _, r := range []object{m.request, m.refresh} {
		m.params(r)["client_id"] = nil
		put(r, "headers", "Authorization", "Basic ${base64(client_id + ':' + client_secret)}")
		put(r, "headers", "WM_SVC.NAME", "Walmart Marketplace")
		put(r, "headers", "WM_QOS.CORRELATION_ID", "${uuid}")
		put(r, "headers", "WM_PARTNER.ID", "${redirect.sellerId}")
	}
}

// exchange makes a step of the code's request, and the token request of the exchange. The token refreshes itself.
func (m *maker) exchange() {
	step := m.request
	step["name"], step["url"] = "code", m.auth["token_url"]
	params := m.params(step)
	params["client_id"], params["client_secret"] = "${client_id}", "${client_secret}"
	params["grant_type"], params["code"], params["redirect_uri"] = "authorization_code", "${code}", "${redirect_uri}"
	if m.entry.PKCE == nil || *m.entry.PKCE {
		params["code_verifier"] = "${code_verifier}"
	}
	m.auth["steps"], m.auth["auth_method"] = []any{step}, "none"
	m.request = object{"method": "GET", "format": "query", "params": object{
		"grant_type": "th_exchange_token", "client_id": nil, "client_secret": "${client_secret}", "access_token": "${steps.code.access_token}",
		"code": nil, "redirect_uri": nil, "code_verifier": nil,
	}}
	m.auth["token_url"] = originOf(m.auth["token_url"].(string)) + "/access_token"
	m.response["refresh_token"] = "access_token"
	m.refresh["method"], m.refresh["format"] = "GET", "query"
	m.refreshWithout("refresh_token", "client_id")
	m.params(m.refresh)["grant_type"], m.params(m.refresh)["access_token"] = "th_refresh_token", "${refresh_token}"
}
