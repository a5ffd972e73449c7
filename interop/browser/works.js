// What a person does with an API that wants a body and files (page_works_test.go): a token is typed, a body is made by clicking alone, a
// file goes along, an answer is kept.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export default ({ page, settings, at, say, button, link, sees, open, inspect, shot }) => {
  async function token() {
    await page.goto(at('/ui/models/import'));
    await page.getByLabel('or a URL').fill(`${settings.works}/openapi.json`);
    await button('Check the document').click();
    await button('Import Works:1').click();
    await sees('The model is imported');
    await page.goto(at('/'));
    await link('New integration').click();
    await page.getByLabel('Name').fill('works');
    await page.getByLabel('Model').selectOption('Works:1');
    await button('Create').click();
    await sees('The integration is made');
    await page.locator('#given summary').click();
    await page.getByLabel('Access token', { exact: true }).fill(settings.token);
    await page.getByLabel('Expires', { exact: true }).fill('soon');
    await button('Store the token').click();
    await page.locator('#given .wrong', { hasText: 'has to be a time' }).waitFor();
    assert.equal(await page.getByLabel('Access token', { exact: true }).inputValue(), '', 'a token is shown again');
    await page.getByLabel('Access token', { exact: true }).fill(settings.token);
    await page.getByLabel('Expires', { exact: true }).fill('3600');
    await button('Store the token').click();
    await sees('The token is stored');
    await page.locator('#tokens .state.fresh').waitFor();
    say('typed a token');
  }

  async function order() {
    await link('Run an operation').click();
    await page.getByRole('link', { name: /Order something\s*\/orders$/ }).click();
    assert.equal(await page.getByLabel('item').first().inputValue(), 'book');
    await page.locator('#fields > section details.more > summary').click();
    await page.getByLabel('count').fill('none');
    await page.getByLabel('gift').selectOption('true');
    await page.getByLabel('kind', { exact: true }).selectOption('used');
    await page.getByLabel('when').fill('2026-02-03');
    await open(page.locator('details.group', { hasText: 'address' }));
    await page.getByLabel('city').fill('Durban "North"');
    await page.getByLabel('tags 1', { exact: true }).fill('a');
    await page.getByRole('button', { name: 'Add to tags' }).click();
    await page.getByLabel('tags 2', { exact: true }).fill('b');
    await page.getByRole('button', { name: 'Add to lines' }).click();
    await page.getByLabel('sku').fill('x1');
    await page.getByLabel('price').fill('1.50');
    await page.getByLabel('Kind of pay').selectOption('Cash');
    await page.getByLabel('coins').fill('3');
    await button('Run').click();
    await page.locator('.field', { has: page.getByLabel('count') }).locator('.wrong').waitFor();
    assert.equal(await page.getByLabel('coins').inputValue(), '3');
    await page.getByLabel('count').fill('2');
    await button('Run').click();
    const body = { item: 'book', count: 2, gift: true, kind: 'used', when: '2026-02-03', address: { city: 'Durban "North"' }, tags: ['a', 'b'], lines: [{ sku: 'x1', price: 1.5 }], pay: { coins: 3 } };
    await page.locator('#answer', { hasText: '200 OK' }).waitFor();
    assert.deepEqual(JSON.parse(JSON.parse(await page.locator('#answer pre').first().innerText()).body), body);
    await page.locator('#as-carnet', { hasText: 'carnet run works order' }).waitFor();
    await button('Write it as JSON').click();
    const text = page.getByLabel('Body as JSON');
    assert.deepEqual(JSON.parse(await text.inputValue()), body);
    await text.fill(JSON.stringify({ ...body, item: 'pen' }));
    await button('Fill in fields').click();
    await page.getByLabel('tags 2', { exact: true }).waitFor();
    assert.equal(await page.getByLabel('item').first().inputValue(), 'pen');
    await page.getByLabel('Media type').selectOption('application/x-www-form-urlencoded');
    await page.getByLabel('coins').waitFor({ state: 'detached' });
    await page.getByLabel('item').first().press('Enter');
    await page.locator('#answer', { hasText: 'item=pen' }).waitFor();
    say('filled in a body by clicking alone');
  }

  async function upload() {
    await page.goto(at('/ui/integrations/works/run?operation=scan'));
    const file = { name: 'scan 1.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(3 << 20, 'scan') };
    await button('Run').click();
    await page.locator('.field', { has: page.getByLabel('file') }).locator('.wrong', { hasText: 'is missing' }).waitFor();
    await page.getByLabel('file').setInputFiles(file);
    await page.getByLabel('note').fill('paid');
    const [asked] = await Promise.all([page.waitForRequest((r) => r.url().includes('/form?')), page.getByRole('button', { name: 'Add to pages' }).click()]);
    assert.ok((await asked.postDataBuffer()).length < 10000, 'a file is sent to change the form');
    await page.getByLabel('pages 2', { exact: true }).fill('7');
    await button('Show the request').click();
    await page.locator('#preview', { hasText: '(the file scan 1.pdf)' }).waitFor();
    await button('Run').click();
    await page.locator('#answer', { hasText: '"sha256"' }).waitFor();
    const came = JSON.parse(await page.locator('#answer pre').first().innerText());
    assert.deepEqual(came.fields, { note: ['paid'], pages: ['7'] });
    assert.deepEqual(came.file, { name: 'scan 1.pdf', size: 3 << 20, sha256: createHash('sha256').update(file.buffer).digest('hex') });
    await page.goto(at('/ui/integrations/works/run?operation=sealed'));
    const [kept] = await Promise.all([page.waitForEvent('download'), button('Run into a file').click()]);
    assert.equal(kept.suggestedFilename(), 'sealed.pdf');
    assert.deepEqual([...await readFile(await kept.path())], [0, 1, 2, 255]);
    await button('Run').click();
    const [again] = await Promise.all([page.waitForEvent('download'), page.locator('#kept').click()]);
    assert.deepEqual([...await readFile(await again.path())], [0, 1, 2, 255]);
    say('sent a file, and kept an answer');
  }

  // look checks the forms where something is filled in and something is wrong.
  async function look() {
    await page.goto(at('/ui/integrations/works/run?operation=order'));
    await page.locator('#fields > section details.more > summary').click();
    await open(page.locator('details.group', { hasText: 'address' }));
    await page.getByRole('button', { name: 'Add to lines' }).click();
    await page.getByLabel('sku').fill('x1');
    await page.getByLabel('count').fill('none');
    await button('Show the request').click();
    await page.locator('#fields .wrong').first().waitFor();
    await inspect(page, 'a body as fields');
    await page.evaluate(() => window.scrollTo(0, 0));
    await shot('order');
    await page.goto(at('/ui/integrations/works/run?operation=scan'));
    await inspect(page, 'a body with files');
    await page.goto(at('/ui/integrations/works'));
    await page.locator('#given summary').click();
    await inspect(page, 'a token to type');
  }

  return [token, order, upload, look];
};
