// An authorization server for the tests beside: oidc-provider with its development pages for signing in, rotating refresh
// tokens, and an API of its own. It reads its settings as one line of JSON, prints where it listens as another, and ends with
// its standard input. There are two issuers, one with TLS, which asks for client certificates.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createInterface } from 'node:readline';
import Provider, { errors } from 'oidc-provider';

import API from './api.js';
import clients from './clients.js';
import document from './document.js';
import TestRoutes from './routes.js';

const scopes = ['openid', 'offline_access', 'read', 'write'];
const certificate = (ctx) => ctx.socket.getPeerX509Certificate?.();

// Tokens for a resource (RFC 8707) are JWTs, those for none are opaque.
const resources = (issuer, lifetime) => ({
  enabled: true,
  getResourceServerInfo(ctx, resource) {
    if (![`${issuer}/api/orders`, `${issuer}/api/stock`].includes(resource)) throw new errors.InvalidTarget();
    return { scope: 'read write', audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: lifetime, jwt: { sign: { alg: 'ES256' } } };
  },
  useGrantedResource: () => true,
});

const mTLS = {
  enabled: true, certificateBoundAccessTokens: true, selfSignedTlsClientAuth: true, tlsClientAuth: true,
  getCertificate: certificate,
  certificateAuthorized: (ctx) => ctx.socket.authorized,
  certificateSubjectMatches: (ctx, property, expected) =>
    property === 'tls_client_auth_subject_dn' && certificate(ctx).subject.replaceAll('\n', ',') === expected,
};

const pairs = [['RS256', 'rsa', { modulusLength: 2048 }], ['ES256', 'ec', { namedCurve: 'P-256' }]]
  .map(([alg, type, options]) => ({ alg, ...generateKeyPairSync(type, options) }));
const keys = (half) => pairs.map((pair) => ({ ...pair[half].export({ format: 'jwk' }), alg: pair.alg, use: 'sig', kid: pair.alg }));

function configuration(issuer, settings) {
  const { lifetime } = settings;
  return {
    clients: clients(settings),
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt',
      'tls_client_auth', 'self_signed_tls_client_auth', 'none'],
    scopes,
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      devInteractions: { enabled: true },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: (ctx) => ctx.oidc.client?.clientId.endsWith('-nonce') ?? false },
      introspection: { enabled: true, allowedPolicy: () => true },
      mTLS,
      resourceIndicators: resources(issuer, lifetime),
      revocation: { enabled: true },
    },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    rotateRefreshToken: () => true,
    issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
    jwks: { keys: keys('privateKey') },
    ttl: {
      AccessToken: lifetime, ClientCredentials: lifetime, RefreshToken: 3600, Grant: 3600, Session: 3600, Interaction: 3600,
      IdToken: 60, DeviceCode: 60,
    },
    cookies: { keys: ['a key for tests'] },
  };
}

function serve(server, issuer, settings) {
  const provider = new Provider(issuer, configuration(issuer, settings));
  const api = new API(provider, keys('publicKey'));
  const test = new TestRoutes(provider, api);
  const callback = provider.callback();
  server.on('request', async (req, res) => {
    if (req.url === '/openapi.json') res.setHeader('content-type', 'application/json').end(JSON.stringify(document(issuer)));
    else if (req.url.startsWith('/api/')) await api.handle(req, res);
    else if (req.url.startsWith('/test/')) await test.handle(req, res);
    else callback(req, res);
  });
}

async function start(server, protocol, settings) {
  await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
  const issuer = `${protocol}://127.0.0.1:${server.address().port}`;
  serve(server, issuer, settings);
  return issuer;
}

const input = createInterface({ input: process.stdin });
input.once('line', async (line) => {
  const settings = JSON.parse(line);
  const { key, certificate: cert, authority: ca } = settings.tls;
  const secure = createSecureServer({ key, cert, ca, requestCert: true, rejectUnauthorized: false });
  const issuer = await start(createServer(), 'http', settings);
  const tlsIssuer = await start(secure, 'https', settings);
  console.log(JSON.stringify({ issuer, tlsIssuer }));
});
input.on('close', () => process.exit(0));
