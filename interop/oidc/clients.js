// The clients: one of every kind of client authentication, and of every way to bind a token. A name says what is special.

const cc = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };

// robots ask for themselves (RFC 6749 4.4).
function robots({ keys, selfSigned }) {
  const robot = (client_id, more) => ({ client_id, ...cc, ...more });
  const secret = (client_id, more) => robot(client_id, { client_secret: `secret of ${client_id}, long enough to sign with`, ...more });
  return [
    robot('robot', { client_secret: 'robot: 100% & more' }),
    secret('robot-post', { token_endpoint_auth_method: 'client_secret_post' }),
    secret('robot-HS256', { token_endpoint_auth_method: 'client_secret_jwt', token_endpoint_auth_signing_alg: 'HS256' }),
    ...Object.entries(keys).map(([alg, jwk]) => robot(`robot-${alg}`, {
      token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: alg, jwks: { keys: [jwk] },
    })),
    robot('robot-tls', {
      token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=robot-tls',
      tls_client_certificate_bound_access_tokens: true,
    }),
    robot('robot-selfsigned', {
      token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks: { keys: [selfSigned] },
      tls_client_certificate_bound_access_tokens: true,
    }),
    secret('robot-bound', { tls_client_certificate_bound_access_tokens: true }),
    secret('robot-silent'), // its answers do not say when the token expires
    secret('robot-dpop', { dpop_bound_access_tokens: true }),
    secret('robot-dpop-nonce', { dpop_bound_access_tokens: true }),
  ];
}

// apps ask for a person, who signs in with a browser or, for devices, somewhere else (RFC 6749 4.1, RFC 8628).
function apps({ redirectUris: redirect_uris }) {
  const app = (client_id, more) => ({ client_id, redirect_uris, grant_types: ['authorization_code', 'refresh_token'], ...more });
  const open = { token_endpoint_auth_method: 'none', application_type: 'native' };
  const device = { grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'], redirect_uris: [], response_types: [] };
  return [
    app('app', { client_secret: 'an app is no robot', token_endpoint_auth_method: 'client_secret_post' }),
    app('app-public', open),
    app('app-public-dpop', { ...open, dpop_bound_access_tokens: true }),
    app('app-par', { client_secret: 'pushed before it is asked', require_pushed_authorization_requests: true }),
    app('app-bound', { client_secret: 'bound to a certificate', tls_client_certificate_bound_access_tokens: true }),
    app('tv', { ...open, ...device }),
    app('printer', { client_secret: 'a printer has a secret', ...device }),
  ];
}

export default (settings) => [...robots(settings), ...apps(settings)];
