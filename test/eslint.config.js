// The house rules that a linter can hold; test/architecture.test.ts holds them against the tree as a whole.
import js from '@eslint/js';
import rxjsX from 'eslint-plugin-rxjs-x';
import tseslint from 'typescript-eslint';
import { floors } from './floors.js';

/** What is asked of the object `z` no bundler can leave out: it brings every language of zod. */
const wholeOfZod = {
  selector:
    "ImportDeclaration[source.value=/^zod(\\u002Fmini)?$/] > :matches(ImportSpecifier[imported.name='z'], ImportDefaultSpecifier)",
  message: "import * as z from 'zod', or 'zod/mini'",
};

/** It looks at the length of whatever has one before it is known to be a text or an array, and throws where that is odd. */
const lengthOfAnything = {
  selector:
    'CallExpression[callee.property.name=/^(min|max|length|nonempty)$/][callee.object.callee.property.name=/^(string|array)$/], CallExpression[callee.property.name=/^(min|max)Length$/]',
  message: 'nonEmpty, z.tuple([one], one) or a refine: zod would throw a TypeError for { "length": { "toString": 1 } }',
};

/** A worker loads a module once for all of its test files. */
const hooksOfTheFirstFile = {
  selector: 'Program > ExpressionStatement > CallExpression[callee.name=/^(before|after)(Each|All)$/]',
  message: 'a hook at the top of a helper runs for the first test file alone: use onTestFinished, or a function',
};

/** What the environment asks for, `SLUICE_RUNS`, counts for every property. */
const countOfItsOwn = {
  selector: "Property[key.name='numRuns'] > Literal",
  message: 'runs(count) from test/runs.ts, which SLUICE_RUNS multiplies',
};

export default tseslint.config(
  // The last is what the site's builder makes of its configuration, for a moment.
  { ignores: ['**/dist/', 'docs/.vitepress/cache/', 'coverage/', 'sluice-out/', '**/*.timestamp-*'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked, rxjsX.configs.recommended],
    languageOptions: {
      // One program for all: to check the types once takes half as long as once for each tsconfig.json.
      parserOptions: { project: `${import.meta.dirname}/tsconfig.json` },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // Ring buffers read typed arrays at indices that they keep in range themselves.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // A refused promise keeps the reason it was given: an abort's reason may be anything.
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      'rxjs-x/no-ignored-error': 'off',
      'no-console': 'error',
      'max-lines': ['warn', { max: 250, skipBlankLines: true }],
    },
  },
  ...floors.map((folders, floor) => ({
    files: folders.map((folder) => (folder === 'src/' ? 'src/*' : `${folder}**`)),
    rules: { 'no-restricted-imports': ['error', { patterns: upwards(floor) }] },
  })),
  {
    files: ['src/**', 'operators/**', 'bin/**'],
    ignores: ['src/clock.ts'],
    rules: { 'no-restricted-syntax': ['error', ...doorsOfTimeAndChance(), wholeOfZod, lengthOfAnything] },
  },
  { files: ['test/**/*.test.ts'], rules: { 'no-restricted-syntax': ['error', countOfItsOwn] } },
  {
    files: ['test/**/*.ts'],
    ignores: ['**/*.test.ts', 'test/mutation/setup.ts'],
    rules: { 'no-restricted-syntax': ['error', countOfItsOwn, hooksOfTheFirstFile] },
  },
  { files: ['bin/**', 'bench/**', 'examples/**', 'test/**/*.{js,mjs}'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'performance', 'fetch', 'setTimeout', 'URL', 'AbortController'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
  },
);

/** What no file of a floor may import: the folders of those above it. */
function upwards(floor) {
  const above = floors.slice(0, floor).flat();
  return above.map((folder) => ({
    regex: `^\\.{1,2}/(.*/)?${folder.replace('src/', '')}`,
    message: `imports only ever point down, and ${folder} stands above`,
  }));
}

function doorsOfTimeAndChance() {
  const called = (object, method) => `CallExpression[callee.object.name='${object}'][callee.property.name='${method}']`;
  return [
    ['CallExpression[callee.name=/^set(Timeout|Interval|Immediate)$/]', 'wait by the Clock'],
    [called('Date', 'now'), "take the Clock's epochNow()"],
    ["NewExpression[callee.name='Date'][arguments.length=0]", "take the Clock's epochNow()"],
    [called('performance', 'now'), "take the Clock's now()"],
    [called('Math', 'random'), 'let random be handed in'],
  ].map(([selector, message]) => ({ selector, message }));
}
