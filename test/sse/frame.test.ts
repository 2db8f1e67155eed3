import { describe, expect, it } from 'vitest';
import { encodeFrame, encodeRetry } from '../../src/sse/frame.js';

describe('encodeFrame', () => {
  it('writes what there is, and ends with an empty line', () => {
    expect(encodeFrame({ data: 'a' })).toBe('data: a\n\n');
    expect(encodeFrame({ id: '7', event: 'state', data: 'a\nb' })).toBe('id: 7\nevent: state\ndata: a\ndata: b\n\n');
  });

  it.each(['a\n\nevent: end\ndata: b', 'a\r\revent: end', 'a\r\n\r\nid: 9'])('keeps %j within its event', (data) => {
    const lines = encodeFrame({ data })
      .slice(0, -2)
      .split(/\r\n|\r|\n/);
    expect(lines.every((line) => line.startsWith('data: '))).toBe(true);
  });

  it.each(['a\nb', 'a\rb', 'a\r\nb', '\n'])('refuses %j as a name and as an id', (text) => {
    expect(() => encodeFrame({ event: text, data: '' })).toThrow('event: must be one line');
    expect(() => encodeFrame({ id: text, data: '' })).toThrow('id: must be one line');
  });

  it('refuses an id that clients would pass over', () => {
    expect(() => encodeFrame({ id: 'a\0', data: '' })).toThrow('id: must be one line');
  });
});

it('encodeRetry writes whole milliseconds, the only ones that clients read', () => {
  expect(encodeRetry(3_000.7)).toBe('retry: 3001\n\n');
});
