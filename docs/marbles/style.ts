/** How many values are told apart by their colour. */
export const colours = 8;

const light = {
  card: '#ffffff',
  edge: '#d9dfe7',
  ink: '#1b2330',
  soft: '#566173',
  line: '#8a95a6',
  grid: '#eceff4',
  band: '#f1f4f9',
  box: '#eef2ff',
  'box-edge': '#a9b8f0',
  bad: '#c62828',
  quiet: '#7a8596',
  on: '#ffffff',
  values: ['#2f66d0', '#b8500a', '#197a3e', '#7a3fd1', '#b8206a', '#0c7286', '#7d5a06', '#4a5668'],
};

const dark: typeof light = {
  card: '#1a1d24',
  edge: '#363c48',
  ink: '#e6eaf1',
  soft: '#a4afbf',
  line: '#738095',
  grid: '#272c35',
  band: '#222731',
  box: '#242b45',
  'box-edge': '#4d5d9c',
  bad: '#ff7b72',
  quiet: '#8592a6',
  on: '#12151b',
  values: ['#86b1ff', '#f5a468', '#6fce8f', '#c0a5ff', '#f59ac6', '#66cfe2', '#dfc060', '#a9b5c7'],
};

function variables({ values, ...named }: typeof light): string {
  return [
    ...Object.entries(named).map(([name, colour]) => `--${name}:${colour}`),
    ...values.map((colour, index) => `--v${index}:${colour}`),
  ].join(';');
}

/** As an image, a picture follows the reader's scheme, or the `color-scheme` of its page. */
export const style = [
  `.marbles{${variables(light)};font:13px ui-sans-serif,system-ui,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}`,
  `@media (prefers-color-scheme:dark){.marbles{${variables(dark)}}}`,
  ...light.values.map((_, index) => `.v${index}{--own:var(--v${index})}`),
  '.bad{--own:var(--bad)}.quiet{--own:var(--quiet)}',
  '.card{fill:var(--card);stroke:var(--edge)}',
  '.label{fill:var(--soft);text-anchor:end}.soft{fill:var(--soft)}.small{font-size:11px}.middle{text-anchor:middle}',
  '.grid{stroke:var(--grid)}.axis,.lane{stroke:var(--line);stroke-width:1.5}.band{fill:var(--band)}',
  '.call{fill:var(--box);stroke:var(--box-edge)}',
  '.code{fill:var(--ink);font:12.5px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;text-anchor:middle}',
  '.own{fill:var(--own)}.on{fill:var(--on);font-weight:600;text-anchor:middle}',
  '.thread{fill:none;stroke:var(--own);stroke-width:1.5;opacity:.45}',
  '.end{stroke:var(--ink);stroke-width:2.5;stroke-linecap:round;fill:none}.error{stroke:var(--bad)}',
  '.error-text{fill:var(--bad);font-size:12px}',
  '.hollow{fill:var(--card);stroke:var(--own);stroke-width:1.5}.dashed{stroke-dasharray:4 3}',
  '.hollow-text{fill:var(--own);font-size:12px;text-anchor:middle}',
  '.window{fill:var(--own);opacity:.2}.over{fill:var(--bad);opacity:.28}',
  '.count{fill:var(--soft);font-size:11px}.count.bad{fill:var(--bad);font-weight:700}',
  '.range{fill:var(--v0);opacity:.22}.drawn{fill:var(--v0);opacity:.75}',
].join('\n');
