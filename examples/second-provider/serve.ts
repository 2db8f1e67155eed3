import { startAtelier } from './simulator/startAtelier.js';

const atelier = await startAtelier({ port: 8_791, speed: Number(process.env['ATELIER_SPEED'] ?? 1) });
console.log(`Atelier Nowhere listens on ${atelier.url}; its token is ${atelier.token}. Ctrl-C shows its books.`);

process.once('SIGINT', () => {
  const { jobs, replayed, refused, greatestRunning, greatestWindow, cost } = atelier.books();
  console.log({ jobs: jobs.length, replayed, refused, greatestRunning, greatestWindow, dollars: cost / 1_000 });
  process.exit();
});
