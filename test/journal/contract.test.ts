import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { fileJournal } from '../../src/journal/fileJournal.js';
import { journalContract } from './journalContract.js';

const root = mkdtempSync(join(tmpdir(), 'sluice-journal-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

journalContract('fileJournal', () => {
  const directory = mkdtempSync(join(root, 'place-'));
  return Promise.resolve({ journal: () => fileJournal({ directory }) });
});
