// The default theme, and the playground and the marble diagrams where a page asks for them.
import { defineAsyncComponent } from 'vue';
import DefaultTheme from 'vitepress/theme';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component(
      'Marbles',
      defineAsyncComponent(() => import('./Marbles.vue')),
    );
    app.component(
      'Playground',
      defineAsyncComponent(() => import('./Playground.vue')),
    );
  },
};
