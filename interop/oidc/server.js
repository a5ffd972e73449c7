// An authorization server for the tests beside: oidc-provider with its development pages for signing in, rotating refresh
// tokens, and lives of a few seconds. It prints its address when it listens, and ends with its standard input.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [redirectUri, tokenLife] = process.argv.slice(2);

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'robot',
        client_secret: 'robot: 100% & more',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: 'app',
        client_secret: 'an app is no robot',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
    },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    pkce: { required: () => false },
    rotateRefreshToken: () => true,
    issueRefreshToken: async () => true,
    ttl: {
      AccessToken: Number(tokenLife), ClientCredentials: Number(tokenLife), RefreshToken: 3600, Grant: 3600, Session: 3600, Interaction: 3600, IdToken: 60,
    },
    cookies: { keys: ['a key for tests'] },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
