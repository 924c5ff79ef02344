import DefaultTheme from 'vitepress/theme';
import type { Theme } from 'vitepress';
import { h } from 'vue';
import { FrameworkSwitch } from './framework-switch.ts';
import './style.css';

// oxlint-disable-next-line import/no-default-export -- VitePress reads the default export.
export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, undefined, { 'doc-before': () => h(FrameworkSwitch) }),
} satisfies Theme;
