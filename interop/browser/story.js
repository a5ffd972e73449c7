// A person does the main job in a browser, by clicking alone; then every page is looked at. Settings come as JSON in the first argument.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import works from './works.js';

const settings = JSON.parse(process.argv[2]);
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const complaints = [];
// somebody is a person with a browser of their own, whose pages are listened to.
async function somebody() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  context.setDefaultTimeout(30000);
  context.on('page', (page) => {
    page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
    page.on('dialog', (dialog) => { complaints.push(`a script has run on ${page.url()}: ${dialog.message()}`); dialog.dismiss(); });
    page.on('console', (message) => {
      if (page.url().startsWith(settings.carnet) && /Content Security Policy|Refused to/.test(message.text())) complaints.push(`${page.url()}: ${message.text()}`);
    });
  });
  return context;
}
const context = await somebody();
const page = await context.newPage();
const at = (path) => settings.carnet + path;
const say = (text) => console.log(`browser: ${text}`);
const button = (name) => page.getByRole('button', { name, exact: true }).first();
const link = (name) => page.getByRole('link', { name, exact: true }).first();
const sees = (text) => page.getByText(text).first().waitFor();

async function signIn() {
  await page.goto(at('/'));
  await page.getByLabel('Name').fill('admin');
  await page.getByLabel('Password').fill(settings.password);
  await button('Sign in').click();
  await sees('Three steps to the first call');
}

async function importModel() {
  await link('Import a model').click();
  await page.getByLabel('or a URL').fill(`${settings.issuer}/openapi.json`);
  await button('Check the document').click();
  await page.getByRole('heading', { name: 'Interop Ping:1' }).waitFor();
  await button('Import Interop Ping:1').click();
  await sees('The model is imported');
}

async function create(name) {
  await page.goto(at('/'));
  await link('New integration').click();
  await page.getByLabel('Name').fill(name);
  await button('Create').click();
  await sees('The integration is made');
}

const scheme = (name) => page.locator('details.scheme').filter({ has: page.locator('summary', { hasText: name }) }).first();
async function open(details) {
  if (await details.getAttribute('open') === null) await details.locator('summary').first().click();
}

async function fill(name, values) {
  await open(scheme(name));
  for (const [field, value] of Object.entries(values)) await page.locator(`[name="authentication.${name}.${field}"]`).fill(value);
  await button('Save').click();
  await sees('The settings are saved');
}

async function replaceSecret(value) {
  await open(scheme('declared'));
  const secret = page.locator('.field', { has: page.locator('[name="authentication.declared.client_secret"]') });
  await secret.locator('summary').click();
  await page.locator('[name="authentication.declared.client_secret"]').fill(value);
  await button('Save').click();
  await sees('The settings are saved');
}

const generation = async () => Number(await page.locator('#tokens dt', { hasText: 'Generation' }).locator('xpath=following-sibling::dd[1]').innerText());

async function robot() {
  await create('robot');
  await fill('declared', { client_id: 'robot', client_secret: settings.secret, scope: 'read' });
  await button('Get token').click();
  await sees('There is a new token');
  await page.locator('#tokens .state.fresh').waitFor();
  await link('Run an operation').click();
  await page.getByRole('searchbox').fill('who asks');
  await page.getByRole('link', { name: /Who asks\s*\/ping$/ }).first().click();
  await button('Show the request').click();
  await page.locator('#as-curl', { hasText: 'Authorization: Bearer ****' }).waitFor();
  assert.match(await page.locator('#as-carnet').innerText(), /^carnet run robot ping/);
  await button('Run').click();
  await page.locator('#answer', { hasText: '"name": "robot"' }).waitFor();
  say('ran an operation');
}

async function renewal() {
  await page.goto(at('/ui/integrations/robot'));
  const before = await generation();
  await fetch(`${settings.issuer}/test/expire?client=robot`, { method: 'POST' }); // the API refuses the token from now on
  await link('Run an operation').click();
  await page.getByRole('link', { name: /Who asks\s*\/ping$/ }).first().click();
  await button('Run').click();
  await page.locator('#answer', { hasText: '"name": "robot"' }).waitFor();
  await page.goto(at('/ui/integrations/robot'));
  assert.equal(await generation(), before + 1, 'a refused token is renewed once');
  await page.locator('.timeline .warned').first().waitFor({ state: 'attached' });
  await button('Renew').click();
  await sees('There is a new token');
  assert.equal(await generation(), before + 2);
  say('saw the token renew');
}

