export const floors = [
  ['bin/', 'examples/', 'bench/'],
  ['operators/'],
  ['src/kling/', 'src/simulator/', 'src/journal/', 'src/redis/', 'src/otel/'],
  ['src/http/'],
  ['src/limiter/'],
  ['src/limits/', 'src/backoff/', 'src/tasks/', 'src/sse/'],
  ['src/'],
];
