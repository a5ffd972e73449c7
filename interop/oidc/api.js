// The API that the tokens are for. It checks what a real one should: bearer tokens (RFC 6750), DPoP-bound ones with their
// proofs (RFC 9449 4.3), certificate-bound ones (RFC 8705 3), and the audience of those that are JWTs (RFC 9068 4). None of it
// is oidc-provider's own code, so that the two check each other.
import { createHash, randomUUID } from 'node:crypto';
import { EmbeddedJWK, calculateJwkThumbprint, createLocalJWKSet, jwtVerify } from 'jose';

const thumbprint = (data) => createHash('sha256').update(data).digest('base64url');

class Refusal extends Error {
  constructor(scheme, error, description, headers = {}) {
    super(description);
    this.body = { error, error_description: description };
    this.headers = { 'www-authenticate': `${scheme} error="${error}", error_description="${description}"`, ...headers };
  }
}

const refuse = (scheme, condition, description) => {
  if (condition) throw new Refusal(scheme, 'invalid_token', description);
};

export default class API {
  #provider;
  #keys;
  #seen = new Set();
  #nonce = randomUUID();

  constructor(provider, keys) {
    this.#provider = provider;
    this.#keys = createLocalJWKSet({ keys });
  }

  // renounce makes the current nonce stale.
  renounce() {
    this.#nonce = randomUUID();
  }

  async handle(req, res) {
    const url = new URL(req.url, this.#provider.issuer);
    res.setHeader('content-type', 'application/json');
    try {
      const token = await this.#authenticate(req, url);
      if (token.jkt) res.setHeader('dpop-nonce', this.#nonce);
      res.end(JSON.stringify({ method: req.method, name: token.client, ...token }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      res.writeHead(401, error.headers);
      res.end(JSON.stringify(error.body));
    }
  }

  async #authenticate(req, url) {
    const [, scheme, value] = /^(Bearer|DPoP) +([^ ]+)$/i.exec(req.headers.authorization ?? '') ?? [];
    refuse('Bearer', !value, 'no access token');
    const bearer = scheme.toLowerCase() === 'bearer';
    const token = await this.#find(value, url);
    refuse('DPoP', bearer && token.jkt, 'a token bound to a DPoP key is no bearer token');
    refuse('Bearer', !bearer && !token.jkt, 'the token is not bound to a DPoP key');
    refuse('Bearer', token.x5t && token.x5t !== this.#certificate(req), 'the token is bound to another certificate');
    if (token.jkt) await this.#prove(req, url, value, token);
    return { ...token, scheme };
  }

  #certificate(req) {
    const certificate = req.socket.getPeerX509Certificate?.();
    return certificate && thumbprint(certificate.raw);
  }

  async #find(value, url) {
    const resource = url.pathname.replace(/\/ping$/, '');
    if (value.split('.').length === 3) return this.#read(value, this.#provider.issuer + resource);
    const found = await this.#provider.AccessToken.find(value) ?? await this.#provider.ClientCredentials.find(value);
    refuse('Bearer', !found, 'no such token, or it is over');
    refuse('Bearer', found.aud || resource !== '/api', 'the token is not for this resource');
    return { client: found.clientId, subject: found.accountId, scope: found.scope, jkt: found.jkt, x5t: found['x5t#S256'] };
  }

  async #read(value, audience) {
    const issuer = this.#provider.issuer;
    try {
      const { payload } = await jwtVerify(value, this.#keys, { issuer, audience, typ: 'at+jwt', requiredClaims: ['exp', 'client_id'] });
      const { client_id: client, sub: subject, scope, aud, cnf } = payload;
      return { client, subject, scope, aud, jkt: cnf?.jkt, x5t: cnf?.['x5t#S256'] };
    } catch (error) {
      throw new Refusal('Bearer', 'invalid_token', error.message.replaceAll('"', "'"));
    }
  }

  async #prove(req, url, value, token) {
    const { payload, protectedHeader } = await jwtVerify(req.headers.dpop ?? '', EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256', 'EdDSA'] })
      .catch((error) => { throw new Refusal('DPoP', 'invalid_dpop_proof', error.message.replaceAll('"', "'")); });
    const wrong = (condition, what) => { if (condition) throw new Refusal('DPoP', 'invalid_dpop_proof', what); };
    wrong(await calculateJwkThumbprint(protectedHeader.jwk) !== token.jkt, 'another key than the token is bound to');
    wrong(payload.htm !== req.method, `htm is not ${req.method}`);
    wrong(payload.htu !== this.#provider.issuer + url.pathname, `htu is not ${this.#provider.issuer}${url.pathname}`);
    wrong(payload.ath !== thumbprint(value), 'ath is not the hash of the token');
    wrong(!(Math.abs(Date.now() / 1000 - payload.iat) < 60), 'iat is not recent');
    if (token.client.endsWith('-nonce') && payload.nonce !== this.#nonce) {
      throw new Refusal('DPoP', 'use_dpop_nonce', 'the proof has to hold the nonce', { 'dpop-nonce': this.#nonce });
    }
    wrong(typeof payload.jti !== 'string' || this.#seen.has(payload.jti), 'jti is missing or was seen');
    this.#seen.add(payload.jti);
  }
}