async function breakAndMend() {
  await replaceSecret('not the secret');
  await button('Get token').click();
  await page.locator('.banner.bad', { hasText: 'invalid_client' }).first().waitFor();
  await page.goto(at('/'));
  await page.locator('tr', { hasText: 'robot' }).locator('.state.broken').waitFor();
  await link('robot').click();
  await link('Explain').click();
  await page.locator('.banner.bad', { hasText: 'invalid_client' }).first().waitFor();
  await shot('explain');
  await page.locator('.crumbs').getByRole('link', { name: 'robot' }).click();
  await replaceSecret(settings.secret);
  await button('Get token').click();
  await page.locator('#tokens .state.fresh').waitFor();
  await button('Test').click();
  await page.locator('#test', { hasText: 'Server answered' }).waitFor();
  assert.equal(await page.locator('#test .fail').count(), 0);
  say('broke it, read why, and mended it');
}

async function consent() {
  await create('consent');
  await fill('declared', { grant_type: 'authorizationCode', client_id: 'app-public', scope: 'openid offline_access read' });
  await link('Advanced view').click();
  const text = page.getByLabel('Settings');
  const value = JSON.parse(await text.inputValue());
  value.authentication.declared.authorization = { params: { prompt: 'consent' } };
  await text.fill('{');
  await page.locator('#checked .banner.bad', { hasText: 'not JSON' }).waitFor();
  await text.fill(JSON.stringify(value, null, 2));
  await page.locator('#checked', { hasText: 'can be used' }).waitFor();
  await button('Save').click();
  await sees('The settings are saved');
  await page.goto(at('/ui/integrations/consent'));
  assert.equal(await page.getByLabel('Redirect URL').inputValue(), at('/callback/consent'));
  await button('Connect').click();
  await page.locator('#go').waitFor();
  await inspect(page, 'connect');
  const [service] = await Promise.all([context.waitForEvent('page'), page.locator('#go').click()]);
  await agree(service);
  await service.getByText('Connected').first().waitFor();
  await inspect(service, 'callback');
  await service.getByRole('link', { name: 'Back to the integration' }).click();
  await service.locator('#tokens .state.fresh').waitFor();
  await service.close();
  await sees('The integration is connected');
  await page.locator('#tokens .state.fresh').waitFor();
  say('connected by authorization code');
}

async function agree(service) {
  await service.locator('[name=login]').fill(settings.person);
  await service.locator('[name=password]').fill(settings.personPassword);
  await service.locator('button[type=submit]').click();
  await service.getByRole('button', { name: 'Continue' }).click();
}

// consentElsewhere is by a browser in which nobody is signed in to Carnet: it shows a code, which whoever began types.
async function consentElsewhere() {
  await page.goto(at('/ui/integrations/consent'));
  await button('Connect again').click();
  const elsewhere = await somebody();
  const service = await elsewhere.newPage();
  await service.goto(await page.locator('#go').getAttribute('href'));
  await agree(service);
  await service.getByText('One more step').first().waitFor();
  await inspect(service, 'callback with a code');
  const code = await service.locator('code').innerText();
  await page.getByLabel('Code that the browser shows').waitFor();
  await inspect(page, 'confirmation');
  await page.getByLabel('Code that the browser shows').fill('BBBB-BBBB');
  await button('Confirm').click();
  await sees('that is not the code');
  await inspect(page, 'a wrong code');
  await page.getByLabel('Code that the browser shows').fill(code);
  await button('Confirm').click();
  await sees('The integration is connected');
  await elsewhere.close();
  say('connected by a browser in which nobody is signed in');
}

