import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { barriers, picture } from '../examples/browser.js';

/** What a reader does with the playground, on the page that is open. Leaves it with settings of its own. */
export async function checkPlayground(page: Page): Promise<void> {
  expect(await outcome(page)).toMatch(/^120 items done in .* allows 30\), and refused nothing\.$/);
  await runsExamples(page);
  await sharesSchedules(page);
  await tellsOfItems(page);
  await refusesNonsense(page);
  await keepsUp(page);
  await suitsEverybody(page);
}

/** What a run came to, once it is drawn. */
async function outcome(page: Page): Promise<string> {
  await page.locator('.playground[aria-busy=false]').waitFor();
  return (await page.locator('.told').textContent()) ?? '';
}

async function runsExamples(page: Page): Promise<void> {
  const example = (name: string) => page.getByRole('button', { name, exact: true });
  await example('Three users, one greedy').press('Enter');
  expect(await outcome(page)).toMatch(/^180 items done in /);
  expect(await page.getByRole('table', { name: 'By user' }).getByRole('row').count()).toBe(4);
  await example('Naive: counted at the start').click();
  expect(await outcome(page)).toMatch(/saw at most 3[1-9] requests .* and refused \d+ as too fast\.$/);
  expect(await page.locator('td.over').textContent()).toMatch(/^3[1-9] of 30$/);
  expect(await example('Naive: counted at the start').getAttribute('aria-pressed')).toBe('true');
  await page.getByLabel('Counted from its').selectOption('end');
  expect(await outcome(page)).toMatch(/refused nothing\.$/);
  expect(await page.locator('td.over').count()).toBe(0);
}

async function sharesSchedules(page: Page): Promise<void> {
  await page.getByLabel('Limit', { exact: true }).fill('20');
  const before = await outcome(page);
  expect(new URL(page.url()).hash).toMatch(/limit=20/);
  await page.reload();
  expect(await outcome(page)).toBe(before);
  expect(await page.getByLabel('Limit', { exact: true }).inputValue()).toBe('20');
  await page.getByText('The same in code').click();
  await page.getByText('slidingWindow({ limit: 20, intervalMs: 60_000 })').waitFor();
}

async function tellsOfItems(page: Page): Promise<void> {
  const slider = page.getByRole('slider');
  const told = page.locator('.drawing .item p');
  await slider.press('Home');
  expect(await told.textContent()).toMatch(/^Item 1 came at 0 s: sent at once, done .* later\.$/);
  await slider.press('ArrowRight');
  expect(await told.textContent()).toMatch(/^Item 2 /);
  await slider.press('End');
  expect(await told.textContent()).toMatch(/^Item 120 .*: waited .* for “20 in 60 s”, sent at .*, done .* later\.$/);
  expect(await slider.getAttribute('aria-valuetext')).toBe(await told.textContent());
  await page.locator('.timeline').hover({ position: { x: 5, y: 1 } });
  expect(await told.textContent()).toMatch(/^Item 1 /);
}

async function refusesNonsense(page: Page): Promise<void> {
  const before = await outcome(page);
  await page.getByLabel('Items', { exact: true }).fill('5000');
  await page.getByText('Items must be from 1 to 1000.').waitFor();
  expect(await outcome(page)).toBe(before);
  await page.getByLabel('Shortest work').fill('99');
  await page.getByText('The shortest work must not take longer than the longest.').waitFor();
  const url = page.url().replace(/#.*/, '');
  await page.goto(`${url}#items=0&bogus=<b>1</b>&limit=15`);
  await page.getByText('items must be from 1 to 1000 (got "0"): 120 is used.').waitFor();
  await page.getByText('There is no setting "bogus".').waitFor();
  expect(await outcome(page)).toMatch(/^120 items done in .*refused nothing\.$/);
  expect(await page.getByLabel('Limit', { exact: true }).inputValue()).toBe('15');
}

/** The last of many changes is what is drawn. */
async function keepsUp(page: Page): Promise<void> {
  const items = page.getByLabel('Items', { exact: true });
  for (const count of ['1000', '7', '999', '12']) await items.fill(count);
  expect(await outcome(page)).toMatch(/^12 items done/);
  await items.fill('1000');
  expect(await outcome(page)).toMatch(/^1000 items done/);
  expect(await page.getByRole('slider').getAttribute('max')).toBe('1000');
}

async function suitsEverybody(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'A server comes back: no jitter' }).click();
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await outcome(page);
  expect(await page.locator('.view').evaluate((it) => getComputedStyle(it).transitionDuration)).toBe('0s');
  expect(await ownBarriers(page)).toEqual([]);
  await picture(page, 'playground');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 360, height: 740 });
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(await page.locator('.timeline').evaluate((it) => it.getBoundingClientRect().right)).toBeLessThan(360);
  expect(await ownBarriers(page)).toEqual([]);
  await picture(page, 'playground-phone-dark');
}

/** Those of the page but for the search button, which the theme labels otherwise than it reads. */
async function ownBarriers(page: Page): Promise<readonly string[]> {
  return (await barriers(page)).filter(
    (it) => !it.startsWith('label-content-name-mismatch: <button type="button" class="DocSearch'),
  );
}
