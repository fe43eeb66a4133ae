// t/browser/pages.mjs - the documentation pages in Chromium: what a reader does, and what the pages
// must not do. Prints TAP. Wants CRM_URL, CRM_USERNAME, CRM_PASSWORD; CRM_SHOTS is a folder for
// screenshots.
import { chromium } from 'playwright-core';

const { CRM_URL: url, CRM_USERNAME: username, CRM_PASSWORD: password, CRM_SHOTS: shots } = process.env;
const origin = new URL(url).origin;
let count = 0;

const ok = (right, name, detail) => {
    console.log(`${right ? 'ok' : 'not ok'} ${++count} - ${name}`);
    if (!right && detail !== undefined) console.log(`# ${detail}`.replace(/\n/g, '\n# '));
};

const browser = await chromium.launch({
    executablePath: process.env.CRM_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});

// A page of its own context, which notes what goes elsewhere and what the policy refuses.
const open = async (path) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    const seen = { elsewhere: [], refused: [], errors: [] };
    context.on('request', (request) => {
        const at = request.url();
        if (!at.startsWith(`${origin}/`) && !/^(data|blob):/.test(at)) seen.elsewhere.push(at);
    });
    await page.exposeFunction('noteViolation', (text) => seen.refused.push(text));
    await page.addInitScript(() => addEventListener('securitypolicyviolation', (event) =>
        window.noteViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`)));
    page.on('console', (message) => {
        if (message.type() === 'error') seen.errors.push(message.text());
        if (/Content Security Policy/.test(message.text())) seen.refused.push(message.text());
    });
    page.on('pageerror', (error) => seen.errors.push(String(error)));
    await page.goto(url + path);
    return { page, seen, shot: (name) => shots && page.screenshot({ path: `${shots}/${name}.png` }) };
};

const check = (path, { seen }) => {
    for (const [what, list] of Object.entries({ 'asks no other host': seen.elsewhere,
        'does nothing that its policy refuses': seen.refused, 'has no errors': seen.errors })) {
        ok(list.length === 0, `${path} ${what}`, list.join('\n'));
    }
};

// Opens the operation ID and executes it with BODY; {status, body} as the page shows them.
const execute = async (page, id, body) => {
    const operation = page.locator(`[id$="-${id}"].opblock`);
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    if (body) await operation.locator('textarea.body-param__text').fill(JSON.stringify(body));
    await operation.getByRole('button', { name: 'Execute' }).click();
    const live = operation.locator('.live-responses-table');
    await live.waitFor();
    return { status: (await live.locator('tbody .response-col_status').first().innerText()).trim(),
        body: await live.locator('.highlight-code').first().innerText() };
};

const swagger = async (path) => {
    const opened = await open(path);
    const { page, shot } = opened;
    await page.locator('.opblock-tag').first().waitFor();
    ok(await page.locator('.opblock-tag').count() >= 4, `${path} shows the headings`);
    await page.locator('#operations-tag-Account').click();
    await page.locator('.opblock').first().waitFor();
    await shot('swagger');

    const closed = await execute(page, 'auth_profile_read');
    ok(closed.status.startsWith('401'), `${path} without a token: ${closed.status}`);
    const session = await execute(page, 'auth_login_create', { username, password });
    ok(session.status.startsWith('200'), `${path} logs in: ${session.status}`);
    const token = /"token":\s*"([^"]+)"/.exec(session.body)?.[1] ?? '';
    ok(token.length > 20, `${path} shows the token`, session.body);

    await page.getByRole('button', { name: 'Authorize' }).first().click();
    const dialog = page.locator('.modal-ux');
    await dialog.locator('input').first().fill(token);
    await shot('swagger-authorize');
    await dialog.getByRole('button', { name: /apply credentials/i }).first().click();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    const operation = page.locator('[id$="-auth_profile_read"].opblock');
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
    const answer = await operation.locator('.live-responses-table').innerText();
    ok(answer.includes(`"username": "${username}"`), `${path} with the token: the profile`, answer);
    await operation.scrollIntoViewIfNeeded();
    await shot('swagger-profile');
    check(path, { seen: { ...opened.seen, errors: opened.seen.errors.filter((text) => !/status of 401/.test(text)) } });
    await page.context().close();
};

const redoc = async (path) => {
    const opened = await open(path);
    const { page, shot } = opened;
    await page.locator('h1').first().waitFor();
    await page.locator('[id="operation/auth_login_create"]').waitFor({ timeout: 60000 });
    ok(await page.locator('[id^="operation/"]').count() >= 15, `${path} shows the operations`);
    const font = await page.locator('h1').first().evaluate((element) => getComputedStyle(element).fontSize);
    ok(parseFloat(font) > 20, `${path} is styled (h1 at ${font})`);
    await shot('redoc');
    await page.locator('[id="operation/auth_login_create"]').scrollIntoViewIfNeeded();
    await page.waitForTimeout(500);
    await shot('redoc-operation');
    await page.locator('input[type=text]').first().fill('password');
    await page.locator('[role="search"] li, [data-role="search:results"] li').first().waitFor();
    ok(await page.locator('[role="search"] li, [data-role="search:results"] li').count() > 0, `${path} finds what is searched`);
    check(path, opened);
    await page.context().close();
};

try {
    await swagger('/swagger/');
    await swagger('/api/docs/');
    await redoc('/redoc/');
} catch (error) {
    ok(false, 'the pages can be used', error.stack);
}
await browser.close();
console.log(`1..${count}`);
