// What only tests ask for: to approve a device without a browser, to end tokens before their time, and to know what was asked.

export default class TestRoutes {
  #provider;
  #api;
  #tokens = [];
  #refresh = [];
  #grants = [];

  constructor(provider, api) {
    this.#provider = provider;
    this.#api = api;
    const keep = (token) => this.#tokens.push(token);
    provider.on('access_token.saved', keep);
    provider.on('client_credentials.saved', keep);
    provider.on('refresh_token.saved', (token) => this.#refresh.push(token));
    const note = (error) => (ctx, thrown) => this.#grants.push({
      client: ctx.oidc.client?.clientId, grant: ctx.oidc.params?.grant_type, error: error && thrown.error,
    });
    provider.on('grant.success', note(false));
    provider.on('grant.error', note(true));
    provider.use(async (ctx, next) => {
      await next();
      if (ctx.oidc?.route === 'device_authorization' && ctx.status === 200) ctx.body.interval = 1; // else five seconds (RFC 8628 3.2)
      if (ctx.oidc?.route === 'token' && ctx.oidc.client?.clientId === 'robot-silent') delete ctx.body.expires_in;
    });
  }

  async handle(req, res) {
    const url = new URL(req.url, this.#provider.issuer);
    const act = { '/test/device': this.#device, '/test/expire': this.#expire, '/test/grants': this.#asked, '/test/live': this.#live, '/test/nonce': this.#stale }[url.pathname];
    const answer = act ? await act.call(this, url.searchParams) : undefined;
    res.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    res.end(JSON.stringify(answer ?? null));
  }

  // device says yes or no to a user code.
  async #device(query) {
    const code = await this.#provider.DeviceCode.findByUserCode(query.get('user_code').replaceAll('-', ''));
    if (!code) return undefined;
    if (query.get('answer') === 'no') {
      Object.assign(code, { error: 'access_denied', errorDescription: 'the person said no' });
    } else {
      const grant = new this.#provider.Grant({ accountId: 'ada', clientId: code.clientId });
      grant.addOIDCScope(code.params.scope);
      Object.assign(code, { accountId: 'ada', grantId: await grant.save(), scope: code.params.scope, authTime: Math.floor(Date.now() / 1000) });
    }
    await code.save();
    return {};
  }

  // expire ends the opaque access tokens of a client; their refresh tokens live on.
  async #expire(query) {
    const ended = this.#tokens.filter((token) => token.clientId === query.get('client'));
    this.#tokens = this.#tokens.filter((token) => !ended.includes(token));
    await Promise.all(ended.map((token) => token.destroy()));
    return { ended: ended.length };
  }

  // live counts the tokens of a client that are good.
  async #live(query) {
    const found = await Promise.all([
      ...this.#tokens.map((token) => token.constructor.find(token.jti)),
      ...this.#refresh.map((token) => token.constructor.find(token.jti)),
    ]);
    return new Set(found.filter((token) => token?.isValid && token.clientId === query.get('client')).map((token) => token.jti)).size;
  }

  // asked lists a client's token requests.
  #asked(query) {
    return this.#grants.filter(({ client }) => client === query.get('client'));
  }

  #stale() {
    this.#api.renounce();
    return {};
  }
}
