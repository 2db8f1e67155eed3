// Prints results.json as the tables of docs/performance.md.
import { readFileSync } from 'node:fs';

const { machine, rows } = JSON.parse(readFileSync(new URL('results.json', import.meta.url), 'utf8'));
console.log(`${machine.date}, Node ${machine.node}, ${machine.cores} cores, ${machine.cpu}`);
for (const { title, results } of rows) {
  console.log(`\n**${title}**\n\n| | |\n|---|---|`);
  for (const { name, value } of results) console.log(`| ${name} | ${shown(value)} |`);
}

function shown(value) {
  if (value === undefined) return '-';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
