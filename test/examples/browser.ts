import { existsSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

const executablePath = '/usr/bin/chromium';

/** Whether there is a browser; test/needs.js installs it. */
export const hasBrowser = existsSync(executablePath);

export function launch(...more: readonly string[]): Promise<Browser> {
  const off = ['gpu', 'quic', 'background-networking', 'component-update', 'sync'].map((what) => `--disable-${what}`);
  return chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--no-first-run', ...off, ...more] });
}

export interface Opened {
  readonly page: Page;
  /** What the browser has complained about: scripts that were refused, errors, what could not be loaded. */
  readonly complaints: readonly string[];
}

/** The page, open and live, of somebody who has never been there. */
export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1_100, height: 900 }, ...options });
  context.setDefaultTimeout(60_000);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(url);
  await page.getByText('Live', { exact: true }).waitFor();
  return { page, complaints };
}

export async function submit(page: Page, prompt: string): Promise<void> {
  await page.getByLabel('What should the video show?').fill(prompt);
  await page.getByRole('button', { name: 'Make video' }).click();
  await sent(page, prompt);
}

/** That it is in the list says an event, which may come before the answer: until then the button sends nothing else. */
export async function sent(page: Page, prompt: string): Promise<void> {
  await page.getByRole('heading', { name: prompt, exact: true }).waitFor();
  await page.locator('#send[aria-disabled=false]').waitFor();
}

/** For eyes: SLUICE_SHOTS=/tmp/shots keeps pictures there. */
export async function picture(page: Page, name: string): Promise<void> {
  const directory = process.env['SLUICE_SHOTS'];
  if (directory === undefined) return;
  mkdirSync(directory, { recursive: true });
  await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
}

interface Axe {
  run(): Promise<{ readonly violations: readonly Violation[] }>;
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe-core finds that is serious or worse. */
export async function barriers(page: Page): Promise<readonly string[]> {
  // Beside the page's rules: by the debugger, not by a script of the page, which its policy would refuse.
  await page.evaluate(await readFile('node_modules/axe-core/axe.min.js', 'utf8'));
  const { violations } = await page.evaluate(() => (globalThis as unknown as { readonly axe: Axe }).axe.run());
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
