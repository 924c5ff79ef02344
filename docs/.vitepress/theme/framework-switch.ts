import { useData, withBase } from 'vitepress';
import { defineComponent, h } from 'vue';
import type { FrameworkLink } from '../navigation.ts';

/** Links to the same guide for the other frameworks, above each page of `start/`. */
export const FrameworkSwitch = defineComponent(() => {
  const { page, theme } = useData<{ frameworks: { label: string; links: FrameworkLink[] } }>();
  return () => {
    const path = page.value.relativePath.replace(/^zh\//u, '').replace(/\.md$/u, '');
    if (!path.startsWith('start/')) return undefined;
    const { label, links } = theme.value.frameworks;
    return h(
      'nav',
      { class: 'framework-switch', 'aria-label': label },
      links.map(({ text, link, path: target }) =>
        h('a', { href: withBase(link), 'aria-current': target === path ? 'page' : undefined }, text),
      ),
    );
  };
});
