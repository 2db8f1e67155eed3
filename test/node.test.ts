import { expect, it } from 'vitest';

it('should run under the Node that was asked for', () => {
  const expected = process.env['SLUICE_EXPECTED_NODE'] ?? process.versions.node;
  expect(process.versions.node.startsWith(expected)).toBe(true);
});
