package catalogue

// Rules are the readings of the fields that count for all entries, a sentence each.
func Rules() []string {
	return []string{
		"A host is the first segment of the path (see the package's comment); a URL that is only a value stays as the" +
			" entry has it.",
		"OAUTH2 sends the standard parameters of RFC 6749 4.1 and 6 (grant_type, code, redirect_uri, refresh_token) " +
			"whether the entry lists them or not, and code_verifier; token_params and refresh_params add to them or " +
			"replace them.",
		"OAUTH2_CC sends what token_params lists and the client, and scope only where the entry has default_scopes or" +
			" a separator.",
		"TWO_STEP sends exactly what is listed, default_scopes not.",
		"PKCE is S256, and required; with pkce false its parameters are refused.",
		"OAUTH2 has scopes, default_scopes or two made-up ones, in the authorization request only; not where " +
			"authorization_params have a scope.",
		"scope_separator stands in the value: a plus is a plus, and %2B on the wire.",
		"The authorization endpoint is not told: it is Facts.AuthorizationURL. authorization_params add or replace.",
		"A value in a URL's query may hold any character, and is compared decoded.",
		"A request without parameters has no body, or an empty collection of its format; a body needs its " +
			"content type, and a GET has neither.",
		"Basic is raw or encoded as the entry says, never both; where it says both, id and secret are the same in " +
			"both.",
		"private_key_jwt is RS256, its aud the token URL as asked; client_id may be in the body too (RFC 7521 4.2).",
		"A JWT has the listed header and claims, besides iat, exp, nbf, jti (and typ JWT); iat and exp must be there.",
		"HMAC keys are hexadecimal unless hmac_secret_encoding says utf8.",
		"Parameters in headers and bodies are compared with their types: a text is no number in JSON; order counts in" +
			" XML alone.",
		"The token answer of OAUTH2 and OAUTH2_CC is RFC 6749 5.1, token_type Bearer, without expires_in where " +
			"token_expires_in_ms is.",
		"expireAt is an ISO 8601 time in UTC.",
		"Only entries of OAUTH2, and those whose token_response has a refresh_token, can refresh; the others ask " +
			"again.",
		"A refresh spends the refresh token and brings another, unless a note says otherwise.",
		"A token is good for Options.Life, whatever the entry says; one that the client made, from its first call on." +
			" After that: 401.",
		"A call carries the token where call_headers or call_query hold it, else as Authorization: Bearer, and " +
			"nowhere else.",
		"Redirect metadata are parameters of the redirect, response metadata are at their paths in the answer; both " +
			"are connectionConfig values of their names.",
		"Options.Sparse: the user gives nothing that has an alternative, an install is user-only, a tenant does not " +
			"rotate.",
		"require_client_certificate counts for the token endpoint and for the API.",
		"Headers that an HTTP client adds by itself are free (Accept, Accept-Encoding, Connection, Content-Length, " +
			"User-Agent) unless described; others are refused.",
	}
}

