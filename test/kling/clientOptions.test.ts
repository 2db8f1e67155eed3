import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { createKlingClient } from '../../src/kling/client.js';
import type { KlingClientOptions } from '../../src/kling/clientOptions.js';
import { klingBench } from './klingBench.js';

const bench = klingBench();

describe('createKlingClient', () => {
  const apiKey = 'api-key-of-the-test';

  it.each([
    [{}, 'no credentials'],
    [{ apiKey: '' }, 'apiKey: must not be empty'],
    [{ apiKey: 'api-key\n' }, 'apiKey: must not be empty or hold spaces or line breaks'],
    [{ apiKey, baseUrl: 'ftp://example.org' }, 'baseUrl: must be an http or https URL'],
    [{ apiKey, baseUrl: 'example.org' }, 'baseUrl: must be an http or https URL'],
    [{ apiKey, baseUrl: 'https://me:password@example.org' }, 'baseUrl: must be an http or https URL'],
    [{ apiKey, baseUrl: 'https://example.org/?key=1' }, 'baseUrl: must be an http or https URL'],
    [{ apiKey, timeoutMs: 0 }, 'timeoutMs'],
    [{ apiKey, maxResponseBytes: 0 }, 'maxResponseBytes'],
    [{ apiKey, dispatcher: {} }, 'dispatcher'],
    [{ apiKey, timeout: 5 }, 'timeout'],
    [{ apiKey, api: 'v2' }, 'api'],
    [{ accessKey: 'access', secretKey: 'secret', api: 'new' }, "is for api: 'v1' alone, and so is secretKey"],
    [{ secretKey: 'secret', api: 'new' }, 'give the new API an apiKey'],
  ])('refuses %o', (options, words) => {
    const make = () => createKlingClient(options as KlingClientOptions);
    expect(make).toThrow(OptionsError);
    expect(make).toThrow(words);
  });

  it('weighs and estimates, as it is told to', () => {
    const images = { product: 'images', prompt: 'p', n: 4 };
    const client = bench.client();
    expect(client.weigh(client.parse(images))).toBe(4);
    expect(client.productOf(client.parse(images))).toBe('images');
    expect(client.estimateCredits(client.parse(images))).toBe(4);
    expect(bench.client({ creditsFor: () => 99 }).estimateCredits(client.parse(images))).toBe(99);
    expect(client.pollBatch).toBe(50);
    expect(bench.client({ api: 'new' }).pollBatch).toBe(20);
  });
});