async function people() {
  await link('Access').click();
  await page.locator('summary', { hasText: 'New user' }).click();
  await page.getByLabel('Name').first().fill('ann');
  await page.locator('#user-password').fill('a password for ann');
  await page.locator('form', { has: page.locator('#user-password') }).getByRole('button', { name: 'Create' }).click();
  await sees('The user is made');
  await page.locator('summary', { hasText: 'New service account' }).click();
  await page.locator('#account-name').fill('pipeline');
  await page.locator('form', { has: page.locator('#account-name') }).getByRole('button', { name: 'Create' }).click();
  const first = await page.getByLabel('Client secret').inputValue();
  const row = page.locator('tr', { hasText: 'pipeline' });
  await row.locator('summary').click();
  await row.getByRole('button', { name: 'New secret' }).click();
  assert.notEqual(await page.getByLabel('Client secret').inputValue(), first);
  await page.reload({ waitUntil: 'load' }).catch(() => {});
  await page.goto(at('/ui/access'));
  assert.equal(await page.getByLabel('Client secret').count(), 0, 'a secret is shown once');
  await page.locator('tr', { hasText: 'ann' }).first().locator('summary').click();
  await page.locator('tr', { hasText: 'ann' }).first().getByRole('button', { name: 'Disable' }).click();
  await sees('signed out');
  await link('Activity').click();
  await page.getByLabel('Outcome').selectOption('failed');
  await button('Filter').click();
  await page.locator('td', { hasText: 'token.renew' }).first().waitFor();
  say('made users and accounts, and read what happened');
}

// Script attempts in every field that a document or a person controls.
const attack = (name) => `<img src=x onerror="alert('${name}')"><script>alert('${name}')</script>"'>{{7*7}}`;
async function attacks() {
  const evil = {
    openapi: '3.0.3', info: { title: attack('title'), version: attack('version'), description: attack('description') },
    servers: [{ url: 'https://attack.example/%22%3E%3Cscript%3Ealert(1)%3C/script%3E', description: attack('server') }],
    components: { securitySchemes: { [attack('scheme')]: { type: 'apiKey', in: 'header', name: 'X', description: attack('scheme description') } } },
    paths: { '/a/{b}': { post: {
      operationId: attack('operation'), summary: attack('summary'), description: attack('long'), tags: [attack('tag')],
      parameters: [{ name: attack('parameter'), in: 'query', required: true, description: attack('help'), schema: { type: 'string', enum: [attack('enum')] }, example: attack('example') }],
      requestBody: { description: attack('body'), content: { 'application/json': { schema: { type: 'object', properties: { [attack('property')]: { type: 'string', example: attack('value') } } } } } },
      responses: { 200: { description: attack('answer') } },
    } } },
  };
  await page.goto(at('/ui/models/import'));
  await page.locator('summary', { hasText: 'or a text' }).click();
  await page.getByLabel('The document').fill(JSON.stringify(evil));
  await button('Check the document').click();
  await page.locator('#report button.primary').click();
  await sees('The model is imported');
  await page.getByRole('link', { name: 'New integration' }).click();
  const name = "<img src=x onerror=alert('integration')>".replaceAll('/', '');
  await page.getByLabel('Name').fill(name);
  await button('Create').click();
  await sees('The integration is made');
  await page.locator('textarea[name=variables]').evaluate((e) => { e.closest('details').open = true; });
  await page.locator('textarea[name=variables]').fill(`a = ${attack('variable')}`);
  await page.locator('[name="server.host"]').fill('attack.example');
  await page.locator('input[type=password]').first().fill(attack('secret'));
  await button('Save').click();
  await sees('The settings are saved');
  const base = `/ui/integrations/${encodeURIComponent(name)}`;
  for (const path of ['/', base, `${base}/advanced`, `${base}/run`, '/ui/models', '/ui/activity']) await page.goto(at(path));
  await page.goto(at(`${base}/run`));
  await page.locator('.oplist a').first().click();
  await button('Show the request').click();
  await page.locator('#preview .card').waitFor();
  for (const path of ['/?search=', '/?state=', '/?model=', '/ui/models?search=', '/ui/models/', '/ui/integrations/', '/ui/sign-in?next=', '/ui/activity?target=', '/ui/activity?before=', '/?done=', '/ui/integrations/robot/explain?scheme=', '/ui/integrations/robot/run?operation=', '/ui/models/import?update=']) {
    await page.goto(at(path + encodeURIComponent(attack('reflected'))));
    assert.equal(await page.locator('img').count(), 0, path);
  }
  say('script attempts stayed text');
}