// Reading is how an entry was read where its words leave something open; "" if they don't.
func Reading(name string) string {
	switch name {
	case "absorb-lms":
		return "both requests to the token endpoint have the two headers (those of the calls) and a nonce, a UUID; scope is " +
			"repeated in the refresh as it was at the authorization"
	case "agiloft":
		return "the first request has client_id in the body and raw Basic; the refresh has md5_secret and no other client " +
			"authentication"
	case "avanan":
		return "the signature's endpoint is the path of the call as it is on the wire, the host's segment included"
	case "aws":
		return "apiSubdomain is connectionConfig.apiSubdomain"
	case "bill", "bill-sandbox":
		return "as the service documents it: JSON with username, password, organizationId, devKey; the token is sessionId; " +
			"calls have the headers devKey and sessionId"
	case "braintree", "braintree-sandbox":
		return "a JSON request with encoded Basic as the fields say; the answer is standard but for expiresAt, an ISO time"
	case "clover":
		return "the first request is standard, as JSON; the refresh has just client_id and refresh_token; the answer has " +
			"access_token_expiration and refresh_token_expiration as UNIX seconds instead of expires_in"
	case "dayforce":
		return "a call is redirected (307) once to another host, which is another path of the same origin here, and wants " +
			"the same headers there"
	case "emarsys":
		return "X-WSSE as the service documents it: PasswordDigest is base64 of hexadecimal SHA-1 of nonce, time and " +
			"password; the nonce is 32 hexadecimal digits, the time ISO 8601 in UTC"
	case "figma":
		return "redirect_uri is in the query of the token request and not in its body; the refresh may be form or JSON, with" +
			" Basic"
	case "followupboss":
		return "state is a parameter of the code's request, not of the refresh"
	case "ghost-admin":
		return "the user's key is id:secret; the secret is hexadecimal, the id the header's kid"
	case "heymarket":
		return "the HMAC key is the id, two bars and the key as one text; the bars are no alternative here"
	case "jobdiva":
		return "the token is the whole body; its life is not told"
	case "microsoft-admin":
		return "the token request is client credentials with the client in the body and scope; the redirect brings the " +
			"tenant's id as tenant, and whether it took place is not checked"
	case "netsuite-client-credentials":
		return "TWO_STEP: default_scopes and authorization_params are not sent"
	case "one-drive", "sharepoint-online":
		return "the entry's own token; a second one (of another scope) would be a second integration"
	case "passportal":
		return "x-hash is a value of the user"
	case "pennylane", "workable-oauth":
		return "scopes are joined by a plus sign, which is %2B on the wire"
	case "read-ai":
		return "raw and encoded Basic are both named: id and secret are such that both are the same"
	case "revolut-business":
		return "client_assertion replaces id and secret in both requests (client_id may stay), its iss is host and port of " +
			"the redirect URI, its sub the client id"
	case "roller":
		return "no grant_type: only client_id and client_secret, as JSON"
	case "sage-intacct":
		return "${now} is an ISO 8601 time, {{$guid}} a UUID, a name that begins with $ an attribute; a call is a GET below " +
			"base_url like every other"
	case "sage-people":
		return "instance_url in the answer is a host without scheme, because base_url puts https:// before it"
	case "salesforce-cc", "salesforce-jwt", "salesforce-experience-cloud":
		return "expires_in is missing; introspection is offered (POST form, client_id and client_secret in the body) and not" +
			" required"
	case "salesforce-cdp":
		return "credentials.jwt is a value of the user; both answers have an instance_url: the first's is where the second " +
			"request goes, the second's the base URL of calls"
	case "salesmsg":
		return "the refresh has the described header alone; the token is its own refresh token, spent by the refresh, even " +
			"after its life"
	case "sap-success-factors":
		return "a SAML 2.0 assertion, base64, with an enveloped RSA-SHA256 signature over exclusive canonical XML; " +
			"Facts.Credentials has one made beforehand as assertion, as users do"
	case "sap-business-one":
		return "the session is the answer's two cookies, B1SESSION and ROUTEID; calls send both and nothing else"
	case "sentry-oauth":
		return "the answer has just the three named fields; the requests are standard forms"
	case "sharepoint-online-v1":
		return "credentials.assertion is a value of the user: the entry does not say how it is made"
	case "shopify":
		return "expiring is sent beside the standard parameters"
	case "shopline-oauth":
		return "the code's request is a standard form without client_id and client_secret; sign is over the body as sent and" +
			" the timestamp; the refresh is a POST without body"
	case "shopvox":
		return "account_id of calls is accountID in the token answer"
	case "slack":
		return "the bot's token is the one to use; a refresh is answered as the first request; with Options.Sparse the " +
			"tokens are only under authed_user; refused token requests are 200 with ok false"
	case "sophos-central":
		return "dataRegion is a whole URL, and a value of the user"
	case "stripe-app":
		return "client_id is not sent to the token endpoint"
	case "tableau":
		return "estimatedTimeToExpiration is an ISO 8601 time, as expireAt says"
	case "teamwork":
		return "installation.apiEndPoint is a whole URL in the answer"
	case "threads":
		return "the exchange is at /access_token of the token URL's host, with client_secret; only the token that it brings " +
			"is good for calls; it refreshes itself, even after its life"
	case "tiktok-ads":
		return "app_id, secret and auth_code are other names of the standard parameters, the rest stays, JSON; the " +
			"redirect's parameter is code; tokens don't end"
	case "veeva-vault-oauth":
		return "tokenUrl is a host here"
	case "walmart":
		return "both requests have raw Basic and the three headers; WM_SVC.NAME is Walmart Marketplace, as the service " +
			"documents it; sellerId comes with the redirect"
	case "workday-oauth":
		return "with Options.Sparse the refresh token in the answer of a refresh is good for nothing: the old one stays"
	case "wrike":
		return "host in the answer is a host without scheme"
	case "zoominfo":
		return "custom is what the service documents: JSON with username (the id) and password (the secret), answer " +
			"{\"jwt\": ...}"
	}
	return ""
}
