// Reads the reports. Alone: a line of figures for each part; with a part's name (and a piece of a file's) behind it: each
// mutant there that no test has noticed.
import { existsSync, readFileSync } from 'node:fs';
import { parts } from './parts.js';

const columns = ['mutants', 'killed', 'timeout', 'survived', 'no coverage', 'score'];

/** Prints the table, as Markdown. */
export function printScores() {
  const rows = parts.map(({ name }) => ({ name, all: mutantsOf(name) })).filter(({ all }) => all.length > 0);
  rows.push({ name: 'all', all: rows.flatMap(({ all }) => all) });
  console.log(`\n| part | ${columns.join(' | ')} |\n|---|${columns.map(() => '---:|').join('')}`);
  for (const { name, all } of rows) console.log(`| ${[name, ...figures(all)].join(' | ')} |`);
}

function figures(all) {
  const [killed, timeout, survived, uncovered] = ['Killed', 'Timeout', 'Survived', 'NoCoverage'].map(
    (status) => all.filter((mutant) => mutant.status === status).length,
  );
  const valid = killed + timeout + survived + uncovered;
  return [valid, killed, timeout, survived, uncovered, `${((100 * (killed + timeout)) / valid).toFixed(1)} %`];
}

function printSurvivors(name, only) {
  for (const { file, lines, location, status, mutatorName, replacement } of mutantsOf(name)) {
    if (!['Survived', 'NoCoverage'].includes(status) || !file.includes(only)) continue;
    const { start, end } = location;
    const line = lines[start.line - 1];
    const text = line.slice(start.column - 1, start.line === end.line ? end.column - 1 : undefined);
    console.log(`${file}:${start.line}:${start.column} ${status} ${mutatorName}: ${text} => ${oneLine(replacement)}`);
    console.log(`    ${line.trim()}`);
  }
}

function mutantsOf(name) {
  const path = `coverage/mutation/${name}.report.json`;
  if (!existsSync(path)) return [];
  const { files } = JSON.parse(readFileSync(path, 'utf8'));
  return Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({ ...mutant, file, lines: source.split('\n') })),
  );
}

function oneLine(text = '') {
  return text.replace(/\s+/g, ' ').slice(0, 100);
}

if (process.argv[1]?.endsWith('scores.js')) {
  const [name, only = ''] = process.argv.slice(2);
  if (name === undefined) printScores();
  else printSurvivors(name, only);
}
