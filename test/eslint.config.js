// The house rules that a linter can hold. Import directions and the doors of time and chance are test/architecture.test.ts.
import js from '@eslint/js';
import rxjsX from 'eslint-plugin-rxjs-x';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'bench/node_modules/', 'sluice-out/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked, rxjsX.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: `${import.meta.dirname}/..` } },
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
  {
    files: ['src/**', 'operators/**', 'bin/**'],
    rules: { 'no-restricted-imports': ['error', { paths: ['zod', 'zod/mini'].map(wholeOfZod) }] },
  },
  { files: ['bin/**', 'bench/**', 'examples/**', 'test/**/*.{js,mjs}'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'performance', 'URL', 'AbortController'].map((name) => [name, 'readonly']),
      ),
    },
  },
);

/** What is asked of the object `z` no bundler can leave out: it brings every language of zod. */
function wholeOfZod(name) {
  return { name, importNames: ['z', 'default'], message: `import * as z from '${name}'` };
}
