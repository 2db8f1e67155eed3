// The site over docs/: `npm run docs` builds it, `npm run docs:dev` serves it as you write.
import { existsSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';

const reference = new URL('../reference/typedoc-sidebar.json', import.meta.url);

/** Pages of one folder, by their titles: a title is the heading of the page. */
function pages(folder, names) {
  return names.map((name) => {
    const path = `${folder}${name}`;
    const [, title = name] = /^# (.+)$/m.exec(readFileSync(new URL(`../${path}.md`, import.meta.url), 'utf8')) ?? [];
    return { text: title.replaceAll('`', ''), link: `/${path}` };
  });
}

const sidebar = [
  { text: 'Begin', items: pages('', ['tutorial', 'playground', 'comparison']) },
  {
    text: 'Operators',
    items: pages('operators/', [
      'rateLimit',
      'concurrencyLimit',
      'retryWithJitter',
      'pollUntilDone',
      'pullFrom',
      'generate',
      'createRequestQueue',
    ]),
  },
  {
    text: 'Guides',
    items: pages('guides/', [
      'limiter',
      'sharing-limits',
      'tiers',
      'retries',
      'errors',
      'pay-once',
      'scaling-out',
      'streaming',
      'telemetry',
      'progress',
      'testing',
      'providers',
    ]),
  },
  {
    text: 'Behind it',
    items: [
      ...pages('', ['performance', 'security', 'licences', 'CONTRIBUTING']),
      {
        text: 'Decisions',
        collapsed: true,
        link: '/decisions/',
        items: pages('decisions/', [
          'engine-without-rxjs',
          'windows-count-to-the-end',
          'proportional-jitter',
          'look-up-first',
          'ids',
          'polls',
          'interrupt',
          'redis-decides',
          'zod-mini',
          'dependencies',
        ]),
      },
    ],
  },
];

export default defineConfig({
  title: 'sluice',
  description:
    "Push a stream of work through somebody else's limits: RxJS operators over an exact rate-control engine.",
  lang: 'en-GB',
  head: [['link', { rel: 'icon', href: '/icon.svg', type: 'image/svg+xml' }]],
  // The report of the public API is for reviewers of a change; the reference is for readers.
  srcExclude: ['api-report.md', 'node_modules/**'],
  // A folder's README is its index.
  rewrites: { 'decisions/README.md': 'decisions/index.md' },
  cleanUrls: true,
  // The sidebar of the reference is long: once for all pages, not in each.
  metaChunk: true,
  // A dead link fails the build.
  ignoreDeadLinks: false,
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'Operators', link: '/operators/rateLimit', activeMatch: '/operators/' },
      { text: 'Guides', link: '/guides/limiter', activeMatch: '/guides/' },
      { text: 'Playground', link: '/playground' },
      { text: 'Reference', link: '/reference/', activeMatch: '/reference/' },
    ],
    sidebar: {
      '/reference/': existsSync(reference) ? JSON.parse(readFileSync(reference, 'utf8')) : [],
      '/': sidebar,
    },
  },
});
