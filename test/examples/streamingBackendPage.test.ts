import { rmSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backendFor, operatorToken, type BackendOptions } from './backend.js';
import { barriers, hasBrowser, launch, open, picture, sent, submit } from './browser.js';

let browser: Browser;
beforeAll(async () => {
  if (hasBrowser) browser = await launch();
});
afterAll(() => (hasBrowser ? browser.close() : undefined));

const oneAtATime: BackendOptions = { env: { TASKS: '1' }, simulator: { tasks: 1 } };
const titles = (page: Page): Promise<readonly string[]> => page.locator('.task-prompt').allTextContents();
const chips = (page: Page): Promise<readonly string[]> => page.locator('.chip-text').allTextContents();
const done = (page: Page) => page.locator('.task[data-phase=done]');

describe.skipIf(!hasBrowser)('the page', () => {
  it('follows a prompt to its video, which plays', async () => {
    const backend = await backendFor();
    const { page, complaints } = await open(browser, backend.url);
    await submit(page, 'A lighthouse in a storm');
    await done(page).waitFor();
    const video = page.locator('video');
    await video.evaluate((it) => (it as HTMLVideoElement).play());
    expect(await video.evaluate((it) => (it as HTMLVideoElement).videoWidth)).toBeGreaterThan(0);
    expect(await page.getByRole('status').textContent()).toBe('Done: A lighthouse in a storm');
    await page.getByRole('button', { name: 'Remove: A lighthouse in a storm' }).click();
    await page.getByText('Nothing yet.').waitFor();
    expect(complaints).toEqual([]);
  });

  it('gives two people side by side their turns, and neither sees the other', async () => {
    const backend = await backendFor({ env: { TASKS: '2', TASKS_EACH: '1' }, simulator: { tasks: 2 } });
    const [{ page: one }, { page: other }] = await Promise.all([
      open(browser, backend.url),
      open(browser, backend.url),
    ]);
    for (const prompt of ['One', 'Two', 'Three']) await submit(one, prompt);
    await submit(other, 'Mine');
    await done(other).waitFor();
    await expect.poll(() => done(one).count()).toBe(3);
    expect([await titles(one), await titles(other)]).toEqual([['Three', 'Two', 'One'], ['Mine']]);
    // There was room for two, and each has one task at a time.
    const own = backend.simulator.books().tasks.filter(({ prompt }) => prompt !== 'Mine');
    for (const [index, { startsAtMs }] of own.slice(1).entries()) {
      expect(startsAtMs).toBeGreaterThanOrEqual(own[index]!.endsAtMs);
    }
  });

  it('is the same after it is opened anew, and goes on by itself after the server was killed', async () => {
    const backend = await backendFor(oneAtATime);
    const { page } = await open(browser, backend.url);
    for (const prompt of ['One', 'Two', 'Three']) await submit(page, prompt);
    await page.reload();
    await page.getByText('Live', { exact: true }).waitFor();
    await expect.poll(() => titles(page)).toEqual(['Three', 'Two', 'One']);
    await backend.kill();
    await page.getByText('Connection lost').waitFor();
    await picture(page, 'lost');
    await backend.restart();
    await page.getByText('Live', { exact: true }).waitFor();
    await expect.poll(() => chips(page)).toEqual(['Done', 'Done', 'Done']);
    expect(await titles(page)).toEqual(['Three', 'Two', 'One']);
    expect(backend.simulator.books().tasks).toHaveLength(3);
  });

  it('goes on by itself also where the server has lost its data, and knows nobody any more', async () => {
    const backend = await backendFor(oneAtATime);
    const { page } = await open(browser, backend.url);
    await page.getByText('Live', { exact: true }).waitFor();
    await backend.kill();
    await page.getByText('Connection lost').waitFor();
    rmSync(backend.directory, { recursive: true });
    await backend.restart();
    await page.getByText('Live', { exact: true }).waitFor();
    await submit(page, 'Anew');
    await done(page).waitFor();
  });

  it('says so where the queue is full and where a task has failed, and keeps what was written', async () => {
    const backend = await backendFor({
      env: { TASKS: '1', WAITING: '1' },
      simulator: { tasks: 1, taskMs: { min: 450_000, max: 450_000 }, faults: { failing: { at: [1] } } },
    });
    const { page } = await open(browser, backend.url);
    await submit(page, 'Fails');
    await submit(page, 'Waits');
    await page.getByLabel('What should the video show?').fill('One too many');
    await page.keyboard.press('Control+Enter');
    const problem = page.getByRole('alert');
    await problem.waitFor();
    expect(await problem.textContent()).toMatch(/The queue is full: 1 video is waiting. Try again in about \d+ s/);
    expect(await page.getByLabel('What should the video show?').inputValue()).toBe('One too many');
    await page.getByText('The video could not be made, and nothing was charged.').waitFor();
    await picture(page, 'full-and-failed');
  });

  it('leaves what is written, and the focus, where they are as the answer to the last prompt comes late', async () => {
    const backend = await backendFor(oneAtATime);
    const { page } = await open(browser, backend.url);
    const prompt = page.getByLabel('What should the video show?');
    let letThrough = (): void => undefined;
    const held = new Promise<void>((settle) => (letThrough = settle));
    await page.route('**/api/tasks', async (route) => {
      const response = await route.fetch();
      await held;
      await route.fulfill({ response });
    });
    await prompt.fill('One');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('heading', { name: 'One', exact: true }).waitFor();
    await prompt.fill('Two');
    await page.getByRole('link', { name: 'Skip to your videos' }).focus();
    letThrough();
    await sent(page, 'One');
    expect(await prompt.inputValue()).toBe('Two');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to your videos');
  });

  it('can be used by the keyboard alone', async () => {
    // The first is in the making until the end, so the third waits and can be cancelled.
    const taskMs = { min: 3_600_000, max: 3_600_000 };
    const backend = await backendFor({ env: { TASKS: '1' }, simulator: { tasks: 1, taskMs } });
    const { page } = await open(browser, backend.url);
    const focused = (): Promise<string> =>
      page.evaluate(
        () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent.trim() ?? '',
      );
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to your videos');
    for (const prompt of ['One', 'Two', 'Three']) {
      await page.locator('#prompt').focus();
      await page.keyboard.type(prompt);
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('Make video');
      await page.keyboard.press('Enter');
      await sent(page, prompt);
    }
    await page.locator('#send').focus();
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Cancel: Three');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Remove: Three' }).waitFor();
    expect(await focused()).toBe('Remove: Three');
    await page.keyboard.press('Enter');
    await expect.poll(() => titles(page)).toEqual(['Two', 'One']);
    expect(await focused()).toMatch(/: (Two|One)$|^Your videos/);
  });

  it.each(['light', 'dark'] as const)('has no barriers in %s, and fits a phone', async (colorScheme) => {
    const faults = { failing: { at: [2] } };
    const backend = await backendFor({ env: { TASKS: '2' }, simulator: { tasks: 2, faults } });
    const url = `${backend.url}/#operator=${operatorToken}`;
    const { page, complaints } = await open(browser, url, { colorScheme, reducedMotion: 'reduce' });
    await page.getByRole('heading', { name: 'Operator' }).waitFor();
    expect(page.url()).toBe(`${backend.url}/`);
    await submit(page, 'A');
    await submit(page, 'B');
    await expect.poll(() => chips(page)).toEqual(['Failed', 'Done']);
    await page.getByText(/1 made and 1 failed/).waitFor();
    await submit(page, `A long word: ${'unbroken'.repeat(20)}`);
    for (const prompt of ['Paper cranes fold themselves', 'City of glass at night']) await submit(page, prompt);
    expect(await barriers(page)).toEqual([]);
    await picture(page, `wide-${colorScheme}`);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    await picture(page, `phone-${colorScheme}`);
    expect(await barriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('shows what is written as text, whatever it says', async () => {
    const backend = await backendFor();
    const { page, complaints } = await open(browser, backend.url);
    const prompt = '<img src=x onerror="document.title = 1"><script>document.title = 2</script>';
    await submit(page, prompt);
    await done(page).waitFor();
    expect(await titles(page)).toEqual([prompt]);
    expect(await page.title()).toBe('Video studio');
    expect(complaints).toEqual([]);
  });
});
