// The API's OpenAPI document.

const scopes = { openid: 'sign in', offline_access: 'stay signed in', read: 'look', write: 'change' };

const operation = (operationId, summary) => ({
  operationId, summary, responses: { 200: { description: 'who asks', content: { 'application/json': { schema: { type: 'object' } } } } },
});

const query = { name: 'n', in: 'query', schema: { type: 'integer' } };

export default (issuer) => ({
  openapi: '3.0.3',
  info: { title: 'Interop Ping', version: '1' },
  servers: [{ url: `${issuer}/api` }],
  security: [{ discovered: [] }, { declared: [] }],
  paths: {
    '/ping': { get: { ...operation('ping', 'Who asks'), parameters: [query] }, post: operation('pong', 'Who asks, by POST') },
    '/orders/ping': { get: operation('pingOrders', 'Who asks for orders') },
    '/stock/ping': { get: operation('pingStock', 'Who asks for the stock') },
  },
  components: {
    securitySchemes: {
      discovered: { type: 'openIdConnect', openIdConnectUrl: `${issuer}/.well-known/openid-configuration` },
      declared: {
        type: 'oauth2',
        flows: {
          clientCredentials: { tokenUrl: `${issuer}/token`, scopes },
          authorizationCode: { authorizationUrl: `${issuer}/auth`, tokenUrl: `${issuer}/token`, refreshUrl: `${issuer}/token`, scopes },
        },
      },
    },
  },
});
