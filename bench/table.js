// Prints results.json as the tables of docs/performance.md.
import { readFileSync } from 'node:fs';

const { machine, rows, redis } = JSON.parse(readFileSync(new URL('results.json', import.meta.url), 'utf8'));
console.log(`${machine.date}, Node ${machine.node}, ${machine.cores} cores, ${machine.cpu}`);
for (const { title, results } of rows) {
  console.log(`\n**${title}**\n\n| | |\n|---|---|`);
  for (const { name, value } of results) console.log(`| ${name} | ${shown(value)} |`);
}
for (const { title, rows: contestants } of redis?.tables ?? []) {
  const figures = Object.keys(contestants[0]).filter((figure) => figure !== 'name');
  console.log(`\n**${title}**\n\n| | ${figures.join(' | ')} |\n|${'---|'.repeat(figures.length + 1)}`);
  for (const contestant of contestants) {
    console.log(`| ${contestant.name} | ${figures.map((figure) => shown(contestant[figure])).join(' | ')} |`);
  }
}

function shown(value) {
  if (value === undefined) return '-';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
