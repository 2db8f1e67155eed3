import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { launch } from '../examples/browser.js';
import { checkPlayground } from './playgroundPage.js';
import { serveStatic } from './staticHost.js';

const dist = 'docs/.vitepress/dist';
let browser: Browser;
let url: string;
let stop: () => void;

// The command that people run; a dead link between pages fails it.
beforeAll(async () => {
  await promisify(execFile)('npm', ['run', '--silent', 'docs']);
  [browser, { url, stop }] = await Promise.all([launch(), serveStatic(dist)]);
}, 900_000);
afterAll(async () => {
  stop();
  await browser.close();
});

async function open(path: string): Promise<{ readonly page: Page; readonly complaints: readonly string[] }> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 } });
  onTestFinished(() => context.close());
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(`${url}${path}`);
  return { page, complaints };
}

describe('the site', () => {
  it('has every heading that a link on it leads to', () => {
    const pages = new Map<string, string>(
      readdirSync(dist, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.html'))
        .map((name) => [`/${name.replace(/(index)?\.html$/, '')}`, readFileSync(join(dist, name), 'utf8')] as const),
    );
    const astray = [...pages].flatMap(([from, html]) =>
      [...html.matchAll(/href="(\/[^"#]*)?#([^"]+)"/g)]
        .filter(([, path = from, id = '']) => {
          const target = pages.get(path.replace(/\.html$/, ''));
          return !target?.includes(`id="${decodeURIComponent(id)}"`);
        })
        .map(([link]) => `${from}: ${link}`),
    );
    expect(astray).toEqual([]);
    expect(pages.size).toBeGreaterThan(100);
  });

  it('opens each of its pages, and finds them by search', async () => {
    const { page, complaints } = await open('/');
    await page.getByRole('link', { name: 'Ten minutes to a run' }).click();
    await page.locator('.VPSidebar a').first().waitFor();
    const links = page.locator('.VPSidebar a');
    const count = await links.count();
    expect(count).toBeGreaterThan(25);
    for (let index = 0; index < count; index++) {
      const link = links.nth(index);
      const path = (await link.getAttribute('href')) ?? '';
      await link.click();
      await page.waitForURL(`${url}${path}`);
      await page.locator(`.VPSidebar .is-active > .item a[href="${path}"]`).waitFor();
      await page.locator('h1').first().waitFor();
    }
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('searchbox').fill('sliding window');
    await page.locator('.VPLocalSearchBox .result').first().waitFor();
    expect(complaints).toEqual([]);
  });

  it('plays', async () => {
    const { page, complaints } = await open('/playground');
    await checkPlayground(page);
    expect(complaints).toEqual([]);
  });
});