async function shot(name) {
  await page.screenshot({ path: `${settings.images}/${name}.png` });
}

// inspect checks the page that is open on a phone, on a wide screen, and by axe-core in both colour schemes.
const screens = [[360, 'light'], [1920, 'dark'], [1280, 'light']];
async function inspect(page, name, on = screens, part = undefined) {
  await page.evaluate(axe);
  for (const [width, colorScheme] of on) {
    await page.setViewportSize({ width, height: 860 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) complaints.push(`${name} scrolls sideways by ${wide} pixels at ${width}`);
    const { violations } = await page.evaluate((part) => window.axe.run(part ? `#${part}` : document), part);
    for (const v of violations) complaints.push(`${name} at ${width}, ${colorScheme}: ${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 4).join(', ')}`);
  }
}

async function look(name, path, before) {
  await page.goto(at(path));
  if (before) await before();
  await inspect(page, name);
  await shot(name);
  if (name === 'integration') {
    await page.emulateMedia({ colorScheme: 'dark' });
    await shot('integration-dark');
    await page.setViewportSize({ width: 390, height: 860 });
    await shot('integration-phone');
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.emulateMedia({ colorScheme: 'light' });
  }
}

async function lookAtAll() {
  const preview = async () => { await button('Show the request').click(); await page.locator('#preview .card').waitFor(); await button('Run').click(); await page.locator('#answer .card').waitFor(); };
  const report = async () => { await page.getByLabel('or a URL').fill(`${settings.issuer}/openapi.json`); await button('Check the document').click(); await page.locator('#report h2').first().waitFor(); };
  const model = `/ui/models/${encodeURIComponent('Interop Ping:1')}`;
  await look('overview', '/');
  await look('models', '/ui/models');
  await look('model', model);
  await look('import', '/ui/models/import', report);
  await look('new', '/ui/integrations/new');
  await look('integration', '/ui/integrations/robot', async () => { await button('Test').click(); await page.locator('#test .steps').waitFor(); });
  await look('consent', '/ui/integrations/consent');
  await look('token', '/ui/integrations/robot/explain?scheme=declared');
  await look('advanced', '/ui/integrations/robot/advanced');
  await look('run', '/ui/integrations/robot/run?operation=ping', preview);
  await look('activity', '/ui/activity');
  await look('access', '/ui/access');
  await look('account', '/ui/account');
  await look('failure', '/ui/nothing');
  await page.goto(at('/'));
  await button('Sign out').click();
  await look('sign-in', '/ui/sign-in');
  say('looked at every page');
}

// gallery looks at every page in every state, with canned data, a few at a time.
async function gallery() {
  await page.goto(at('/gallery'));
  const scenes = await page.locator('main a').evaluateAll((all) => all.map((a) => ({ href: a.getAttribute('href'), part: a.dataset.part })));
  assert.ok(scenes.length > 100, 'the gallery is there');
  const began = Date.now();
  let next = 0;
  const looker = async () => {
    const context = await somebody();
    const page = await context.newPage();
    while (next < scenes.length) {
      const scene = scenes[next++];
      await page.goto(at(scene.href));
      await page.evaluate(() => { for (const d of document.querySelectorAll('details')) d.open = true; });
      await inspect(page, scene.href, screens.slice(0, 2), scene.part);
    }
    await context.close();
  };
  await Promise.all([looker(), looker(), looker()]);
  say(`looked at ${scenes.length} scenes of the gallery in ${Math.round((Date.now() - began) / 1000)} s`);
}

let failed;
try {
  for (const step of [...(process.env.CI ? [] : [gallery]), signIn, importModel, robot, renewal, breakAndMend, consent, consentElsewhere, ...works({ page, settings, at, say, button, link, sees, open, inspect, shot }), people, lookAtAll]) {
    await step();
  }
  await page.getByLabel('Name').fill('admin');
  await page.getByLabel('Password').fill(settings.password);
  await button('Sign in').click();
  await link('robot').waitFor();
  await attacks();
} catch (error) {
  failed = error;
    console.error(`at ${page.url()}:`, error);
}
await browser.close();
for (const complaint of new Set(complaints)) console.error(`browser: ${complaint}`);
process.exit(failed || complaints.length ? 1 : 0);
