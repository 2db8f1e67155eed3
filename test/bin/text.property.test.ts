import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean, columnsOf, crop } from '../../bin/text.js';

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string());

describe('text for a terminal', () => {
  it.each([
    ['a\x1b[2Jb', 'a [2Jb'],
    [' a\r\n\tb\u2028c ', 'a b c'],
    ['\u202eabc\u2066', 'abc'],
    ['a\u0007\u009bb', 'a b'],
    ['\ud800a', 'a'],
  ])('clean(%j)', (text, cleaned) => {
    expect(clean(text)).toBe(cleaned);
  });

  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab~'],
    ['一只猫', 6, '一只猫'],
    ['一只猫', 5, '一只~'],
    ['一只猫', 4, '一~'],
    ['🦊🦊', 3, '🦊~'],
    ['abc', 1, '~'],
    ['abc', 0, ''],
    ['', 0, ''],
  ])('crop(%j, %d)', (text, columns, cropped) => {
    expect(crop(text, columns)).toBe(cropped);
  });

  it('should never leave anything that controls a terminal', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(clean(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it('should never crop to more than the columns there are', () => {
    fc.assert(
      fc.property(anyText, fc.nat({ max: 30 }), (text, columns) => {
        expect(columnsOf(crop(clean(text), columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
